"""What a cache holds, by kind, and how it is made smaller: what was used last goes last."""

from __future__ import annotations

import os
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from lambda_pack.tools.network.cache_trust import is_ours

__all__ = ["KINDS", "MOST", "Freed", "Held", "clear", "keep_bounded", "prune", "prune_to", "survey"]

KINDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "files": "downloads, and wheels that were built",
        "built": "how they were built",
        "audits": "what their binaries say",
        "metadata": "metadata of wheels",
        "sizes": "sizes of wheels",
        "pages": "pages of indexes",
        "packs": "packs whose inputs have not changed",
        "trees": "folders that --to-dir may replace",
        "forecasts": "what the last packs used",
        "partial": "what is arriving, or was left behind",
    }
)
"""The folders of a cache, and what is in them. All of it is fetched or found again when it is missed."""

MOST: Final = 10 << 30
"""In bytes: what is left of a cache that nobody prunes, at most once a day."""

_DAY: Final = 86_400  # in seconds
_STAMP: Final = "pruned"  # beside the kinds; its time is that of the last look

# In seconds: another run may be about to read what it has just asked for.
_IN_USE: Final = 3600


class Held(Struct, frozen=True):
    """What a cache holds of one kind; `size` in bytes."""

    kind: str
    what: str
    files: int
    size: int


class Freed(Struct, frozen=True):
    """What was removed, and what is left; sizes in bytes."""

    files: int
    size: int
    left: int


class _File(Struct, frozen=True):
    path: Path
    size: int
    used: float


def survey(folder: Path) -> tuple[Held, ...]:
    """Each kind that the cache in this folder has files of."""
    found = ((kind, what, tuple(_files(folder / kind))) for kind, what in KINDS.items())
    return tuple(Held(kind, what, len(files), sum(one.size for one in files)) for kind, what, files in found if files)


def prune(folder: Path, *, most: int | None = None, unused_for: float | None = None) -> Freed:
    """Remove what was not used for so many seconds, then what was used longest ago until `most` bytes are left.

    What was used within the last hour stays: another run may be reading it.
    """
    now = time.time()
    files = sorted((one for kind in KINDS for one in _files(folder / kind)), key=lambda one: one.used)
    left = sum(one.size for one in files)
    gone = []
    for one in files:
        is_old = unused_for is not None and one.used < now - unused_for
        if one.used < now - _IN_USE and (is_old or (most is not None and left > most)) and _removed(one):
            gone.append(one)
            left -= one.size
            _remove_folder_of(one, folder)
    return Freed(len(gone), sum(one.size for one in gone), left)


def prune_to(folder: Path, *, used_since: float) -> Freed:
    """Remove all that was not used since a moment, in seconds since 1970, in a cache that no other run uses."""
    files = [one for kind in KINDS for one in _files(folder / kind)]
    arriving = time.time() - _IN_USE
    gone = [
        one
        for one in files
        if one.used < used_since
        and not (one.path.parent == folder / "partial" and one.used > arriving)
        and _removed(one)
    ]
    _remove_empty_folders(folder)
    freed = sum(one.size for one in gone)
    return Freed(len(gone), freed, sum(one.size for one in files) - freed)


def keep_bounded(folder: Path, *, most: int = MOST) -> None:
    """Prune to `most` bytes, unless somebody has looked within a day; where it cannot be written to, it stays."""
    stamp = folder / _STAMP
    with suppress(OSError):
        if not stamp.exists() or stamp.stat().st_mtime < time.time() - _DAY:
            stamp.touch()
            prune(folder, most=most)


def clear(folder: Path) -> Freed:
    """Remove everything but what is arriving just now. A run that wants to read it fetches it again."""
    return prune_to(folder, used_since=float("inf"))


def _is_own_folder(folder: Path) -> bool:
    """Whether it is a folder and no link to one, which may lead to files elsewhere."""
    try:
        return stat.S_ISDIR(folder.lstat().st_mode)
    except OSError:
        return False


def _files(folder: Path) -> Iterator[_File]:
    for parent, _, names in os.walk(folder) if _is_own_folder(folder) else ():
        for name in names:
            path = Path(parent, name)
            # Another run may be quicker, and links are nobody's.
            with suppress(OSError):
                status = path.lstat()
                if stat.S_ISREG(status.st_mode) and is_ours(status):
                    yield _File(path, status.st_size, status.st_mtime)


def _removed(file: _File) -> bool:
    try:
        file.path.unlink()
    except OSError:
        return False
    return True


def _remove_folder_of(file: _File, cache: Path) -> None:
    """If it is empty now; but not the folder of a kind, which another run may have found a moment ago."""
    if file.path.parent.parent != cache:
        with suppress(OSError):
            file.path.parent.rmdir()


def _remove_empty_folders(folder: Path) -> None:
    for kind in KINDS:
        for parent, _, _ in os.walk(folder / kind, topdown=False) if _is_own_folder(folder / kind) else ():
            # It has files, or another run is putting one into it; what arrives needs its folder at any moment.
            if kind != "partial":
                with suppress(OSError):
                    Path(parent).rmdir()
