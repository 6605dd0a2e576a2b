"""The bundle as a folder, for `--to-dir` and for whatever wants files rather than a zip."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from lambda_pack.errors import UsageError
from lambda_pack.files.bundle import Bundle
from lambda_pack.files.entries import Entry, chunks
from lambda_pack.files.whole import scratch_folder, writing_to

__all__ = ["unpack", "write_tree"]


def write_tree(bundle: Bundle, into: Path) -> None:
    """Write the bundle as the folder `into`, whole or not at all; every CRC is checked on the way.

    Files get 0644 or 0755 and folders 0755, whatever the umask.

    Raises:
        UsageError: `into` exists and is not an empty folder, or a file of the user's changed or cannot be read.
        IntegrityError: a member of a wheel is damaged.
        LambdaPackError: `into` cannot be written; it is as it was.
    """
    if into.is_symlink() or (into.exists() and not (into.is_dir() and _is_empty(into))):
        raise UsageError(f"{str(into)!r} exists and is not an empty folder; remove it or name another one")
    with writing_to(into):
        into.parent.mkdir(parents=True, exist_ok=True)
        with scratch_folder(str(into.parent)) as name:
            scratch = Path(name)
            tree = scratch / "tree"
            unpack(bundle.entries, tree)
            # Windows renames onto nothing that exists, an empty folder included.
            with suppress(FileNotFoundError):
                into.rmdir()
            tree.rename(into)


def unpack(entries: Iterable[Entry], folder: Path) -> None:
    """Write entries below a folder, which is made and must be ours alone while this runs."""
    made: set[Path] = set()
    _make(folder, made)
    for entry in entries:
        path = folder / entry.path
        if path.parent not in made:
            _make(path.parent, made)
        # Exclusively: two names that differ in case only are one file on some systems, and neither may be lost.
        with path.open("xb") as file:
            for piece in chunks(entry):
                file.write(piece)
        path.chmod(entry.mode)


def _make(folder: Path, made: set[Path]) -> None:
    """A folder and those above it that do not exist, with 0755."""
    if folder not in made and not folder.is_dir():
        _make(folder.parent, made)
        folder.mkdir()
        folder.chmod(0o755)
    made.add(folder)


def _is_empty(folder: Path) -> bool:
    return next(folder.iterdir(), None) is None
