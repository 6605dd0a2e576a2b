"""What was looked at on the disk: while all of it stays the same, what follows from it does, too.

Whoever reads an input, or asks whether it is there, says so here; `tests/architecture` checks that. A state is taken
before the caller reads: a file that changes in between differs from its state, and is noticed the next time.

Imported before anything else is, so it imports next to nothing.
"""

from __future__ import annotations

import os
import stat

from lambda_pack.model.product import SCRATCH_PREFIX

TYPE_CHECKING = False  # `typing` costs 8 ms
if TYPE_CHECKING:
    from pathlib import Path
    from typing import TypeVar

    _P = TypeVar("_P", bound=Path)

__all__ = ["Look", "begin_watching", "digest_of", "end_watching", "listed", "seen", "state_of", "walked"]

_PIECE = 4 << 20

# Path and whether its names count -> state, None for what cannot be compared; None while nobody watches.
_watched: dict[tuple[str, bool], str | None] | None = None

Look = tuple[str, bool, str]
"""An absolute path, whether the names in that folder count, and the state it was in."""


def begin_watching() -> None:
    """From now on every look is remembered, of whichever thread."""
    global _watched  # noqa: PLW0603  # inputs are read all over, by functions that know nothing of who asks
    _watched = {}


def end_watching() -> tuple[Look, ...] | None:
    """What was looked at since `begin_watching`; None where it cannot be compared later."""
    global _watched  # as above
    watched, _watched = _watched, None
    looks: list[Look] = []
    for (path, names_count), state in (watched or {}).items():
        if state is None:
            return None
        looks.append((path, names_count, state))
    return tuple(looks) if watched is not None else None


def seen(path: _P) -> _P:
    """The path itself, which is about to be read or asked for: whether it is there, and what is in a file."""
    _remember(path, names_count=False)
    return path


def listed(folder: _P) -> _P:
    """The folder itself, whose names are about to be listed."""
    _remember(folder, names_count=True)
    return folder


def walked(folder: _P) -> _P:
    """The folder itself, about to be searched deeper than its own names: such a look is not compared later."""
    if _watched is not None:
        _watched[os.path.abspath(folder), True] = None
    return folder


def _remember(path: Path, *, names_count: bool) -> None:
    # Paths of strangers, too: some are none that a system could have.
    if _watched is not None:
        place = os.path.abspath(path)
        if (place, names_count) not in _watched:
            _watched[place, names_count] = state_of(place, names_count=names_count)


def state_of(path: str, *, names_count: bool) -> str | None:
    """What is there now, as text to compare: nothing, a folder with or without its names, or a file with its SHA-256.

    Links are followed, and where they lead is part of it. None for what is neither, or cannot be read.
    """
    try:
        status = os.stat(path)
        real = os.path.realpath(path)
        where = "" if real == path else f" at {real}"
        if stat.S_ISDIR(status.st_mode):
            kind = "folder" if os.access(path, os.X_OK) else "closed folder"
            return f"{kind}{where} {_digest_of_names(path)}" if names_count else f"{kind}{where}"
        if not stat.S_ISREG(status.st_mode):
            return None
        return f"{'program' if status.st_mode & 0o111 else 'file'}{where} {digest_of(path)}"
    except (FileNotFoundError, NotADirectoryError):
        return "nothing"
    except (OSError, ValueError):
        return None


def _digest_of_names(folder: str) -> str:
    import hashlib

    with os.scandir(folder) as found:
        names = sorted(f"{one.name}/{one.is_dir()}" for one in found if not one.name.startswith(SCRATCH_PREFIX))
    return hashlib.sha256("\0".join(names).encode("utf-8", "surrogateescape")).hexdigest()


def digest_of(path: str) -> str:
    """The SHA-256 of a file.

    Raises:
        OSError: it cannot be read.
    """
    import hashlib

    digest, piece = hashlib.sha256(), memoryview(bytearray(_PIECE))
    with open(path, "rb", buffering=0) as file:
        while size := file.readinto(piece):
            digest.update(piece[:size])
    return digest.hexdigest()
