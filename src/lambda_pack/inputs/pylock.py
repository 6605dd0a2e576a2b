"""pylock.toml and pylock.NAME.toml (PEP 751)."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from packaging.pylock import Package, Pylock, PylockValidationError, is_valid_pylock_path

from lambda_pack.errors import UsageError
from lambda_pack.model.urls import masked

__all__ = ["is_pylock", "read_pylock"]


def is_pylock(path: Path) -> bool:
    """Whether a file's name says that it is such a lock: the standard's names, and ours, `NAME.pylock.toml`."""
    return is_valid_pylock_path(path) or path.name.endswith(".pylock.toml")


def read_pylock(path: Path) -> Pylock:
    """The lock as it stands; paths in it begin at its folder.

    Raises:
        UsageError: it is missing, not TOML, or not a lock of a version that `packaging` knows.
    """
    shown = path.as_posix()
    try:
        lock = Pylock.from_dict(tomllib.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise UsageError(f"{shown!r} does not exist; name a lock or a requirements file with -r") from error
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{shown!r} cannot be read: {error}; make it readable, or lock again") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"{shown!r} is not TOML: {error}; lock again") from error
    except PylockValidationError as error:
        raise UsageError(f"{shown!r} is not a lock: {error}; lock again") from error
    for package in lock.packages:
        for text in _told(package):
            if not _is_sound(text):
                raise UsageError(f"{shown!r}: {masked(text)!r} of {package.name!r} is no URL or file name; lock again")
    return lock


def _told(package: Package) -> Iterator[str]:
    """The URLs of a package and the names of its files: both end up in messages, and on the disk."""
    files = (*(package.wheels or ()), package.sdist, package.archive, package.vcs)
    told = (package.index, *(getattr(file, name, None) for file in files for name in ("url", "name")))
    yield from (text for text in told if text)


def _is_sound(text: str) -> bool:
    try:
        urlsplit(text)
    except ValueError:
        return False
    return text.isprintable()
