"""One logical line of a requirements file, in pip's syntax, into a value."""

from __future__ import annotations

import argparse
import os
import re
import shlex
from functools import cache
from pathlib import Path
from typing import NoReturn, TypeAlias
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace
from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import (
    InvalidName,
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)

from lambda_pack.errors import UsageError
from lambda_pack.inputs.setting_values import pair
from lambda_pack.model.input_limits import LINE_PARTS
from lambda_pack.model.packages import ARCHIVE_SUFFIXES, Hashes
from lambda_pack.model.requirements import HASH_ALGORITHMS, Origin, Requested
from lambda_pack.model.urls import filename_of, masked, path_of

__all__ = ["Include", "Line", "Option", "parse_line"]

_VCS = ("git+", "hg+", "svn+", "bzr+")
_URL = re.compile(r"(?:https?|ftp|file|(?:git|hg|svn|bzr)\+[a-z]+):", re.IGNORECASE)
# Python reads no number of more than 4,300 digits, and no real version has one.
_HUGE_NUMBER = re.compile(r"(?<![0-9a-zA-Z])[0-9]{301}")
_LONGEST_MESSAGE = 1_000  # characters
_FILES = (".whl", *ARCHIVE_SUFFIXES)
_LONE_EQUALS = re.compile(r"[\w.-]++\s*+(?:\[[^\[\]]*+\]\s*+)?=(?!=)")


class Include(Struct, frozen=True):
    """`-r FILE` or `-c FILE`."""

    path: Path
    constraint: bool


class Option(Struct, frozen=True):
    """A setting for the whole file, by the long name pip gives it without dashes; a switch has an empty value."""

    name: str
    value: str = ""


Line: TypeAlias = Requested | Include | Option

# pip's spelling -> our name; True where a value follows.
_OPTIONS = {
    ("-i", "--index-url", "--pypi-url"): ("index-url", True),
    ("--extra-index-url",): ("extra-index-url", True),
    ("-f", "--find-links"): ("find-links", True),
    ("--no-binary",): ("no-binary", True),
    ("--only-binary",): ("only-binary", True),
    ("--trusted-host",): ("trusted-host", True),
    ("--no-index",): ("no-index", False),
    ("--pre",): ("pre", False),
    ("--prefer-binary",): ("prefer-binary", False),
    ("--all-releases",): ("all-releases", True),
    ("--only-final",): ("only-final", True),
    ("--use-feature",): ("use-feature", True),
    ("--require-hashes",): ("require-hashes", False),
    ("--no-require-hashes",): ("no-require-hashes", False),
}


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


@cache
def _parser() -> _Parser:
    parser = _Parser(add_help=False, allow_abbrev=False, prog="")
    for spellings, (name, has_value) in _OPTIONS.items():
        parser.add_argument(*spellings, dest=name, action="append" if has_value else "store_true")
    parser.add_argument("-r", "--requirement", action="append", default=[])
    parser.add_argument("-c", "--constraint", action="append", default=[])
    parser.add_argument("-e", "--editable")
    parser.add_argument("--hash", action="append", default=[])
    parser.add_argument("-C", "--config-settings", "--config-setting", action="append", default=[])
    return parser


def parse_line(text: str, *, origin: Origin, folder: Path) -> tuple[Line, ...]:
    """The values of one logical line: no comment, no continuation, variables already expanded.

    Relative paths begin at `folder`.

    Raises:
        UsageError: the line is not in pip's syntax, or asks for what pip no longer does.
    """
    try:
        _check_numbers(text)
        return _parse(text, origin, folder)
    except (UsageError, ValueError, OSError, RecursionError, OverflowError) as error:
        # A library may not understand a URL, a marker or a path.
        # Variables are expanded by now: the line may hold a password that stands in no file.
        whole = "" if repr(text) in str(error) else f" (in {text!r})"
        raise UsageError(_shortened(masked(f"{origin}: {error}{whole}"))) from error


def _check_numbers(text: str) -> None:
    if _HUGE_NUMBER.search(text):
        raise UsageError("it has a number of more than 300 digits; correct it")


