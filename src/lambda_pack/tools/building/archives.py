"""Archives of source, unpacked without letting one of them write anywhere else.

Python 3.11.0 to 3.11.3 (Debian 12 has 3.11.2) lack the filters of PEP 706, so what a member may be is checked here on
every Python. Where the filter "data" exists, it checks once more.
"""

from __future__ import annotations

import gzip
import os
import tarfile
import zipfile
from copy import copy
from pathlib import Path, PurePosixPath
from typing import Any

from lambda_pack.model.input_limits import ARCHIVE_BYTES, ARCHIVE_MEMBERS

__all__ = ["HAS_FILTERS", "unpack_tar", "unpack_zip"]

HAS_FILTERS = hasattr(tarfile, "data_filter")
"""Whether this Python has PEP 706."""


def unpack_tar(archive: Path, into: Path, *, filtered: bool = HAS_FILTERS) -> None:
    """Unpack a tar archive into a new folder: files, folders, and links that stay inside.

    `filtered` says whether Python's own filter looks at each member as well.

    Raises:
        tarfile.TarError: it is damaged, or a member leads out of the folder or is a device.
        OSError: a file cannot be written.
    """
    into.mkdir()
    # Our own checks come first in both cases, so both refuse the same.
    options: dict[str, Any] = {"filter": "data" if filtered else "fully_trusted"} if HAS_FILTERS else {}
    room = _Room()
    with tarfile.open(archive) as opened:
        for member in opened:
            room.take(member.size)
            # One after the other: a link that was unpacked before decides where the next member would go.
            opened.extract(_checked(member, into), into, **options)
        _read_to_the_end(opened.fileobj, room)


def unpack_zip(archive: Path, into: Path) -> None:
    """Unpack a zip archive into a new folder.

    Raises:
        zipfile.BadZipFile: it is damaged.
        OSError: a file cannot be written.
    """
    room = _Room()
    with zipfile.ZipFile(archive) as opened:
        for info in opened.infolist():
            # Not more than this is ever written: zipfile stops there.
            room.take(info.file_size)
            # `extract` drops what would lead out.
            path = opened.extract(info, into)
            if info.external_attr >> 16 & 0o111 and not info.is_dir():
                # A `configure` without its permission cannot be started.
                Path(path).chmod(0o755)


def _read_to_the_end(stream: Any, room: _Room) -> None:  # noqa: ANN401  # any object that reads
    """Read what follows the last member, so that the checksum at the end of a compressed stream is compared."""
    try:
        while stream is not None and (piece := stream.read(1 << 20)):
            room.take(len(piece))
    except gzip.BadGzipFile as error:
        # Bytes behind a complete stream: gzip and pip leave them aside.
        if not str(error).startswith("Not a gzipped file"):
            raise


class _Room:
    """Counts what is unpacked, up to the limits of what any archive of source holds."""

    def __init__(self) -> None:
        self._members = self._bytes = 0

    def take(self, size: int) -> None:
        """Count one more member of this size, in bytes, before it is written.

        Raises:
            tarfile.ExtractError: there are too many, or they are too large together.
        """
        self._members += 1
        self._bytes += max(size, 0)
        for count, limit in ((self._members, ARCHIVE_MEMBERS), (self._bytes, ARCHIVE_BYTES)):
            if count > limit.most:
                raise tarfile.ExtractError(f"it {limit.refusal()}")


def _checked(member: tarfile.TarInfo, into: Path) -> tarfile.TarInfo:
    """Return the member with harmless permissions and no owner.

    Raises:
        tarfile.TarError: it must not be unpacked.
    """
    if not (member.isreg() or member.isdir() or member.issym() or member.islnk()):
        raise tarfile.ExtractError(f"{member.name!r} is neither a file nor a folder nor a link")
    _check_path(member.name, member.name, into)
    if member.issym():
        _check_path(str(PurePosixPath(member.name).parent / member.linkname), member.name, into, link=member.linkname)
    elif member.islnk():
        _check_path(member.linkname, member.name, into, link=member.linkname)
    checked = copy(member)
    checked.uid, checked.gid = _user()
    checked.uname = checked.gname = ""
    checked.mode = 0o755 if member.isdir() else _harmless(member.mode)
    return checked


def _check_path(path: str, name: str, into: Path, *, link: str | None = None) -> None:
    """Refuse what is absolute or leads out, by itself or through links that were unpacked before."""
    target = path if link is None else link
    outside = PurePosixPath(target).is_absolute() or os.path.isabs(target)  # noqa: PTH117  # Windows' idea of it as well
    if link is None:
        outside = outside or ".." in PurePosixPath(path).parts
    else:
        outside = outside or Path(os.path.normpath(path)).parts[:1] == (os.pardir,)
    root = Path(os.path.realpath(into))
    if outside or not Path(os.path.realpath(root / path)).is_relative_to(root):
        where = f"the link {name!r} to {link!r}" if link is not None else repr(name)
        raise tarfile.ExtractError(f"{where} leads out of the archive")


def _harmless(mode: int) -> int:
    """Return the mode as the filter "data" does: the owner alone writes, and others start only what the owner can."""
    mode = (mode & 0o755) | 0o600
    return mode if mode & 0o100 else mode & ~0o111


def _user() -> tuple[int, int]:
    return (os.getuid(), os.getgid()) if hasattr(os, "getuid") else (0, 0)
