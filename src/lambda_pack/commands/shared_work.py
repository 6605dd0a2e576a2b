"""What the cells of one run do once for all of them: answers of resolvers, caches, downloads, builds."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from threading import Event, Lock
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from msgspec import Struct

from lambda_pack.commands.once import Once
from lambda_pack.commands.orders import Order
from lambda_pack.model.exclusions import NO_EXCLUSIONS, Exclusions
from lambda_pack.ports import Builder, Downloads, Index, Ports, Resolver
from lambda_pack.tools.requirements_text import (
    build_constraints_text,
    constraints_text,
    overrides_text,
    requirements_text,
)

if TYPE_CHECKING:
    from packaging.pylock import Pylock
    from packaging.utils import NormalizedName

    from lambda_pack.model.packages import Offer, Sdist, Source, Wheel
    from lambda_pack.model.stock import Accepted, Attempt
    from lambda_pack.model.targets import Target
    from lambda_pack.tools.network.cache import Cache

__all__ = ["SharedWork"]

_Asked = TypeVar("_Asked", bound=Hashable)
_Answer = TypeVar("_Answer")


class SharedWork:
    """Belongs to one run of many cells, which ask it from several threads; a context manager."""

    def __init__(self) -> None:
        self._open = ExitStack()
        self._lock = Lock()
        self._caches: dict[Path | None, Cache] = {}
        self._answers = Once()
        self._shelf = _Shelf()
        self._begun: dict[Hashable, _Begun] = {}
        self._building = Lock()
        self._stops: dict[int, Callable[[], None]] = {}
        self._is_stopped = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()

    def cache(self, folder: Path | None) -> Cache:
        """The one cache of the run in this folder; None is a temporary one, which lives as long as the run."""
        from lambda_pack.tools.network.cache import Cache

        with self._lock:
            if folder not in self._caches:
                self._caches[folder] = self._open.enter_context(Cache(folder))
            return self._caches[folder]

    def stopped_by(self, stop: Callable[[], None], stack: ExitStack) -> None:
        """From now on, until the stack is left, `stop` ends what a cell waits for once the run is stopped."""
        with self._lock:
            self._stops[id(stop)] = stop
        stack.callback(self._stops.pop, id(stop), None)
        if self._is_stopped:
            stop()

    def stop(self) -> None:
        """Let every cell's waiting for the network fail; an interruption reaches the main thread alone."""
        self._is_stopped = True
        with self._lock:
            stops = tuple(self._stops.values())
        for stop in stops:
            stop()

    def begins(self, order: Order, stack: ExitStack) -> bool:
        """Whether this order is the first with its question: then its own resolver begins, and the others wait.

        They wait until it has answered, or until the stack is left without an answer.
        """
        question = _question_of(order)
        with self._lock:
            if question in self._begun:
                return False
            self._begun[question] = _Begun(order, Event())
        stack.callback(self._begun[question].answered.set)
        return True

    def builder(self, own: Builder) -> Builder:
        """A cell's builder, whose builds wait for their turn, also those for metadata.

        Each uses all cores, and may find in the cache what the one before it has made.
        """
        return _SharedBuilder(own, self._building)

    def ports(self, order: Order, own: Ports) -> Ports:
        """The ports of a cell, which ask its own only for what no other cell has had done.

        A resolver and an index answer each question once, and a file is fetched and its digest checked once.
        """
        question = _question_of(order)
        begun = self._begun.get(question, _Begun(order, Event()))
        is_first = begun.order is order
        first = _FirstResolver(own.resolver, begun.answered) if is_first else own.resolver
        # Each by name, and not as a changed copy: a type checker then sees what one of them lacks.
        return Ports(
            resolver=_SharedResolver(question, first, self._answers, waits_for=None if is_first else begun.answered),
            index=_SharedIndex(question, own.index, self._answers),
            downloads=_SharedDownloads(own.downloads, self._shelf),
            builder=own.builder,
            auditor=own.auditor,
            narrator=own.narrator,
            wheels=own.wheels,
            refiner=own.refiner,
        )


def _question_of(order: Order) -> Hashable:
    """Everything that decides what a resolver answers, wherever it is written. It may hold credentials."""
    requirements, request = order.requirements, order.request
    return (
        str(request.target),
        request.resolver,
        repr(order.lock),
        requirements_text(requirements, hashes=True, config_settings=True),
        constraints_text(requirements, hashes=True),
        build_constraints_text(requirements),
        overrides_text(requirements),
        requirements.excludes,
        tuple((setting.key, setting.value) for setting in requirements.uv_settings),
        repr((requirements.indexes, requirements.files, requirements.require_hashes, requirements.config_settings)),
        request.use_cache,
    )


class _Begun(Struct, frozen=True):
    """Whose resolver has begun with a question, and whether it has answered, or never will."""

    order: Order
    answered: Event


