"""A folder whose path is the same each time: compilers write it into what they make."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from lambda_pack.files.leftovers import claimed_folder, sweep

__all__ = ["steady_folder"]

# In seconds: how long another build of the same source is waited for, and how often it is looked at.
_MAX_WAIT = 1800.0
_POLL_SECONDS = 0.1


@contextmanager
def steady_folder(key: str, *, otherwise: Path, max_wait: float = _MAX_WAIT) -> Iterator[Path]:
    """A new, empty folder that only we can read, gone afterwards; the same path for the same key and user.

    Where another build has it, that one is waited for, for `max_wait` seconds: in a folder with another name the same
    source would become a wheel of other bytes. After that, and where the path is another user's, a folder with another
    name is made in `otherwise`.
    """
    user = os.getuid() if hasattr(os, "getuid") else 0
    folder = Path(tempfile.gettempdir(), f"lambda-pack-build-{user}-{key}")
    if not _made(folder, user, until=time.monotonic() + max_wait):
        folder = Path(tempfile.mkdtemp(dir=otherwise, prefix="build-"))
    try:
        with claimed_folder(str(folder)):
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _made(folder: Path, user: int, *, until: float) -> bool:
    while True:
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            # What a run that was killed has left is removed.
            sweep(str(folder.parent), folder.name)
            if time.monotonic() > until or not _may_end(folder, user):
                return False
            time.sleep(_POLL_SECONDS)
        else:
            return True


def _may_end(folder: Path, user: int) -> bool:
    """Whether the folder is gone, or one of ours, which will be."""
    try:
        return folder.lstat().st_uid == user
    except OSError:
        return True
