"""The real tools, made for one order and closed at its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cache as remembered
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from types import TracebackType
from typing import TYPE_CHECKING, Self

from msgspec.structs import replace

from lambda_pack.commands.late_ports import LateBuilder, LateIndex, LateRefiner
from lambda_pack.commands.orders import Order
from lambda_pack.commands.recorder import Recorder
from lambda_pack.commands.resolvers import Resolvers
from lambda_pack.errors import LambdaPackError
from lambda_pack.files.leftovers import claimed_folder, sweep
from lambda_pack.inputs.home import home_folder
from lambda_pack.model.choices import AuditMode, ResolverName
from lambda_pack.model.indexes import IndexSettings
from lambda_pack.model.layouts import FORMS
from lambda_pack.model.urls import masked
from lambda_pack.ports import Builder, Downloads, Index, Ports, Refiner, Resolver

if TYPE_CHECKING:
    from lambda_pack.commands.shared_work import SharedWork
    from lambda_pack.files.open_wheels import OpenWheels
    from lambda_pack.model.packages import Wheel
    from lambda_pack.tools.auditor import WheelAuditor
    from lambda_pack.tools.building.requirements import UvInstaller
    from lambda_pack.tools.building.shared_memory import SharedMemory
    from lambda_pack.tools.built_metadata import InformedResolver
    from lambda_pack.tools.network.cache import Cache
    from lambda_pack.tools.network.credentials import Credentials
    from lambda_pack.tools.network.forecast import Forecast
    from lambda_pack.tools.network.http import Session
    from lambda_pack.tools.network.index_view import IndexView

__all__ = ["Workshop"]

# How the names of our folders for temporary files begin: what is left of a killed run is removed by the next, so no
# folder of a user's may begin so, and no folder of ours that is not locked.
_SCRATCH = "lambda-pack-run-scratch-"


class Workshop:
    """Makes the ports for an order; a context manager that closes what they hold open.

    uv runs as soon as it is entered: whatever is not needed to start it is better imported inside the block.
    """

    def __init__(
        self, order: Order, environ: Mapping[str, str], narrator: Recorder, *, shared: SharedWork | None = None
    ) -> None:
        """`shared` is what this order has in common with the others of its run, where there are any."""
        self._order = order
        self._shared = shared
        self._environ = environ
        self._narrator = narrator
        self._open = ExitStack()
        self._mask = masked
        self._resolvers = Resolvers(order, environ)
        self._index: LateIndex | None = None

    def __enter__(self) -> Self:
        with self._open as stack:
            sweep(gettempdir(), _SCRATCH)
            self._scratch = stack.enter_context(TemporaryDirectory(prefix=_SCRATCH))
            stack.enter_context(claimed_folder(self._scratch))
            self._resolver = self._resolvers.begun(stack, Path(self._scratch, "resolver"), self._shared)
            self._open = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close; an error on its way out loses every secret that the tools may have written into it."""
        self._open.close()
        if isinstance(error, LambdaPackError):
            error.args = (self.mask(str(error)),)
            error.log = self.mask(error.log)

    def mask(self, text: str) -> str:
        """The text without the secrets met so far."""
        return self._mask(text)

    @contextmanager
    def scratch(self) -> Iterator[Path]:
        """The private folder for temporary files, emptied when the block ends."""
        yield Path(self._scratch)
        self._open.close()

    def wire(self, scratch: Path) -> Ports:
        """The ports, with their temporary files in `scratch`."""
        # Loaded here: they are not needed to begin resolving, and uv runs meanwhile.
        from lambda_pack.files.open_wheels import OpenWheels
        from lambda_pack.tools.auditor import WheelAuditor
        from lambda_pack.tools.network.cache import Cache, cache_folder_of
        from lambda_pack.tools.network.downloads import HttpDownloads
        from lambda_pack.tools.network.http import Session

        request, indexes = self._order.request, self._order.requirements.indexes
        folder = cache_folder_of(request)
        # Entered before the session, so that the session has stopped its threads before the cache tidies up.
        cache = self._shared.cache(folder) if self._shared else self._open.enter_context(Cache(folder))
        session = self._open.enter_context(Session(indexes, self._credentials(indexes), environ=self._environ))
        if self._shared:
            self._shared.stopped_by(session.stop, self._open)
        # Entered last: threads that work ahead may outlive it, and find it closed.
        wheels = self._open.enter_context(OpenWheels())
        auditor = WheelAuditor(cache, wheels, FORMS[request.layout].package_type)
        # What is shared is hashed once already, and what is locked is wanted now.
        downloads = HttpDownloads(
            session,
            cache,
            narrator=self._narrator,
            forecast=self._forecast(cache, wheels, session) if self._order.lock is None and not self._shared else None,
            arrived=partial(self._look_ahead, wheels, auditor),
            compares_sizes=self._order.lock is not None,
        )

        index_over = self._indexes(session, cache, downloads)

        view = remembered(lambda: self._view(index_over(indexes), downloads))
        # A lock says which files may be used; an index may only say where they are.
        searched = indexes if self._order.lock is None else replace(indexes, no_index=True, find_links=())
        self._index = LateIndex(lambda: index_over(searched))
        builder: Builder = LateBuilder(lambda: self._builder(scratch / "builder", downloads, cache, view))
        builder = self._shared.builder(builder) if self._shared else builder
        ports = Ports(
            resolver=self._helped(self._resolver or self._resolvers.viewing(view, scratch / "viewing"), builder)
            or self._resolvers.locked(index_over, scratch / "installed"),
            index=self._index,
            downloads=downloads,
            auditor=auditor,
            builder=builder,
            narrator=self._narrator,
            wheels=wheels,
            refiner=LateRefiner(lambda: self._refiner(scratch / "refiner")),
        )
        return self._shared.ports(self._order, ports) if self._shared else ports

    def _helped(self, resolver: InformedResolver | None, builder: Builder) -> Resolver | None:
        """The resolver, helped where sources do not say their metadata; None where a lock resolves."""
        if resolver is None or self._index is None:
            return None
        from lambda_pack.tools.built_metadata import BuiltMetadataResolver

        requirements, note = self._order.requirements, self._narrator.note
        return BuiltMetadataResolver(resolver, requirements, builder=builder, index=self._index, note=note)

    def _indexes(self, session: Session, cache: Cache, downloads: Downloads) -> Callable[[IndexSettings], Index]:
        """What gives the index with some settings; each one is made once, so that it fetches a page once."""

        @remembered
        def index_over(settings: IndexSettings) -> Index:
            from lambda_pack.tools.network.index import SimpleIndex

            allowed = self._order.requirements.allowed
            return SimpleIndex(
                settings, session, cache=cache, downloads=downloads, narrator=self._narrator, allowed=allowed
            )

        return index_over

    def _view(self, index: Index, downloads: Downloads) -> IndexView:
        """All indexes as one, for tools that could not keep to their rules themselves."""
        from lambda_pack.tools.network.index_view import IndexView

        return self._open.enter_context(IndexView(index, downloads))

    def _forecast(self, cache: Cache, wheels: OpenWheels, session: Session) -> Forecast:
        from lambda_pack.tools.network.forecast import Forecast
        from lambda_pack.tools.network.index_urls import index_urls

        urls = index_urls(self._order.requirements.indexes)
        ready = (lambda: session.get_ready(urls[0])) if urls else bool
        return Forecast(cache, self._question(), wheels, unforeseen=ready)

    def _credentials(self, indexes: IndexSettings) -> Credentials:
        """What opens the indexes; from now on none of it is told."""
        from lambda_pack.tools.network.credentials import Credentials, read_netrc
        from lambda_pack.tools.network.index_urls import index_urls
        from lambda_pack.tools.network.keyring import ask_keyring

        credentials = Credentials(
            (*index_urls(indexes), *indexes.find_links, *self._order.sources, *self._named_urls()),
            netrc=read_netrc(self._environ, home=home_folder(), narrator=self._narrator),
            keyring=partial(ask_keyring, self._environ) if indexes.keyring else None,
        )
        self._mask = credentials.masker.mask
        return credentials

    def _look_ahead(self, wheels: OpenWheels, auditor: WheelAuditor, wheel: Wheel, path: Path) -> None:
        """Open and read a wheel while others are still on their way."""
        with self._narrator.span(f"open {wheel.filename}"):
            wheels.open_ahead(path, wheel.pin)
        if self._order.request.audit is not AuditMode.OFF:
            with self._narrator.span(f"audit {wheel.filename}"):
                auditor.read_ahead(wheel, path)

    def _question(self) -> str:
        """The same inputs for the same target: their files will be much the same as the last time."""
        request = self._order.request
        return " ".join((str(request.target), *(str(path.absolute()) for path in request.requirements)))

    def _named_urls(self) -> Iterator[str]:
        """URLs in the requirements: a resolver that reports them may leave out their logins."""
        for line in self._order.requirements.requested:
            url = line.requirement.url if line.requirement else line.url
            if url:
                yield url

    def _builder(self, folder: Path, downloads: Downloads, cache: Cache, view: Callable[[], IndexView]) -> Builder:
        from lambda_pack.tools.building.builder import SourceBuilder
        from lambda_pack.tools.building.jobs import BuildSettings
        from lambda_pack.tools.building.memory import Memories
        from lambda_pack.tools.building.sources import upload_time
        from lambda_pack.tools.network.index_urls import is_native
        from lambda_pack.tools.network.index_view import without_proxy

        requirements, request, environ = self._order.requirements, self._order.request, self._environ
        indexes = requirements.indexes
        is_own = is_native(indexes, ResolverName.PIP)
        if not is_own:
            # pip fetches what builds require.
            environ = {**environ, **without_proxy(environ, indexes.proxy)}
            indexes = view().settings(indexes)
        settings = BuildSettings(
            indexes=indexes,
            origin=requirements.indexes.origin,
            config=requirements.config_settings,
            package_config={line.name: line.config_settings for line in requirements.requested if line.name},
            interpreter=request.interpreter,
            building=request.building,
            constraints=requirements.build_constraints,
            installer=self._installer(folder, is_own=is_own),
            spans=self._narrator.span,
            note=self._narrator.note,
            uploaded=partial(upload_time, index=self._index),
        )
        folder.mkdir(mode=0o700)
        return SourceBuilder(
            folder,
            lambda sdist: downloads.fetch([sdist])[sdist],
            environ=environ,
            memories=Memories(cache, self._shared_memory()),
            settings=settings,
        )

    def _installer(self, folder: Path, *, is_own: bool) -> UvInstaller | None:
        """Return the uv that fills build environments; None where the user chose pip, and where there is no uv.

        It gets a cache of its own where it may not use uv's, and for the index of a view, whose pages end with the run.
        """
        from lambda_pack.tools.building.requirements import UvInstaller
        from lambda_pack.tools.uv_program import find_uv

        if self._order.request.resolver is ResolverName.PIP:
            return None
        cache = None if self._order.request.use_cache and is_own else folder / "uv-cache"
        try:
            return UvInstaller(find_uv(self._environ), cache)
        except LambdaPackError:
            return None

    def _shared_memory(self) -> SharedMemory | None:
        """What other machines have built; the bucket is first asked when something must be built."""
        settings = self._order.request.building.wheelhouse
        if settings is None:
            return None
        from lambda_pack.tools.building.shared_memory import SharedMemory
        from lambda_pack.tools.s3.wheelhouse import S3Wheelhouse

        bucket = S3Wheelhouse(settings)
        self._open.callback(bucket.close)
        return SharedMemory(bucket, settings, self._narrator)

    def _refiner(self, folder: Path) -> Refiner:
        from lambda_pack.tools.refining.refiner import BundleRefiner

        request = self._order.request
        folder.mkdir(mode=0o700)
        return BundleRefiner(
            folder,
            environ=self._environ,
            interpreter=request.interpreter,
            may_install_python=request.building.may_install_python,
        )
