"""Files in TOML and JSON at the door: read, and every way in which they can be wrong said."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from lambda_pack.errors import UsageError
from lambda_pack.model.urls import masked

if TYPE_CHECKING:
    # It takes 16 ms to import, before uv is started; who has a lock in hand has it already.
    from packaging.pylock import Package

__all__ = ["check_told", "line_of", "read_json", "read_toml", "shown", "understood"]


def shown(path: Path) -> Path:
    """The path as short as it can be said, for messages and annotations; what it includes lies beside a symlink."""
    path = Path(os.path.normpath(path))
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def read_toml(path: Path, *, what_now: str) -> dict[str, Any]:
    """A TOML document; `what_now` says what to do about one that is wrong.

    Raises:
        UsageError: it is missing, cannot be read, or is not TOML.
    """
    return _read(path, tomllib.loads, "TOML", what_now)


def read_json(path: Path, *, what_now: str) -> dict[str, Any]:
    """A JSON object; see `read_toml`.

    Raises:
        UsageError: it is missing, cannot be read, or is not a JSON object.
    """
    content = _read(path, json.loads, "JSON", what_now)
    if not isinstance(content, dict):
        raise UsageError(f"{path.as_posix()!r} is not a JSON object; {what_now}")
    return content


def _read(path: Path, parse: Callable[[str], dict[str, Any]], kind: str, what_now: str) -> dict[str, Any]:
    name = path.as_posix()
    try:
        return parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UsageError(f"{name!r} does not exist; name a lock, a manifest or a requirements file") from error
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{name!r} cannot be read: {error}; make it readable UTF-8, or {what_now}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{name!r} is not {kind}: {error}; {what_now}") from error


@contextmanager
def understood(path: Path, *, what_now: str) -> Iterator[None]:
    """Turns the surprises of a document that is well formed but not what it should be into a `UsageError`."""
    from packaging.pylock import PylockValidationError

    try:
        yield
    except (AttributeError, IndexError, LookupError, TypeError, ValueError, PylockValidationError) as error:
        said = f"{error} is missing" if isinstance(error, KeyError) else str(error).splitlines()[0]
        raise UsageError(masked(f"{path.as_posix()!r} cannot be understood: {said}; {what_now}")) from error


def line_of(text: str, *patterns: str) -> int:
    r"""The line of the last of these regular expressions, each looked for behind the one before it; 1 where none is.

    >>> line_of('[project]\ndependencies = [\n  "six",\n]', "^dependencies", '"six"')
    3
    """
    begin = 0
    for pattern in patterns:
        match = re.compile(pattern, re.MULTILINE).search(text, begin)
        if match is None:
            break
        begin = match.start()
    return text.count("\n", 0, begin) + 1


def check_told(package: Package, path: Path) -> None:
    """Refuse URLs and file names that are none: they end up in messages and on the disk.

    Raises:
        UsageError: one is not a URL, or holds characters that do not print.
    """
    files = (*(package.wheels or ()), package.sdist, package.archive, package.vcs)
    told = (package.index, *(getattr(file, name, None) for file in files for name in ("url", "name")))
    for text in told:
        if text and not _is_sound(text):
            raise UsageError(
                f"{path.as_posix()!r}: {masked(text)!r} of {package.name!r} is neither URL nor file name; lock again"
            )


def _is_sound(text: str) -> bool:
    try:
        urlsplit(text)
    except ValueError:
        return False
    return text.isprintable()
