"""The RECORD of each distribution in a bundle: which of the bundle's files are its own, with their hashes.

Its format: https://packaging.python.org/en/latest/specifications/recording-installed-packages/
"""

from __future__ import annotations

import posixpath
import re
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from msgspec.structs import replace

from lambda_pack.errors import IntegrityError
from lambda_pack.files.bundle import Bundle
from lambda_pack.files.entries import PLAIN, Entry, Owner, digest_of
from lambda_pack.files.folding import fold
from lambda_pack.files.members import Member
from lambda_pack.files.wheel import WheelArchive
from lambda_pack.model.packages import Pin

__all__ = ["INSTALLER", "record_line", "records_size", "with_records", "without_lines"]

INSTALLER: Final = b"lambda-pack\n"

_BYTECODE = re.compile(r"(?P<folder>(?:.*/)?)(?:__pycache__/)?(?P<module>[^/.]+)(?:\.[^/]+)?\.pyc")


def with_records(bundle: Bundle, wheels: Iterable[WheelArchive], *, prefix: str) -> Bundle:
    """Return the bundle with a RECORD and an INSTALLER beside the metadata of each of these wheels that is in it.

    Hashes are those of the wheel's own RECORD, so that no file is hashed again; only what was made for the bundle
    (a stripped library, bytecode, a script with another first line) is. Paths are relative to `prefix`, the folder
    that Python finds the metadata in, as importlib.metadata expects.

    Raises:
        IntegrityError: a member of a wheel is damaged.
        UsageError: a file on disk cannot be read.
    """
    kept = {posixpath.dirname(entry.path) for entry in bundle.entries if ".dist-info/" in entry.path}
    described = [wheel for wheel in wheels if prefix + wheel.dist_info in kept]
    entries = {entry.path: entry for entry in bundle.entries}
    hashes = _Hashes(described)
    files = _files(bundle, described, prefix)
    for wheel in described:
        owner = entries[f"{prefix}{wheel.dist_info}/METADATA"].owner
        made = _made(f"{prefix}{wheel.dist_info}/INSTALLER", INSTALLER, owner)
        lines = [hashes.line(entry, entry.path.removeprefix(prefix)) for entry in (*files[wheel.pin], made)]
        text = "".join([*sorted(lines), f"{_quoted(f'{wheel.dist_info}/RECORD')},,\n"])
        record = _made(f"{prefix}{wheel.dist_info}/RECORD", text.encode(), owner)
        entries |= {made.path: made, record.path: record}
    return replace(bundle, entries=tuple(entries[path] for path in sorted(entries)))


def records_size(bundle: Bundle, wheel: WheelArchive) -> int:
    """Return the bytes that `with_records` has added beside the metadata of a wheel."""
    made = tuple(f"{wheel.dist_info}/{name}" for name in ("INSTALLER", "RECORD"))
    return sum(entry.size for entry in bundle.entries if entry.path.endswith(made))


def without_lines(record: bytes, paths: Iterable[str]) -> bytes:
    """Return a RECORD that `with_records` wrote without the lines of these paths."""
    gone = tuple(f"{_quoted(path)}," for path in paths)
    lines = record.decode().splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith(gone)).encode()


def record_line(entry: Entry) -> str:
    """Return the line of a RECORD for a file, with the hash of its content."""
    return f"{_quoted(entry.path)},{_hashed(entry)},{entry.size}\n"


def _made(path: str, content: bytes, owner: Owner) -> Entry:
    return Entry(path, content, PLAIN, owner, len(content))


def _files(bundle: Bundle, wheels: Sequence[WheelArchive], prefix: str) -> Mapping[Pin, list[Entry]]:
    """The files of each wheel in the bundle, in its order; one that several wheels have is among all of theirs."""
    of_archives = {wheel.archive: wheel.pin for wheel in wheels}
    # The user's own projects are packed under one owner, and what was made of their files has no archive any more.
    mine = [wheel for wheel in wheels if all(entry.owner != wheel.pin for entry in bundle.entries)]
    own = {entry.path: wheel.pin for wheel in mine for entry in fold(wheel, prefix)}
    by_path = {entry.path: entry for entry in bundle.entries}
    files: dict[Pin, list[Entry]] = {wheel.pin: [] for wheel in wheels}
    for path, entry in by_path.items():
        match entry:
            case Entry(content=Member(archive=archive)):
                pin = of_archives.get(archive)
            case Entry(content=bytes(), owner=Pin() as owner):
                pin = owner if owner in files else None
            case Entry(content=bytes()):
                pin = own.get(path) or own.get(_source(path))
            case _:
                pin = None
        if pin is not None:
            files[pin].append(entry)
    for path, other in bundle.shared:
        if other in files and path in by_path:
            files[other].append(by_path[path])
    return files


def _source(path: str) -> str:
    """The module that bytecode was compiled from."""
    return _BYTECODE.sub(r"\g<folder>\g<module>.py", path)


class _Hashes:
    """The hashes that wheels promise in their own RECORD files."""

    def __init__(self, wheels: Iterable[WheelArchive]) -> None:
        self._known = {wheel.archive: _recorded(wheel) for wheel in wheels}

    def line(self, entry: Entry, path: str) -> str:
        """The line for a file of the bundle, at its path from the folder of the metadata."""
        promised = ""
        if isinstance(entry.content, Member):
            promised = self._known.get(entry.content.archive, {}).get(entry.content.name, "")
        return f"{_quoted(path)},{promised or _hashed(entry)},{entry.size}\n"


def _recorded(wheel: WheelArchive) -> Mapping[str, str]:
    """What RECORD promises of each file; nothing where it cannot be read, which an index's digest makes up for."""
    try:
        return wheel.recorded()
    except IntegrityError:
        return {}


def _hashed(entry: Entry) -> str:
    return f"sha256={urlsafe_b64encode(digest_of(entry)).decode().rstrip('=')}"


def _quoted(path: str) -> str:
    """A path as a CSV reader takes it."""
    return '"{}"'.format(path.replace('"', '""')) if {'"', ","} & {*path} else path
