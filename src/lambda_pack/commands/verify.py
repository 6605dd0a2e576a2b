"""Verify: a bundle, unpacked as on Lambda, is imported by an interpreter of its version, and its handler called."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from lambda_pack.commands.beside import Known, known_of
from lambda_pack.errors import UsageError
from lambda_pack.files.importable import find_importable
from lambda_pack.files.owners import Owners, find_owners
from lambda_pack.files.unpacking import is_layer, unpack_zips
from lambda_pack.model.known_loads import TRIED
from lambda_pack.model.loading import Answered, Failed, Loaded, Outcome, Rooms, Skipped, Verification, VerifyRequest
from lambda_pack.model.missing_modules import Judgement, Missing, Optional, Required, judge_inside, judge_missing
from lambda_pack.model.optional_libraries import is_optional
from lambda_pack.model.targets import Target
from lambda_pack.ports import Loader, Narrator
from lambda_pack.tools.loading.choice import choose_seat
from lambda_pack.tools.loading.loader import ProgramLoader
from lambda_pack.tools.network.cache import default_cache_folder

__all__ = ["ChooseLoader", "verify"]

ChooseLoader: TypeAlias = Callable[[Target], tuple[Loader, str | None]]


def verify(
    request: VerifyRequest, environ: Mapping[str, str], narrator: Narrator, *, choose: ChooseLoader | None = None
) -> Verification:
    """Load a bundle and say what came of it; `choose` gives another loader, and a note about it, for a target.

    Raises:
        UsageError: the archive is missing, its target is unknown, or nothing here can load it.
        IntegrityError: an archive is damaged or hostile.
        LambdaPackError: the interpreter does not start, or awslambdaric cannot be had.
    """
    known = _known(request, narrator)
    target = request.target or known.target
    if target is None:
        raise UsageError(f"which runtime is {str(request.archive)!r} for? name it with --runtime")
    for warning in _warnings(target, known):
        narrator.warn(warning)
    handler = request.invocation.handler if request.invocation else None
    with _rooms() as rooms:
        cache = request.cache or default_cache_folder() or rooms.task.with_name("cache")
        choose = choose or (lambda target: _choose(request, target, environ, narrator, cache=cache))
        loader, note = choose(target)
        narrator.note(f"loads with {loader.description}")
        unreadable = _unpack(request, rooms)
        folders = _folders(rooms, target)
        outcomes = (*unreadable, *_load(request, loader, rooms, target=target, folders=folders))
        owners = find_owners(folders, known.packages)
    judging = _Judging(owners, target, frozenset(map(_module, outcomes)))
    judged = tuple(_without_children(map(judging.judged, outcomes), handler))
    notes = (*((note,) if note else ()), *_doubtful(judged, target))
    return Verification(request.archive, target, loader.description, judged, notes)


def _known(request: VerifyRequest, narrator: Narrator) -> Known:
    try:
        with request.archive.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UsageError(f"{str(request.archive)!r} cannot be read: {error.strerror}; name the zip to load") from error
    for layer in request.layers:
        if not layer.is_file():
            raise UsageError(f"{str(layer)!r} is no file; name the zip of a layer")
    return known_of(request.archive, digest, narrator)


def _warnings(target: Target, known: Known) -> Iterator[str]:
    if known.target not in {None, target}:
        yield f"the bundle was packed for {known.target}, and is loaded as one for {target}"
    warning = target.runtime.warning(datetime.now(tz=UTC).date())
    if warning:
        yield warning


def _choose(
    request: VerifyRequest, target: Target, environ: Mapping[str, str], narrator: Narrator, *, cache: Path
) -> tuple[Loader, str | None]:
    def fetch_client() -> Path:
        from lambda_pack.commands.runtime_client import runtime_client

        return runtime_client(target, cache, environ, narrator)

    chosen = choose_seat(request, target, cache=cache, environ=environ)
    loader = ProgramLoader(
        chosen.seat,
        target,
        request.timeout,
        fetch_client=fetch_client,
        variables=request.variables,
        on_log=narrator.note,
    )
    return loader, chosen.note


@contextmanager
def _rooms() -> Iterator[Rooms]:
    with tempfile.TemporaryDirectory(prefix="lambda-pack-") as scratch:
        # Links in the way to the folder would hide what is below it from who compares paths.
        folder = Path(scratch).resolve()
        rooms = Rooms(folder / "task", folder / "opt", folder / "tmp", folder / "programs")
        for room in (rooms.temporary, rooms.programs):
            room.mkdir()
            # A container's user is another.
            room.chmod(0o755)
        yield rooms


def _unpack(request: VerifyRequest, rooms: Rooms) -> tuple[Failed, ...]:
    """A bundle that is a layer itself is put where layers lie, over the others."""
    alone = is_layer(request.archive)
    functions, layers = ((), (*request.layers, request.archive)) if alone else ((request.archive,), request.layers)
    unreadable = ((unpack_zips(functions, rooms.task), "/var/task"), (unpack_zips(layers, rooms.layers), "/opt"))
    return tuple(replace(one, file=f"{place}/{one.file}") for failed, place in unreadable for one in failed)


def _folders(rooms: Rooms, target: Target) -> tuple[Path, ...]:
    """Where Lambda looks for modules before it looks in the standard library, in its order."""
    major, minor = target.runtime.python
    python = rooms.layers / "python"
    return (rooms.task, python / "lib" / f"python{major}.{minor}" / "site-packages", python)


def _load(
    request: VerifyRequest, loader: Loader, rooms: Rooms, *, target: Target, folders: Sequence[Path]
) -> Iterator[Outcome]:
    found = find_importable(folders, target, submodules=request.submodules)
    yield from found.skipped
    left_out = [name for name in found.modules if _is_below(name, request.skip)]
    yield from (Skipped(name, "left out with --skip") for name in left_out)
    yield from loader.imports([name for name in found.modules if name not in left_out], rooms)
    if request.invocation is not None:
        yield loader.invoke(request.invocation, rooms)


def _is_below(name: str, modules: frozenset[str]) -> bool:
    parts = name.split(".")
    return any(".".join(parts[: length + 1]) in modules for length in range(len(parts)))


class _ByModule(Struct, frozen=True):
    """Owners asked by the dotted names of modules."""

    owners: Owners

    @property
    def incomplete(self) -> frozenset[str]:
        return self.owners.incomplete

    def of(self, module: str) -> str | None:
        return self.owners.of(_path(module))


class _Judging(Struct, frozen=True):
    """What decides whether a failure is the bundle's: whose each file is, and the modules that were to be imported."""

    owners: Owners
    target: Target
    modules: frozenset[str]

    def judged(self, outcome: Outcome) -> Outcome:
        """The outcome; a failure with the package that it concerns, or left out where the bundle need not load it."""
        if not isinstance(outcome, Failed):
            return outcome
        owner = self.owners.of(_path(outcome.what))
        failed = replace(outcome, package=_package(outcome.file, self.owners, self.target) or owner)
        if not (outcome.missing or outcome.traceback):
            return failed
        match self._judgement(outcome, owner):
            case Optional(why):
                return Skipped(outcome.what, why)
            case Required(why):
                return replace(failed, error=f"{failed.error} ({why})") if why else failed

    def _judgement(self, outcome: Failed, owner: str | None) -> Judgement:
        if is_optional(f"{_path(outcome.what)}."):
            return Optional(f"its package works without it ({outcome.error})")
        missing = [Missing(module, _package(file, self.owners, self.target)) for module, file in outcome.missing]
        declared, error = self.owners.declared, f"{outcome.traceback}\n{outcome.error}"
        judgement = judge_missing(owner, missing, declared, error=error, target=self.target)
        is_inside = any(outcome.what.startswith(f"{module}.") for module in self.modules)
        if owner is None or not is_inside or judgement != Required():
            return judgement
        return judge_inside(outcome, _ByModule(self.owners), self.modules, declared)


