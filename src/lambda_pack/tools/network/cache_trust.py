"""Whether other users can write to a cache, and which entries in it are used.

Files are checked by their digests wherever they lie. Where others can write, a file could be exchanged between its
digest and its use, and an entry could say anything.
"""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

__all__ = ["is_ours", "is_private", "read_own"]

_OTHERS = stat.S_IWGRP | stat.S_IWOTH
_WHERE_FILES_LIE = ("", "files", "files/sha256")


def is_private(folder: Path) -> bool:
    """Return whether only we can put files into a cache, or exchange those in it. A folder that is missing counts."""
    return all(_is_private(folder / part) for part in _WHERE_FILES_LIE)


def is_ours(status: os.stat_result) -> bool:
    """Return whether something belongs to this user or to root; for root, files of every user count."""
    return sys.platform == "win32" or status.st_uid in {os.geteuid(), 0} or os.geteuid() == 0


def read_own(path: Path, folder: Path) -> bytes:
    """Return the content of an entry of the cache in a folder.

    Raises:
        OSError: it is missing, is a link, or was not written by us alone: then it is as good as missing.
    """
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    with open(descriptor, "rb", buffering=0) as file:  # noqa: PTH123  # the link must not be followed
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or not _is_trusted(status, folder):
            raise PermissionError(f"{str(path)!r} was not written by this user alone")
        return file.readall()


def _is_trusted(status: os.stat_result, folder: Path) -> bool:
    """Return whether this user or root has written it; for root, the owner of the cache counts, too."""
    if sys.platform == "win32":
        return True
    owners = {os.geteuid(), 0}
    if os.geteuid() == 0:
        owners.add(folder.stat().st_uid)
    return status.st_uid in owners and not status.st_mode & _OTHERS


def _is_private(folder: Path) -> bool:
    if sys.platform == "win32":
        return True
    try:
        status = folder.stat()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    # Where each user has a group of the same number, folders are made writable for the group, which is one person.
    is_one_person = status.st_gid == status.st_uid
    others = stat.S_IWOTH if is_one_person else _OTHERS
    return is_ours(status) and not status.st_mode & others
