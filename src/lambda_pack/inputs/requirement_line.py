"""One logical line of a requirements file, in pip's syntax, into a value."""

from __future__ import annotations

import argparse
import re
import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn, TypeAlias
from urllib.parse import urlsplit
from urllib.request import url2pathname

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename

from lambda_pack.errors import UsageError
from lambda_pack.model.packages import Hashes, filename_of
from lambda_pack.model.requirements import Origin, Requested

__all__ = ["Include", "Line", "Option", "parse_line"]

_HASHES = {"sha256": 64, "sha384": 96, "sha512": 128}
_VCS = ("git+", "hg+", "svn+", "bzr+")
_ARCHIVES = (".whl", ".zip", ".tar.gz", ".tgz", ".tar.bz2", ".tbz", ".tar.xz", ".txz", ".tar.lzma", ".tlz", ".tar")


@dataclass(frozen=True, slots=True)
class Include:
    """`-r FILE` or `-c FILE`."""

    path: Path
    constraint: bool


@dataclass(frozen=True, slots=True)
class Option:
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
    ("--require-hashes",): ("require-hashes", False),
}


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        raise UsageError(message)


def _parser() -> _Parser:
    parser = _Parser(add_help=False, allow_abbrev=False, prog="")
    for spellings, (name, has_value) in _OPTIONS.items():
        parser.add_argument(*spellings, dest=name, action="store" if has_value else "store_true")
    parser.add_argument("-r", "--requirement")
    parser.add_argument("-c", "--constraint")
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
        return _parse(text, origin, folder)
    except UsageError as error:
        raise UsageError(f"{origin}: {error} (in {text!r})") from error


def _parse(text: str, origin: Origin, folder: Path) -> tuple[Line, ...]:
    # Everything before the first option belongs to the requirement: a marker may hold quotes and dashes of its own.
    match = re.search(r"(?:^|\s)(-{1,2}[A-Za-z])", text)
    body, options = (text, "") if match is None else (text[: match.start()].strip(), text[match.start() :])
    try:
        words = shlex.split(options)
    except ValueError as error:
        raise UsageError(f"{error}; quote the value") from error
    given, strangers = _parser().parse_known_args(words)
    if strangers:
        raise UsageError(f"{strangers[0]!r} is not an option of a requirements line")
    # A bundle has no use for a link to a folder of the build machine: `-e` is built as a plain wheel.
    wanted = body or given.editable
    if wanted:
        requested = _requested(wanted, origin, folder)
        settings = _config_settings(given.config_settings)
        return (replace(requested, hashes=_hashes(given.hash), config_settings=settings),)
    includes = ((given.requirement, False), (given.constraint, True))
    return (
        *(Include(folder / path, constraint) for path, constraint in includes if path is not None),
        *_file_options(given, folder),
    )


def _file_options(given: argparse.Namespace, folder: Path) -> tuple[Option, ...]:
    found = []
    for name, has_value in _OPTIONS.values():
        value = getattr(given, name)
        if name == "find-links" and value and "://" not in value and (folder / value).exists():
            value = str(folder / value)
        if value:
            found.append(Option(name, value if has_value else ""))
    return tuple(found)


def _hashes(words: list[str]) -> Hashes:
    found = []
    for word in words:
        algorithm, _, digest = word.partition(":")
        if algorithm not in _HASHES:
            raise UsageError(f"--hash={word!r} has an algorithm that pip does not accept; use sha256, sha384 or sha512")
        if not re.fullmatch(rf"[0-9a-fA-F]{{{_HASHES[algorithm]}}}", digest):
            raise UsageError(f"--hash={word!r} does not hold {_HASHES[algorithm]} hexadecimal digits")
        found.append((algorithm, digest.lower()))
    return tuple(found)


def _config_settings(words: list[str]) -> tuple[tuple[str, str], ...]:
    pairs = []
    for word in words:
        key, separator, value = word.partition("=")
        if not separator or not key:
            raise UsageError(f"--config-settings={word!r} is not KEY=VALUE")
        pairs.append((key, value))
    return tuple(pairs)


def _requested(body: str, origin: Origin, folder: Path) -> Requested:
    try:
        requirement = Requirement(body)
    except InvalidRequirement as error:
        place, extras, marker = _split_place(body)
        if not _is_place(place, folder):
            raise UsageError(f"not a requirement: {str(error).splitlines()[0]}") from error
        return _from_place(place, origin, folder, extras=extras, marker=marker)
    if requirement.url is None and not requirement.specifier and _is_bare_path(body, folder):
        return _from_place(body, origin, folder, extras=frozenset(), marker=None)
    if requirement.url is not None:
        requirement.url = _absolute(requirement.url, folder)
    return Requested(origin, requirement)


def _is_bare_path(body: str, folder: Path) -> bool:
    # pip too reads a word with a slash or a leading dot as a path, never a plain word.
    return ("/" in body or body.startswith(".")) and (folder / body).exists()


def _split_place(body: str) -> tuple[str, frozenset[str], str | None]:
    """A path or URL without a name, its extras and its marker: `./project[a,b] ; python_version < "3.12"`."""
    place, separator, marker = body.partition(" ;")
    if separator:
        try:
            Marker(marker)
        except InvalidMarker as error:
            raise UsageError(f"not a marker: {marker.strip()!r}") from error
    match = re.fullmatch(r"(.+?)\[([^\[\]]*)\](#.*)?", place.strip())
    if not match:
        return place.strip(), frozenset(), marker.strip() or None
    extras = frozenset(extra.strip() for extra in match[2].split(",") if extra.strip())
    return match[1] + (match[3] or ""), extras, marker.strip() or None


def _is_place(place: str, folder: Path) -> bool:
    return (
        "://" in place
        or place.startswith((*_VCS, "file:", ".", "/"))
        or place.lower().endswith(_ARCHIVES)
        or (folder / place).exists()
    )


def _absolute(url: str, folder: Path) -> str:
    """The URL with a relative path made absolute; the path must exist."""
    if url.startswith(_VCS) or ("://" in url and not url.startswith("file:")):
        return url
    relative, separator, fragment = url.partition("#")
    path = Path(url2pathname(urlsplit(relative).path)) if relative.startswith("file:") else Path(relative)
    path = folder / path
    if not path.exists():
        raise UsageError(f"{path.as_posix()!r} does not exist; a relative path begins at the requirements file")
    return path.resolve().as_uri() + separator + fragment


def _from_place(place: str, origin: Origin, folder: Path, *, extras: frozenset[str], marker: str | None) -> Requested:
    url = _absolute(place, folder)
    name = _name_in(url)
    if name is None:
        return Requested(origin, None, url, extras, marker)
    listed = f"[{','.join(sorted(extras))}]" if extras else ""
    suffix = f" ; {marker}" if marker else ""
    return Requested(origin, Requirement(f"{name}{listed} @ {url}{suffix}"))


def _name_in(url: str) -> str | None:
    """The package's name, where the URL says it: `#egg=NAME`, a wheel's or an sdist's file name."""
    fragment = urlsplit(url).fragment
    egg = re.search(r"(?:^|&)egg=([A-Za-z0-9][A-Za-z0-9._-]*)", fragment)
    if egg:
        return egg[1]
    if url.startswith(_VCS):
        return None
    filename = filename_of(url)
    try:
        if filename.endswith(".whl"):
            return parse_wheel_filename(filename)[0]
        return parse_sdist_filename(filename)[0]
    except InvalidWheelFilename as error:
        raise UsageError(f"{filename!r} is not a valid wheel file name") from error
    except InvalidSdistFilename:
        return None
