"""A wheel on disk: its members, its two special folders, its metadata and its RECORD."""

from __future__ import annotations

import hashlib
import posixpath
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Final

from msgspec import Struct
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from lambda_pack.errors import UsageError
from lambda_pack.files.directory import read_directory
from lambda_pack.files.members import Mapped, Member, mapped_archive
from lambda_pack.model.packages import Pin
from lambda_pack.model.requirements import CHECKED_ALGORITHMS

__all__ = ["LARGEST_METADATA", "WheelArchive", "means", "open_wheel", "pin_of"]

_MOST_HOPS = 40  # as Linux does
_LONGEST_TARGET = 4096

LARGEST_METADATA: Final = 32 << 20
"""In bytes: it is read as a whole, and a few kilobytes can unpack to gigabytes."""


class WheelArchive(Struct, frozen=True, eq=False):
    """An open wheel. `dist_info` is the name of its metadata folder, `data_folders` those of its `.data` folders."""

    pin: Pin
    archive: Mapped
    by_name: Mapping[str, Member]
    dist_info: str
    data_folders: tuple[str, ...] = ()

    @property
    def members(self) -> tuple[Member, ...]:
        """The files in the order in which they lie in the archive."""
        return tuple(self.by_name.values())

    def metadata(self) -> bytes:
        """The METADATA file.

        Raises:
            IntegrityError: there is none, or it is damaged or too large to be one.
        """
        found = self.file(f"{self.dist_info}/METADATA")
        if found.size > LARGEST_METADATA:
            raise found.refusal(f"claims {found.size} bytes, which no METADATA has")
        return found.read()

    def file(self, name: str) -> Member:
        """The member with this name; `IntegrityError` when there is none."""
        if name not in self.by_name:
            raise self.archive.refusal(f"has no {name!r}")
        return self.by_name[name]

    def digest(self) -> str:
        """The SHA-256 of the whole file as it is mapped here: what is checked is what will be copied."""
        return hashlib.sha256(self.archive.view).hexdigest()

    def follow(self, member: Member) -> Member:
        """The member itself, or the file that a symbolic link finally leads to: a bundle holds copies, not links.

        Raises:
            IntegrityError: the link leaves the wheel, or leads nowhere, to a folder or in a circle.
        """
        found = member
        for _ in range(_MOST_HOPS):
            if not found.symlink:
                return found
            if found.size > _LONGEST_TARGET:
                raise found.refusal("is a symbolic link to a path longer than any system allows")
            target = found.read().decode("utf-8", "replace")
            path = posixpath.normpath(posixpath.join(posixpath.dirname(found.name), target))
            if target.startswith("/") or path.startswith("../") or path not in self.by_name:
                raise member.refusal(f"is a symbolic link to {target!r}, which is no file of the wheel")
            found = self.by_name[path]
        raise member.refusal("is a symbolic link that leads in a circle")

    def verify_record(self) -> None:
        """Check every file's CRC and its hash in RECORD: for wheels whose own digest nobody promised.

        Takes about 4 seconds for each 128 MB of wheel.

        Raises:
            IntegrityError: a file differs, is missing, or is not listed.
        """
        record = f"{self.dist_info}/RECORD"
        expected = dict(self.recorded())
        exempt = {record, f"{record}.jws", f"{record}.p7s"}
        for name, member in self.by_name.items():
            promised = expected.pop(name, None)
            if not promised and name not in exempt:
                raise member.refusal("has no hash in RECORD")
            if _digest(member, promised) != promised:
                raise member.refusal("is not what its hash in RECORD says")
        missing = sorted(expected.keys() - exempt)
        if missing:
            raise self.archive.refusal(f"lacks {missing[0]!r}, which its RECORD lists")

    def recorded(self) -> Mapping[str, str]:
        """Return the hash that RECORD promises of each file, such as 'sha256=…'; '' where it has none.

        Raises:
            IntegrityError: it is missing or damaged.
        """
        import csv

        record = f"{self.dist_info}/RECORD"
        try:
            rows = list(csv.reader(self.file(record).read().decode("utf-8").splitlines(), strict=True))
        except (UnicodeDecodeError, csv.Error) as error:
            raise self.archive.refusal(f"has a damaged RECORD ({error})") from error
        return {row[0]: row[1] if len(row) > 1 else "" for row in rows if row}


@contextmanager
def open_wheel(path: Path, pin: Pin | None = None) -> Iterator[WheelArchive]:
    """Map a wheel and read its directory; `pin` is what it must be, by default what its file name says.

    The archive and everything that came out of it are valid inside the `with` block only.

    Raises:
        IntegrityError: the file is missing, damaged, hostile, or another package than `pin`.
        UsageError: no pin was given and the name is not a wheel's.
    """
    pin = pin or pin_of(path)
    with mapped_archive(path) as archive:
        yield _wheel(pin, archive)


def _wheel(pin: Pin, archive: Mapped) -> WheelArchive:
    members = MappingProxyType({member.name: member for member in read_directory(archive)})
    tops = dict.fromkeys(name.partition("/")[0] for name in members if "/" in name)
    dist_infos = [name for name in tops if name.endswith(".dist-info")]
    if len(dist_infos) != 1:
        raise archive.refusal(f"must have one .dist-info folder but has {len(dist_infos)}")
    if not means(dist_infos[0].removesuffix(".dist-info"), pin):
        raise archive.refusal(f"is not {pin}: its metadata folder is {dist_infos[0]!r}")
    data = tuple(name for name in tops if name.endswith(".data") and means(name.removesuffix(".data"), pin))
    return WheelArchive(pin, archive, members, dist_infos[0], data)


def means(stem: str, pin: Pin) -> bool:
    """Whether `name-version` means the pin, whatever its spelling: old tools left dashes in either part."""
    dashes = (at for at, letter in enumerate(stem) if letter == "-")
    return any(canonicalize_name(stem[:at]) == pin.name and _same(stem[at + 1 :], pin.version) for at in dashes)


def _same(text: str, version: Version | None) -> bool:
    """Whether the text is the version; any is, while nobody knows which (see `Pin`)."""
    try:
        return Version(text.replace("_", "-")) == version or version is None
    except InvalidVersion:
        return False


def pin_of(path: Path) -> Pin:
    """What a wheel's file name says; `UsageError` where it is not the name of a wheel."""
    try:
        name, version, _, _ = parse_wheel_filename(path.name)
    except InvalidWheelFilename as error:
        raise UsageError(f"{path.name!r} is not the name of a wheel; give the file its original name") from error
    return Pin(name, version)


def _digest(member: Member, promised: str | None) -> str | None:
    """The member's hash in the notation of RECORD, its CRC checked on the way; None where nothing was promised."""
    algorithm = promised.partition("=")[0] if promised else "sha256"
    # The standard says SHA-256 or better; hashlib knows more, some of them broken.
    if not CHECKED_ALGORITHMS.get(algorithm, False):
        raise member.refusal(f"has a hash of the kind {algorithm!r} in RECORD, which proves nothing")
    digest = hashlib.new(algorithm)
    for piece in member.chunks():
        digest.update(piece)
    if not promised:
        return promised
    from base64 import urlsafe_b64encode

    return f"{algorithm}={urlsafe_b64encode(digest.digest()).decode().rstrip('=')}"
