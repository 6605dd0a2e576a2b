"""What was fetched before: files by their digest, pages and metadata by a key. Several runs may share it.

files/sha256/ab/abcdef…/name.whl      a file, put there whole
pages/ab/abcdef…                      an entry of a kind, by the SHA-256 of its key
partial/…                             what is arriving; a day later it is somebody's remains

The time of a file is that of its last use (see `cache_upkeep`).
"""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Self

from lambda_pack.errors import IntegrityError
from lambda_pack.tools.network.cache_trust import is_ours, is_private, read_own

if TYPE_CHECKING:
    from types import TracebackType

    from lambda_pack.model.request import PackRequest

__all__ = ["Cache", "cache_folder_of", "default_cache_folder"]

# In seconds: no download takes longer, so an older partial file is that of a killed run.
_REMAINS = 86_400
_ATTEMPTS = 10
_NOT_WRITABLE = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.ENOENT})


def default_cache_folder() -> Path | None:
    """The user's cache folder on this system; None for a user without a home."""
    import platformdirs

    try:
        return Path(platformdirs.user_cache_dir("lambda-pack", appauthor=False))
    except RuntimeError:  # neither variables nor an entry in the table of users say where
        return None


def cache_folder_of(request: PackRequest) -> Path | None:
    """Return the folder of a run's cache; None for a temporary one."""
    return (request.cache or default_cache_folder()) if request.use_cache else None


class Cache:
    """A cache in a folder, which is made when first written to; None is a temporary one. A context manager.

    Where the folder cannot be written to, what it holds is used, and what is new lives in a temporary folder. What
    cannot be read is as good as missing. Where other users can write to the folder, its files are copied into the
    temporary folder before they are hashed and used. What another run removes meanwhile is made again.
    """

    def __init__(self, folder: Path | None) -> None:
        self._folder = folder
        self._temporary = ExitStack()
        self._spare: Path | None = None
        self._writable: Path | None = None
        self._lock = Lock()
        self._arriving: set[Path] = set()
        self._privacy: bool | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # A thread that hangs in a connection cannot tidy up after itself.
        for path in tuple(self._arriving):
            with suppress(OSError):
                path.unlink()
        self._temporary.close()

    def get(self, algorithm: str, digest: str, filename: str) -> Path | None:
        """The file with this digest; whoever uses it hashes it first."""
        for root in self._roots():
            path = _address(root, algorithm, digest, filename)
            with suppress(OSError):
                if stat.S_ISREG(path.lstat().st_mode) and os.access(path, os.R_OK):
                    _touch(path)
                    return path if root == self._spare or self._is_private else self._copied(path)
        return None

    @contextmanager
    def partial(self) -> Iterator[Path]:
        """The path of a new, empty file for what is arriving; it is gone afterwards unless it was `put`."""
        path = _new_file(self._writable_root() / "partial")
        self._arriving.add(path)
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)
            self._arriving.discard(path)

    def put(self, partial: Path, algorithm: str, digest: str, filename: str) -> Path:
        """Move a file from `partial` to its place, whole; `digest` must be its digest already."""
        root = self._writable_root()
        path = _address(root, algorithm, digest, filename)
        if root != self._spare and not self._is_private:
            kept = self._copied(partial, path)
            with suppress(OSError):
                _move(partial, path)
            return kept
        _move(partial, path)
        return path

    def discard(self, path: Path) -> None:
        """Throw a damaged file away, if it is one of ours and can be; else it will be fetched beside it."""
        if any(path.is_relative_to(root) for root in self._roots()):
            with suppress(PermissionError):
                path.unlink(missing_ok=True)

    def entry(self, kind: str, key: str) -> bytes | None:
        """What was stored for the key."""
        for root in self._roots():
            with suppress(OSError):
                path = _entry_path(root, kind, key)
                content = read_own(path, root)
                _touch(path)
                return content
        return None

    def store(self, kind: str, key: str, content: bytes) -> None:
        """Remember the content for a key, which must not hold credentials; where there is no room it is forgotten."""
        with suppress(OSError):
            path = _entry_path(self._writable_root(), kind, key)
            with self.partial() as partial:
                partial.write_bytes(content)
                _move(partial, path)

    @property
    def _is_private(self) -> bool:
        with self._lock:
            if self._privacy is None:
                self._privacy = self._folder is None or is_private(self._folder)
            return self._privacy

    def _copied(self, path: Path, place: Path | None = None) -> Path:
        """Return a copy that only we can change, under the same address; `place` is that address where it differs."""
        with self._lock:
            spare = self._spare or self._spare_folder()
        copy = spare / "copies" / (place or path).relative_to(self._folder or spare)
        if not copy.exists():
            copy.parent.mkdir(parents=True, exist_ok=True)
            partial = _new_file(spare / "partial")
            shutil.copyfile(path, partial)
            _move(partial, copy)
        return copy

    def _roots(self) -> tuple[Path, ...]:
        # The spare is asked first: it holds what replaced something damaged in a folder that cannot be written to.
        return tuple(root for root in (self._spare, self._folder) if root is not None)

    def _writable_root(self) -> Path:
        # Downloads ask from several threads, and one temporary folder is enough.
        with self._lock:
            if self._writable is None:
                self._writable = self._own_folder() or self._spare_folder()
            return self._writable

    def _own_folder(self) -> Path | None:
        if self._folder is None:
            return None
        partial = self._folder / "partial"
        try:
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o755)
            partial.mkdir(exist_ok=True, mode=0o755)
            if not is_ours(partial.lstat()) or not stat.S_ISDIR(partial.lstat().st_mode):
                return None
            tempfile.TemporaryFile(dir=partial).close()
        except OSError as error:
            if error.errno in _NOT_WRITABLE or isinstance(error, FileExistsError):
                return None
            raise
        with suppress(FileNotFoundError):
            _sweep(partial)
        return self._folder

    def _spare_folder(self) -> Path:
        spare = Path(self._temporary.enter_context(tempfile.TemporaryDirectory(prefix="lambda-pack-cache-")))
        (spare / "partial").mkdir()
        self._spare = spare
        return spare