def _shortened(message: str) -> str:
    """Return a message without the middle of a very long line."""
    half = _LONGEST_MESSAGE // 2
    return message if len(message) <= _LONGEST_MESSAGE else f"{message[:half]} […] {message[-half:]}"


def _parse(text: str, origin: Origin, folder: Path) -> tuple[Line, ...]:
    # Everything before the first option belongs to the requirement: a marker may hold quotes and dashes of its own.
    match = re.search(r"(?:^|\s)(-{1,2}[A-Za-z])", text)
    body, options = (text, "") if match is None else (text[: match.start()].strip(), text[match.start() :])
    try:
        words = shlex.split(options)
    except ValueError as error:
        raise UsageError(f"{error}; quote the value") from error
    if len(words) > LINE_PARTS.most:
        raise UsageError(f"the line {LINE_PARTS.refusal()}; divide it")
    given, strangers = _parser().parse_known_args(words)
    if strangers:
        raise UsageError(f"{strangers[0]!r} is not an option of a requirements line; leave it out")
    # A bundle has no use for a link to a folder of the build machine: `-e` is built as a plain wheel.
    wanted = body or (_editable(given.editable, folder) if given.editable else "")
    if wanted:
        requested = _requested(wanted, origin, folder)
        settings = tuple(pair(text, "config-settings") for text in given.config_settings)
        return (replace(requested, hashes=_hashes(given.hash), config_settings=settings),)
    if given.hash:
        raise UsageError("--hash stands alone; end the line of its requirement with a backslash")
    lines: tuple[Line, ...] = (
        *(Include(_included(place, folder), constraint=False) for place in given.requirement),
        *(Include(_included(place, folder), constraint=True) for place in given.constraint),
        *_file_options(given, folder),
    )
    if len(lines) > 1 and any(isinstance(line, Include) for line in lines):
        # pip reads the first -r, else the first -c, and drops the rest of the line in silence.
        raise UsageError("-r and -c stand alone; put the other options on lines of their own")
    return lines


def _editable(place: str, folder: Path) -> str:
    """The same as a requirement; here alone a plain word may name a folder."""
    path = Path(_split_place(place)[0])
    if (_base_of(path, folder) / path).is_dir() and not path.is_absolute():
        return f"./{place}"
    if not _URL.match(place) and "@" not in place:
        raise UsageError(f"{place!r} is neither a folder nor a URL; -e takes nothing else")
    return place


def _included(place: str, folder: Path) -> Path:
    if place.startswith("file:"):
        return folder / path_of(place)
    if "://" in place:
        raise UsageError(f"{place!r} is a URL; download the file and name it here")
    return folder / place


def _file_options(given: argparse.Namespace, folder: Path) -> tuple[Option, ...]:
    found = []
    for name, has_value in _OPTIONS.values():
        values: list[str] = (getattr(given, name) or []) if has_value else [""] * getattr(given, name)
        for value in values:
            is_path = name == "find-links" and "://" not in value and (folder / value).exists()
            found.append(Option(name, str(folder / value) if is_path else value))
    return tuple(found)


def _hashes(words: list[str]) -> Hashes:
    found = []
    for word in words:
        algorithm, _, digest = word.partition(":")
        if algorithm not in HASH_ALGORITHMS:
            raise UsageError(f"--hash={word!r} has an algorithm that pip does not accept; use sha256, sha384 or sha512")
        if not re.fullmatch(rf"[0-9a-fA-F]{{{HASH_ALGORITHMS[algorithm]}}}", digest):
            raise UsageError(
                f"--hash={word!r} does not hold {HASH_ALGORITHMS[algorithm]} hexadecimal digits; copy it whole"
            )
        found.append((algorithm, digest.lower()))
    return tuple(found)


def _requested(body: str, origin: Origin, folder: Path) -> Requested:
    # pip takes `URL; marker` too, where the standard wants a space in front of the semicolon.
    body = re.sub(r"(?<=\S);\s", " ; ", body, count=1)
    place, extras, marker = _split_place(body)
    if _is_place(place, folder):
        return _from_place(place, origin, folder, extras=extras, marker=marker)
    try:
        requirement = Requirement(body)
    except InvalidRequirement as error:
        # As pip begins: programs look for these words, and aws-lambda-builders' own tests do.
        hint = "; '=' is not an operator, write '=='" if _LONE_EQUALS.match(body) else ""
        raise UsageError(f"Invalid requirement: {body!r}: {str(error).splitlines()[0]}{hint}") from error
    if requirement.url is not None:
        requirement.url = _absolute(requirement.url, folder)
    return Requested(origin, requirement)


