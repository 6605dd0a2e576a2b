"""A bundle merged into a folder that may hold the customer's own code, all of it or nothing."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath

from msgspec import Struct

from lambda_pack.errors import UsageError
from lambda_pack.files.bundle import Bundle
from lambda_pack.files.copies import find_copies
from lambda_pack.files.entries import Entry, same_content
from lambda_pack.files.records import without_lines
from lambda_pack.files.tree import unpack
from lambda_pack.files.whole import scratch_folder, writing_to
from lambda_pack.model.packages import Pin

__all__ = ["merge_tree"]

_MOST_NAMED = 10


def merge_tree(bundle: Bundle, into: Path) -> None:
    """Merge the bundle into the folder `into`, which is made where there is none.

    An older copy of a distribution of the bundle is replaced: the files that its RECORD lists go, but for those that
    another distribution there lists too. All other files are the customer's and are never touched. One that has a path
    of the bundle is fine when its bytes are the same; it then stays the customer's, or belongs to both distributions.
    Everything is staged inside `into` first, moved by name, and moved back on failure.

    Raises:
        UsageError: a file of the customer's has a path of the bundle and other bytes, or a folder on the way is a
            symbolic link or a file.
        IntegrityError: a member of a wheel is damaged.
        LambdaPackError: `into` cannot be written; it is as it was.
    """
    with writing_to(into), _folder(into):
        plan = _plan(bundle, into)
        with scratch_folder(str(into)) as name:
            scratch = Path(name)
            unpack(plan.new, scratch / "new")
            with _moves() as moves:
                for number, path in enumerate(plan.old):
                    moves.move(into / path, scratch / f"old-{number}")
                for folder in _folders(plan.old):
                    moves.drop_if_empty(into / folder)
                for folder in reversed(_folders([entry.path for entry in plan.new])):
                    moves.make(into / folder)
                for entry in plan.new:
                    moves.move(scratch / "new" / entry.path, into / entry.path)


class _Plan(Struct, frozen=True):
    """Paths to take away, and entries to put there."""

    old: tuple[str, ...]
    new: tuple[Entry, ...]


def _plan(bundle: Bundle, into: Path) -> _Plan:
    pins = {entry.owner for entry in bundle.entries if isinstance(entry.owner, Pin)}
    copies = find_copies(into)
    others = {path for copy in copies if not copy.is_of(pins) for path in copy.files}
    old = {path for copy in copies if copy.is_of(pins) for path in copy.files} - others
    new, kept, foreign = [], [], []
    for entry in bundle.entries:
        place = into / entry.path
        if entry.path in old or _is_free(place, into, old):
            new.append(entry)
        elif not _holds(place, into, entry):
            foreign.append(entry)
        elif entry.path not in others:
            kept.append(entry.path)
    if foreign:
        named = ", ".join(f"{entry.path!r} ({entry.owner})" for entry in foreign[:_MOST_NAMED])
        more = f" and {len(foreign) - _MOST_NAMED} more" if len(foreign) > _MOST_NAMED else ""
        raise UsageError(
            f"{str(into)!r} has files of its own where dependencies belong: {named}{more}; "
            "move or remove them, or use another folder"
        )
    return _Plan(tuple(sorted(old)), tuple(_listing_none_of(entry, kept) for entry in new))


def _is_free(place: Path, into: Path, old: Collection[str]) -> bool:
    """Whether nothing will be in the way of a new file once the old ones are gone."""
    if not _is_reached(place, into, old) or place.is_symlink():
        return False
    if place.is_dir():
        inside = (path for path in place.rglob("*") if path.is_symlink() or not path.is_dir())
        return all(path.relative_to(into).as_posix() in old for path in inside)
    return not place.exists()


def _is_reached(place: Path, into: Path, old: Collection[str]) -> bool:
    """Whether the folders on the way are folders, or will make room: writing through a link would leave `into`."""
    for folder in PurePosixPath(place.relative_to(into).as_posix()).parents:
        path = into / folder
        if (
            path != into
            and folder.as_posix() not in old
            and (path.is_symlink() or (path.exists() and not path.is_dir()))
        ):
            return False
    return True


def _holds(place: Path, into: Path, entry: Entry) -> bool:
    """Whether the customer has the very same file there."""
    if place.is_symlink() or not place.is_file() or not _is_reached(place, into, ()):
        return False
    return same_content(entry, Entry(entry.path, place, entry.mode, entry.owner, place.stat().st_size))


def _listing_none_of(entry: Entry, kept: Collection[str]) -> Entry:
    """The entry; a RECORD without the customer's own files, which a later run must not replace."""
    if not kept or not entry.path.endswith(".dist-info/RECORD") or not isinstance(entry.content, bytes):
        return entry
    content = without_lines(entry.content, kept)
    return entry._replace(content=content, size=len(content))


def _folders(paths: Sequence[str]) -> list[str]:
    """The folders of these paths, the deepest first."""
    folders = {parent.as_posix() for path in paths for parent in PurePosixPath(path).parents} - {"."}
    return sorted(folders, key=lambda folder: (-folder.count("/"), folder))


class _Moves:
    """Changes to folders that can be taken back. Each is noted before it is made: a signal may come in between."""

    def __init__(self) -> None:
        self._undo: list[Callable[[], object]] = []

    def move(self, path: Path, to: Path) -> None:
        """Rename a file to a name that is free."""
        self._undo.append(lambda: to.rename(path))
        path.rename(to)

    def make(self, folder: Path) -> None:
        """Make a folder if it is not there."""
        if not folder.is_dir():
            self._undo.append(folder.rmdir)
            folder.mkdir()
            folder.chmod(0o755)

    def drop_if_empty(self, folder: Path) -> None:
        """Remove a folder in which nothing is left."""
        if next(folder.iterdir(), None) is None:
            mode = folder.stat().st_mode & 0o7777
            self._undo.append(lambda: folder.chmod(mode))
            self._undo.append(folder.mkdir)
            folder.rmdir()

    def take_back(self) -> None:
        """Undo everything, the latest first; what was noted but not yet made has nothing to undo."""
        for undo in reversed(self._undo):
            with suppress(OSError):
                undo()


@contextmanager
def _moves() -> Iterator[_Moves]:
    moves = _Moves()
    try:
        yield moves
    except BaseException:
        moves.take_back()
        raise


@contextmanager
def _folder(into: Path) -> Iterator[None]:
    """Make `into` if it is not there; gone again when the block fails."""
    if into.is_dir():
        yield
        return
    into.mkdir(parents=True)
    try:
        into.chmod(0o755)
        yield
    except BaseException:
        with suppress(OSError):
            into.rmdir()
        raise
