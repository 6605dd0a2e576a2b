"""Files in TOML and JSON at the door: read, and every way in which they can be wrong said."""

from __future__ import annotations

import json
import os
import re
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from msgspec import ValidationError

from lambda_pack.errors import UsageError
from lambda_pack.inputs.shapes import shape_of
from lambda_pack.inputs.whole_files import read_whole_text
from lambda_pack.model.decoding import from_plain
from lambda_pack.model.input_limits import KEY_PARTS
from lambda_pack.model.urls import masked

if TYPE_CHECKING:
    # It takes 16 ms to import, before uv is started; who has a lock in hand has it already.
    from packaging.pylock import Package

__all__ = ["check_shape", "check_told", "line_of", "parse_toml", "read_json", "read_toml", "shown", "understood"]

# What code that reads a document raises where it holds a value of another kind.
_UNEXPECTED = (
    ArithmeticError,
    AttributeError,
    LookupError,
    NotImplementedError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
)
# A word is tried from its beginning alone, so the search is linear.
_LONG_KEY = re.compile(rf"(?<![\w\"'-])(?:[\w\"'-]++[ \t]*+\.[ \t]*+){{{KEY_PARTS.most}}}")


def shown(path: Path) -> Path:
    """The path as short as it can be said, for messages and annotations; what it includes lies beside a symlink."""
    path = Path(os.path.normpath(path))
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def read_toml(path: Path, *, what_now: str) -> dict[str, Any]:
    """Return a TOML document; `what_now` says what to do about one that is wrong.

    By its name it is checked against a shape of `inputs/shapes.py`: what the keys that are read must hold.

    Raises:
        UsageError: it is missing, cannot be read, is not TOML, or not of this shape.
    """
    return _read(path, parse_toml, "TOML", what_now, None)


def parse_toml(text: str) -> dict[str, Any]:
    """Return a TOML document.

    Raises:
        ValueError: it is not TOML, or a key in it has too many parts: tomllib needs the square of their number.
    """
    if _LONG_KEY.search(text):
        raise ValueError(f"it {KEY_PARTS.refusal()}")
    return tomllib.loads(text)


def read_json(path: Path, *, what_now: str, shape: type[Any] | None = None) -> dict[str, Any]:
    """Return a JSON object; see `read_toml`.

    Raises:
        UsageError: it is missing, cannot be read, is not a JSON object, or not of this shape.
    """
    return _read(path, json.loads, "JSON", what_now, shape)


def check_shape(content: object, shape: type[Any], text: str, *, name: str, what_now: str) -> None:
    """Refuse a document whose keys do not hold what the shape says; keys that it does not name may hold anything.

    `text` is what the document was read from, `name` what it is called in messages.

    Raises:
        UsageError: with the line and the key, such as `package[0].version`.
    """
    try:
        from_plain(content, shape)
    except ValidationError as error:
        reason, _, way = str(error).partition(" - at `$")
        way = way.rstrip("`").lstrip(".")
        line = _line_of_way(text, way)
        raise UsageError(f"{name}:{line}: {way!r} {_in_words(reason)}; {what_now}") from error


# msgspec's words for types -> ours.
_KINDS = {"str": "a text", "int": "a number", "float": "a number", "array": "a list", "object": "a table"}


def _in_words(reason: str) -> str:
    """Return what msgspec says of a value as the end of a sentence.

    >>> _in_words("Expected `str | array`, got `object`")
    'is a table, not a text or a list'
    >>> _in_words("Object missing required field `only`")
    'has no `only`'
    """
    if missing := re.fullmatch(r"Object missing required field (`.*`)", reason):
        return f"has no {missing[1]}"
    kinds = re.fullmatch(r"Expected `(.*)`, got `(.*)`", reason)
    if kinds is None:
        return f"is wrong: {reason}"
    expected, got = ([_KINDS.get(kind, kind) for kind in kinds[number].split(" | ")] for number in (1, 2))
    return f"is {got[0]}, not {' or '.join(dict.fromkeys(expected))}"


def _line_of_way(text: str, way: str) -> int:
    """Return the line of a key, such as `package[3].version`; the last part of the way that is found, else 1.

    tomllib and json do not say where a value stands, so this looks for the keys one after the other.
    """
    begin = 0
    for key, number in re.findall(r"([^.\[\]]+)(?:\[([0-9]+|\.\.\.)\])?", way):
        spelled = re.compile(rf"(?:^|[\[.{{,\s\"']){re.escape(key)}[\"']?\s*[\]=.:]", re.MULTILINE)
        found = list(islice(spelled.finditer(text, begin), int(number) + 1 if number.isdecimal() else 1))
        if not found:
            break
        is_table = len(found) == int(number or 0) + 1 if number.isdecimal() else True
        begin = (found[-1] if is_table else found[0]).end() - 1
    return text.count("\n", 0, begin) + 1


def _read(path: Path, parse: Callable[[str], Any], kind: str, what_now: str, shape: type[Any] | None) -> dict[str, Any]:
    name = path.as_posix()
    text = _text_of(path, what_now)
    try:
        content = parse(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{name!r} is not {kind}: {error}; {what_now}") from error
    if not isinstance(content, dict):
        raise UsageError(f"{name!r} is not a {kind} object; {what_now}")
    if (known := shape or shape_of(path.name)) is not None:
        check_shape(content, known, text, name=shown(path).as_posix(), what_now=what_now)
    return content


def _text_of(path: Path, what_now: str) -> str:
    name = path.as_posix()
    try:
        return read_whole_text(path)
    except FileNotFoundError as error:
        raise UsageError(f"{name!r} does not exist; name a lock, a manifest or a requirements file") from error
    except (OSError, ValueError) as error:
        raise UsageError(f"{name!r} cannot be read: {error}; make it readable UTF-8, or {what_now}") from error


@contextmanager
def understood(path: Path, *, what_now: str) -> Iterator[None]:
    """Turn the errors that a well-formed document of an unexpected shape causes into a `UsageError`.

    Readers check shapes themselves where a message can be better (`read_toml`, `read_json`); this is for the rest.
    """
    try:
        yield
    except _UNEXPECTED as error:
        raise _not_understood(path, error, what_now) from error
    except Exception as error:
        # A ValidationError of `packaging`, which takes 16 ms to import, derives from Exception alone.
        if type(error).__module__ != "packaging.pylock":
            raise
        raise _not_understood(path, error, what_now) from error


def _not_understood(path: Path, error: Exception, what_now: str) -> UsageError:
    first = (str(error).splitlines() or [type(error).__name__])[0]
    said = f"{first} is missing" if isinstance(error, KeyError) else first
    return UsageError(masked(f"{shown(path).as_posix()!r} cannot be understood: {said}; {what_now}"))


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