def _module(outcome: Outcome) -> str:
    match outcome:
        case Loaded(name) | Skipped(name) | Failed(name) | Answered(name):
            return name


def _path(module: str) -> str:
    return module.replace(".", "/")


def _package(file: str | None, owners: Owners, target: Target) -> str | None:
    """The package of a file, by its path on Lambda."""
    major, minor = target.runtime.python
    for folder in ("/var/task/", f"/opt/python/lib/python{major}.{minor}/site-packages/", "/opt/python/"):
        if file is not None and file.startswith(folder):
            return owners.of(file.removeprefix(folder))
    return None


def _without_children(outcomes: Iterable[Outcome], handler: str | None) -> Iterator[Outcome]:
    """The outcomes; what lies below a package that does not load is left out with it, and not blamed for it.

    The handler's outcome stays, although its name begins with that of its module.
    """
    gone: dict[str, str] = {}
    for outcome in outcomes:
        what = outcome.what if isinstance(outcome, Failed | Skipped) else ""
        above = next((name for name in gone if what.startswith(f"{name}.")), None)
        if above is not None and what != handler and isinstance(outcome, Failed | Skipped):
            yield Skipped(what, gone[above])
            continue
        match outcome:
            case Failed():
                gone[what] = f"{what}, the package that it is in, does not load"
            case Skipped(_, why) if what.isidentifier() or "." in what:
                gone[what] = why
        yield outcome


def _doubtful(outcomes: Iterable[Outcome], target: Target) -> Iterator[str]:
    """What loaded with libraries of the system's that the runtime may lack."""
    users: dict[str, list[str]] = {}
    for outcome in outcomes:
        if isinstance(outcome, Loaded):
            for library in outcome.doubtful:
                users.setdefault(library, []).append(outcome.module)
    for library, modules in users.items():
        seen_in = f"images of {target.runtime.name} were seen to have it, but AWS does not promise it to functions"
        without = f"{TRIED[library].package} works without it, as it must on Lambda" if library in TRIED else seen_in
        yield f"{', '.join(modules)} loaded {library} from the system, not from the bundle: {without}"