class _SharedResolver:
    """The port `Resolver`. The one that was begun before anybody asked must be the first to answer."""

    def __init__(self, question: Hashable, resolver: Resolver, answers: Once, *, waits_for: Event | None) -> None:
        self._question = question
        self._resolver = resolver
        self._answers = answers
        self._waits_for = waits_for

    def resolve(
        self, target: Target, *, exclusions: Exclusions = NO_EXCLUSIONS, without: Collection[NormalizedName] = ()
    ) -> Pylock:
        """See `lambda_pack.ports.Resolver`."""
        if self._waits_for is not None:
            self._waits_for.wait()
        question = (self._question, exclusions, tuple(sorted(without)))
        answer: Pylock = self._answers(
            question, lambda: self._resolver.resolve(target, exclusions=exclusions, without=without)
        )
        return answer


class _FirstResolver:
    """The port `Resolver`, for the first with its question: it says when it has answered."""

    def __init__(self, resolver: Resolver, answered: Event) -> None:
        self._resolver = resolver
        self._answered = answered

    def resolve(
        self, target: Target, *, exclusions: Exclusions = NO_EXCLUSIONS, without: Collection[NormalizedName] = ()
    ) -> Pylock:
        """See `lambda_pack.ports.Resolver`."""
        try:
            return self._resolver.resolve(target, exclusions=exclusions, without=without)
        finally:
            self._answered.set()


class _SharedIndex:
    """The port `Index`."""

    def __init__(self, question: Hashable, index: Index, answers: Once) -> None:
        self._question = question
        self._index = index
        self._answers = answers

    def files(self, names: Iterable[NormalizedName]) -> Sequence[Offer]:
        """See `lambda_pack.ports.Index`."""
        return self._once("files", names, self._index.files)

    def metadata(self, wheels: Iterable[Wheel]) -> Mapping[Wheel, bytes]:
        """See `lambda_pack.ports.Index`."""
        return self._once("metadata", wheels, self._index.metadata)

    def sizes(self, wheels: Iterable[Wheel]) -> Mapping[Wheel, int | None]:
        """See `lambda_pack.ports.Index`."""
        return self._once("sizes", wheels, self._index.sizes)

    def split(self, names: Iterable[NormalizedName]) -> frozenset[NormalizedName]:
        """See `lambda_pack.ports.Index`."""
        return self._once("split", names, self._index.split)

    def places(self, files: Iterable[Wheel | Sdist]) -> Mapping[Wheel | Sdist, str]:
        """See `lambda_pack.ports.Index`."""
        return self._once("places", files, self._index.places)

    def promised(self, names: Iterable[NormalizedName]) -> frozenset[str]:
        """See `lambda_pack.ports.Index`."""
        return self._once("promised", names, self._index.promised)

    def _once(self, what: str, about: Iterable[_Asked], ask: Callable[[frozenset[_Asked]], _Answer]) -> _Answer:
        asked = frozenset(about)
        answer: _Answer = self._answers((self._question, what, asked), lambda: ask(asked))
        return answer


class _SharedDownloads:
    """The port `Downloads`."""

    def __init__(self, downloads: Downloads, shelf: _Shelf) -> None:
        self._downloads = downloads
        self._shelf = shelf

    def fetch(self, files: Sequence[Wheel | Sdist]) -> Mapping[Wheel | Sdist, Path]:
        """See `lambda_pack.ports.Downloads`."""
        claimed = self._shelf.claim(files)
        try:
            # Our own first: nobody waits for who waits for them.
            self._shelf.put(self._downloads.fetch(claimed))
        finally:
            self._shelf.release(claimed)
        # What somebody else could not fetch, we try, too: the error is then told of this cell as well.
        paths = {file: path for file in files if (path := self._shelf.wait(file)) is not None}
        return {**paths, **self._downloads.fetch([file for file in files if file not in paths])}

    def begin(self, files: Iterable[Wheel | Sdist]) -> None:
        """See `lambda_pack.ports.Downloads`."""
        self._downloads.begin(files)


class _Shelf:
    """Files by what they are, each one brought here by whoever claims it first."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._claims: dict[Wheel | Sdist, Event] = {}
        self._paths: dict[Wheel | Sdist, Path] = {}

    def claim(self, files: Sequence[Wheel | Sdist]) -> Sequence[Wheel | Sdist]:
        """Those that are nobody's yet: they are the caller's now, until they are released."""
        with self._lock:
            mine = [file for file in dict.fromkeys(files) if file not in self._claims]
            self._claims |= {file: Event() for file in mine}
        return mine

    def put(self, paths: Mapping[Wheel | Sdist, Path]) -> None:
        """Where they are."""
        with self._lock:
            self._paths.update(paths)

    def release(self, files: Sequence[Wheel | Sdist]) -> None:
        """They are here, or will not come."""
        for file in files:
            self._claims[file].set()

    def wait(self, file: Wheel | Sdist) -> Path | None:
        """Where it is, once it is here; None where it did not come."""
        self._claims[file].wait()
        return self._paths.get(file)


class _SharedBuilder:
    """The port `Builder`."""

    def __init__(self, builder: Builder, turn: Lock) -> None:
        self._builder = builder
        self._turn = turn

    def build(self, sources: Sequence[Source], target: Target, *, compiler: bool) -> Sequence[Accepted | Attempt]:
        """See `lambda_pack.ports.Builder`."""
        if not sources:
            return ()
        with self._turn:
            return self._builder.build(sources, target, compiler=compiler)

    def as_pure(self, wheel: Wheel) -> Wheel:
        """See `lambda_pack.ports.Builder`."""
        return self._builder.as_pure(wheel)
