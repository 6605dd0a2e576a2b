"""A folder whose path is the same each time: compilers write it into what they make."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["steady_folder"]

# In seconds: what is older was left by a run that was killed.
_REMAINS = 86_400


@contextmanager
def steady_folder(key: str, *, otherwise: Path) -> Iterator[Path]:
    """A new, empty folder that only we can read, gone afterwards; the same path for the same key and user.

    Where somebody is building there at the moment, a folder with another name is made in `otherwise`.
    """
    user = os.getuid() if hasattr(os, "getuid") else 0
    folder = Path(tempfile.gettempdir(), f"lambda-pack-build-{user}-{key}")
    if not _made(folder, user):
        folder = Path(tempfile.mkdtemp(dir=otherwise, prefix="build-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _made(folder: Path, user: int) -> bool:
    for _ in range(2):
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            if not _is_left_over(folder, user):
                return False
            shutil.rmtree(folder, ignore_errors=True)
        else:
            return True
    return False


def _is_left_over(folder: Path, user: int) -> bool:
    try:
        found = folder.lstat()
    except OSError:
        return True
    return found.st_uid == user and found.st_mtime < time.time() - _REMAINS
