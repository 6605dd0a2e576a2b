"""What runs that were killed have left behind: known by its name and by the lock that a living run holds on it."""

from __future__ import annotations

import os
import stat
import sys
import time
from contextlib import contextmanager, suppress

TYPE_CHECKING = False  # `typing` costs 8 ms
if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["claimed", "claimed_folder", "sweep"]

# In seconds: a run makes a file or folder first and locks it then.
_YOUNGEST = 60.0


@contextmanager
def claimed(descriptor: int) -> Iterator[None]:
    """Hold a lock on an open file or folder, which ends with the block or with the process, however that ends."""
    _lock(descriptor)
    yield


@contextmanager
def claimed_folder(folder: str) -> Iterator[None]:
    """Hold a lock on a folder during the block."""
    if sys.platform == "win32":
        yield
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with claimed(descriptor):
            yield
    finally:
        os.close(descriptor)


def sweep(folder: str, prefix: str) -> None:
    """Remove the files and folders in `folder` whose names begin so, that are ours, and that no run holds a lock on.

    Links are never followed. Nothing is removed on systems without such locks, nor in a file's
    first minute, because another run could still be using it.
    """
    with suppress(OSError), os.scandir(folder) as found:
        for entry in found:
            if entry.name.startswith(prefix):
                with suppress(OSError):
                    _remove_abandoned(entry.path)


def _remove_abandoned(path: str) -> None:
    status = os.lstat(path)
    is_folder = stat.S_ISDIR(status.st_mode)
    is_old = time.time() - status.st_mtime > _YOUNGEST
    if sys.platform == "win32" or not is_old or status.st_uid != os.geteuid():
        return
    if not is_folder and not stat.S_ISREG(status.st_mode):
        return
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    try:
        if _lock(descriptor):
            if is_folder:
                from shutil import rmtree  # it loads every decompressor

                rmtree(path, ignore_errors=True)
            else:
                os.unlink(path)
    finally:
        os.close(descriptor)


def _lock(descriptor: int) -> bool:
    """Lock without waiting; False where another process holds a lock, and where the system has none."""
    try:
        import fcntl
    except ImportError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
