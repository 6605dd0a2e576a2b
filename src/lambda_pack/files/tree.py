"""The bundle as a folder, for `--to-dir` and for whatever wants files rather than a zip."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from lambda_pack.errors import UsageError
from lambda_pack.files.bundle import Bundle
from lambda_pack.files.entries import Entry, chunks
from lambda_pack.files.whole import scratch_folder, writing_to

__all__ = ["state_of", "unpack", "write_tree"]


def write_tree(bundle: Bundle, into: Path, *, known_state: str | None = None) -> None:
    """Write the bundle as the folder `into`, whole or not at all; every CRC is checked on the way.

    Files get 0644 or 0755 and folders 0755, whatever the umask. A folder that is there is replaced if it is empty, or
    if its `state_of` is `known_state`: as an earlier run has left it.

    Raises:
        UsageError: `into` exists and is another folder or a file, or a file of the user's changed or cannot be read.
        IntegrityError: a member of a wheel is damaged.
        LambdaPackError: `into` cannot be written; it is as it was.
    """
    is_folder = into.is_dir() and not into.is_symlink()
    may_replace = is_folder and (_is_empty(into) or (known_state is not None and state_of(into) == known_state))
    if (into.exists() or into.is_symlink()) and not may_replace:
        raise UsageError(
            f"{str(into)!r} exists and is not as an earlier pack has left it; remove it or name another one"
        )
    with writing_to(into):
        into.parent.mkdir(parents=True, exist_ok=True)
        with scratch_folder(str(into.parent)) as name:
            scratch = Path(name)
            tree = scratch / "tree"
            unpack(bundle.entries, tree)
            # Windows renames onto nothing that exists, an empty folder included.
            with suppress(FileNotFoundError):
                into.rename(scratch / "before")
            try:
                tree.rename(into)
            except OSError:
                with suppress(FileNotFoundError):
                    (scratch / "before").rename(into)
                raise


def state_of(folder: Path) -> str:
    """Return the SHA-256 of the names, sizes, modes and times of all files and folders below a folder.

    Raises:
        OSError: it cannot be read.
    """
    digest = sha256()
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        # The size and the time of a folder are the file system's own matter.
        facts = (status.st_size, status.st_mtime_ns) if not path.is_dir() or path.is_symlink() else ()
        digest.update(f"{path.relative_to(folder).as_posix()} {status.st_mode} {facts}\n".encode("utf-8", "replace"))
    return digest.hexdigest()


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
