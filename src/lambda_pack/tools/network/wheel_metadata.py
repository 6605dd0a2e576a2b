"""METADATA of a wheel that stays where it is: the index's own copy, or the few parts of the zip that hold it."""

from __future__ import annotations

import io
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, TypeVar

from lambda_pack.errors import IndexUnavailable, IntegrityError
from lambda_pack.files.wheel import LARGEST_METADATA, means
from lambda_pack.model.packages import Hashes, Wheel
from lambda_pack.tools.network.digests import Promise
from lambda_pack.tools.network.http import Session

if TYPE_CHECKING:
    from zipfile import ZipFile

    from _typeshed import WriteableBuffer
    from urllib3.response import BaseHTTPResponse

__all__ = ["offered_metadata", "ranged", "read_metadata", "read_size"]

Found = TypeVar("Found")

# The central directory of nearly every wheel, METADATA often included, is within the first; a header within the second.
_TAIL = 65_536
_STEP = 16_384


def read_metadata(wheel: Wheel, file: Path | BinaryIO) -> bytes:
    """The METADATA of a wheel's zip.

    Raises:
        IntegrityError: it is no zip, or not this wheel's.
    """
    with _opened(wheel, file) as archive:
        names = [name for name in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", name)]
        own = [name for name in names if means(name.removesuffix(".dist-info/METADATA"), wheel.pin)] or names
        if len(own) != 1:
            raise IntegrityError(f"{wheel.filename!r} has {len(own)} METADATA files instead of one; do not use it")
        if archive.getinfo(own[0]).file_size > LARGEST_METADATA:
            raise IntegrityError(f"{wheel.filename!r} has a METADATA larger than any is; do not use it")
        return archive.read(own[0])


def read_size(wheel: Wheel, file: Path | BinaryIO) -> int:
    """What the files of a wheel's zip have unpacked, in bytes, but for the list of them, which no bundle has.

    Raises:
        IntegrityError: it is no zip.
    """
    with _opened(wheel, file) as archive:
        return sum(one.file_size for one in archive.infolist() if not one.filename.endswith(".dist-info/RECORD"))


@contextmanager
def _opened(wheel: Wheel, file: Path | BinaryIO) -> Iterator[ZipFile]:
    from zipfile import BadZipFile, ZipFile  # most packs look into no wheel that stays where it is

    try:
        with ZipFile(file) as archive:
            yield archive
    except io.UnsupportedOperation:
        # Not the wheel's fault: the server sends no parts.
        raise
    except (BadZipFile, EOFError, LookupError, OSError, RuntimeError, ValueError, zlib.error, struct.error) as error:
        raise IntegrityError(f"{wheel.filename!r} is not a zip that can be read: {error}; do not use it") from error


def offered_metadata(session: Session, wheel: Wheel, hashes: Hashes) -> bytes | None:
    """The file that the index offers beside the wheel (PEP 658); None where it promised one and has none.

    Raises:
        IntegrityError: it is not what the index promised.
        IndexUnavailable: the index did not answer.
    """
    url = f"{wheel.url}.metadata"
    response = session.get(url)
    if response.status in {404, 410}:
        return None
    promise = Promise.of(hashes)
    digest = promise.digest()
    digest.update(response.body)
    if not promise.is_kept(digest.hexdigest()):
        raise promise.broken(digest.hexdigest(), filename=f"{wheel.filename}.metadata", where=session.shown(url))
    return response.body


def ranged(session: Session, wheel: Wheel, read: Callable[[Wheel, BinaryIO], Found]) -> Found | None:
    """What `read` finds in a wheel on the server; None where the server sends no parts.

    Raises:
        IntegrityError: what is there is no wheel.
        IndexUnavailable: the server did not answer.
    """
    try:
        with io.BufferedReader(_RemoteFile(session, wheel.url), _STEP) as file:
            return read(wheel, file)
    except io.UnsupportedOperation:
        return None


class _RemoteFile(io.RawIOBase):
    """A file on a server, of which only those parts are fetched that are read."""

    def __init__(self, session: Session, url: str) -> None:
        """The end of the file is fetched at once.

        Raises:
            io.UnsupportedOperation: the server does not send parts.
        """
        super().__init__()
        self._session = session
        self._url = url
        self._position = 0
        self._parts: list[tuple[int, bytes]] = []
        self._size = self._fetch(f"bytes=-{_TAIL}")

    def seekable(self) -> bool:
        """Yes."""
        return True

    def readable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """The position, in bytes."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move; nothing is fetched yet."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = max(0, base + offset)
        return self._position

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill the buffer with what one part has of it; the part is fetched where it is not here."""
        view = memoryview(buffer).cast("B")
        if self._position >= self._size:
            return 0
        content = self._here()
        if not content:
            last = min(self._position + max(len(view), _STEP), self._size) - 1
            self._fetch(f"bytes={self._position}-{last}")
            content = self._here()
        count = min(len(content), len(view))
        view[:count] = content[:count]
        self._position += count
        return count

    def _here(self) -> bytes:
        """What is known from the position on, without a gap."""
        for start, content in self._parts:
            if start <= self._position < start + len(content):
                return content[self._position - start :]
        return b""

    def _fetch(self, wanted: str) -> int:
        """Keep the part; the size of the whole file."""
        headers = {"Range": wanted, "Accept-Encoding": "identity"}
        with self._session.open(self._url, headers=headers) as response:
            if response.status in {200, 416}:
                raise io.UnsupportedOperation
            if response.status != HTTPStatus.PARTIAL_CONTENT:
                raise self._session.refusal(self._url, response.status)
            match = re.fullmatch(r"bytes (\d+)-\d+/(\d+)", response.headers.get("Content-Range", ""))
            if match is None:
                raise io.UnsupportedOperation
            self._parts.append((int(match[1]), _body(self._session, self._url, response)))
            return int(match[2])


def _body(session: Session, url: str, response: BaseHTTPResponse) -> bytes:
    from urllib3.exceptions import HTTPError

    try:
        return response.read(decode_content=False)
    except HTTPError as error:
        raise IndexUnavailable(
            f"a part of {session.shown(url)!r} was cut off: {type(error).__name__}; run again"
        ) from error