def _split_place(body: str) -> tuple[str, frozenset[str], str | None]:
    """A path or URL without a name, its extras and its marker: `./project[a,b] ; python_version < "3.12"`."""
    place, _, marker = body.partition(" ;" if _URL.match(body) else ";")
    match = re.fullmatch(r"(.+?)\[([^\[\]]*)\](#.*)?", place.strip())
    if not match:
        return place.strip(), frozenset(), marker.strip() or None
    return match[1] + (match[3] or ""), _listed(match[2]), marker.strip() or None


def _listed(extras: str) -> frozenset[str]:
    return frozenset(extra.strip() for extra in extras.split(",") if extra.strip())


def _is_place(place: str, folder: Path) -> bool:
    """As pip decides, before it looks for a name: a word is a path by its slash, leading dot or archive suffix."""
    if _URL.match(place):
        return True
    before, has_at, _ = place.partition("@")
    # `name @ ./path` is a requirement with a URL, `./a@b/c.zip` a path.
    if has_at and "/" not in before and not before.startswith("."):
        return place.lower().endswith(_FILES) and (folder / place).is_file()
    return "/" in place or place.startswith(".") or place.lower().endswith(_FILES)


def _absolute(url: str, folder: Path) -> str:
    """The URL with a relative path made absolute; the path must exist."""
    if url.startswith(_VCS) or ("://" in url and not url.startswith("file:")):
        return url
    relative, separator, fragment = url.partition("#")
    if url.startswith("file:"):
        path = path_of(relative)
    elif (folder / url).exists():
        path, separator, fragment = Path(url), "", ""
    else:
        path = Path(relative)
    path = _base_of(path, folder) / path
    # No symlink is followed: a file's name says which package it holds.
    path = Path(os.path.normpath(path))
    if not path.exists():
        raise UsageError(
            f"{path.as_posix()!r} does not exist; a relative path begins at the requirements file,"
            " or else in the current folder"
        )
    return path.as_uri() + separator + fragment


def _base_of(path: Path, folder: Path) -> Path:
    """Return where a relative path begins: with the requirements file, or where pip and uv look if nothing is there."""
    here = Path.cwd()
    return here if not (folder / path).exists() and (here / path).exists() else folder


def _from_place(place: str, origin: Origin, folder: Path, *, extras: frozenset[str], marker: str | None) -> Requested:
    url = _absolute(place, folder)
    if re.search(r"\s", url):
        raise UsageError("not a URL: it has a space in it; write %20")
    try:
        parsed = None if marker is None else Marker(marker)
    except InvalidMarker as error:
        raise UsageError(f"not a marker: {marker!r}; correct what follows the semicolon") from error
    egg = re.search(r"(?:^|&)egg=([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[([^\]]*)\])?", urlsplit(url).fragment)
    name = egg[1] if egg else _name_in(url)
    extras |= _listed(egg[2] or "") if egg else frozenset()
    if name is None:
        return Requested(origin, None, url, extras, parsed)
    listed = f"[{','.join(sorted(extras))}]" if extras else ""
    suffix = f" ; {parsed}" if parsed else ""
    return Requested(origin, Requirement(f"{name}{listed} @ {url}{suffix}"))


def _name_in(url: str) -> str | None:
    """The package's name, where the file name of a wheel or an sdist says it."""
    if url.startswith(_VCS):
        return None
    filename = filename_of(url)
    try:
        if filename.endswith(".whl"):
            return parse_wheel_filename(filename)[0]
        return canonicalize_name(parse_sdist_filename(filename)[0], validate=True)
    except InvalidWheelFilename as error:
        raise UsageError(f"{filename!r} is not a valid wheel file name; give the file its original name") from error
    except (InvalidSdistFilename, InvalidName):
        return None