def _touch(path: Path) -> None:
    """It was used now: what was used longest ago is removed first."""
    with suppress(OSError):
        os.utime(path)


def _address(root: Path, algorithm: str, digest: str, filename: str) -> Path:
    """Digests and names come from strangers: neither may lead out of the cache."""
    if (
        not (algorithm.replace("_", "").isalnum() and digest.isalnum())
        or filename in {"", ".", ".."}
        or set(filename) & {"/", "\\", "\0"}
    ):
        raise IntegrityError(
            f"{filename!r} with {algorithm} {digest!r} is no name for a file; check where it comes from"
        )
    return root / "files" / algorithm / digest[:2] / digest / filename


def _entry_path(root: Path, kind: str, key: str) -> Path:
    name = hashlib.sha256(key.encode()).hexdigest()
    return root / kind / name[:2] / name


def _new_file(folder: Path) -> Path:
    """Make an empty file, and its folder where another run has just removed that."""
    for attempt in range(_ATTEMPTS):
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o755)
            handle, name = tempfile.mkstemp(dir=folder)
        except (FileExistsError, FileNotFoundError):
            # The folder was there, and then it was not.
            if attempt + 1 == _ATTEMPTS:
                raise
        else:
            os.close(handle)
            return Path(name)
    raise AssertionError("the last attempt returns or raises")


def _move(partial: Path, path: Path) -> None:
    try:
        for attempt in range(_ATTEMPTS):
            try:
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o755)
                partial.replace(path)
            except (FileExistsError, FileNotFoundError):
                # Another run that clears the cache has removed the folder in between, or the file itself.
                if attempt + 1 == _ATTEMPTS or not partial.exists():
                    raise
            else:
                return
    except PermissionError:
        # Windows: another process has the same file open. It has the same content, too.
        if not path.is_file():
            raise


def _sweep(folder: Path) -> None:
    """Remove what killed runs of ours have left."""
    for path in tuple(folder.iterdir()):
        with suppress(OSError):
            status = path.lstat()
            if stat.S_ISREG(status.st_mode) and is_ours(status) and status.st_mtime < time.time() - _REMAINS:
                path.unlink()
