"""One member of a mapped zip archive: its bytes as they lie in the archive, or inflated and checked."""

from __future__ import annotations

import stat
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from mmap import mmap
from pathlib import Path
from typing import Final, NamedTuple

from msgspec import Struct

from lambda_pack.errors import IntegrityError
from lambda_pack.files.inflate import DEFLATED, STORED, DamagedData, inflate
from lambda_pack.files.mapping import mapped
from lambda_pack.files.zip_records import LOCAL, LOCAL_SIGNATURE, SMALL_FIELD, UTF8

__all__ = ["ENCRYPTED", "Mapped", "Member", "long_fields", "mapped_archive"]

ENCRYPTED: Final = 0x0001 | 0x0040 | 0x2000  # weak, strong, and a masked directory
_DESCRIPTOR: Final = 0x0008
_OF_WHEELS: Final = "fetch the wheel again, and tell its publisher if that does not help"
_BEGINNING: Final = 1 << 10  # in bytes: the tables of a deflated block take less than 300


class Mapped(Struct, frozen=True, eq=False):
    """An archive in memory, valid until whoever mapped it closes it. Errors say its name, and end in `advice`."""

    path: Path
    data: mmap
    view: memoryview
    advice: str = _OF_WHEELS

    @property
    def name(self) -> str:
        """Of the file."""
        return self.path.name

    def refusal(self, why: str, member: str | None = None) -> IntegrityError:
        """The error that says why the archive, or one member of it, is not used."""
        where = f"{member!r} in {self.name!r}" if member is not None else repr(self.name)
        return IntegrityError(f"{where} {why}; {self.advice}")


@contextmanager
def mapped_archive(path: Path, *, advice: str = _OF_WHEELS) -> Iterator[Mapped]:
    """Map a whole file; the archive and everything that came out of it are valid inside the `with` block only.

    Raises:
        IntegrityError: the file is missing or empty.
    """
    try:
        with path.open("rb", buffering=0) as file:
            data, _ = mapped(file)
    except (OSError, ValueError) as error:
        raise IntegrityError(f"{path.name!r} cannot be read ({error}); {advice}") from error
    view = memoryview(data)
    try:
        yield Mapped(path, data, view, advice)
    finally:
        # After an error, frames of the traceback still hold pieces of the map: it then ends together with them.
        with suppress(BufferError):
            view.release()
            data.close()


class Member(NamedTuple):
    """A file in an archive as its central directory describes it; sizes and offsets in bytes.

    A named tuple, because a bundle has thousands: a struct takes twice as long to make.

    `mode` is the Unix mode, 0 when the archive does not come from Unix. `header` is where the local header begins,
    `limit` where the next one, or the central directory, does.
    """

    archive: Mapped
    name: str
    flags: int
    method: int
    crc: int
    compressed_size: int
    size: int
    mode: int
    header: int
    limit: int

    @property
    def executable(self) -> bool:
        """Whether anybody may execute it."""
        return bool(self.mode & 0o111)

    @property
    def symlink(self) -> bool:
        """Whether its content is the path of another member."""
        return stat.S_ISLNK(self.mode)

    @property
    def is_copied(self) -> bool:
        """Whether an archive takes it as it lies here: not what no Lambda could inflate."""
        return self.method in {STORED, DEFLATED}

    def refusal(self, why: str) -> IntegrityError:
        """The error that says why the member is not used."""
        return self.archive.refusal(why, self.name)

    def raw(self) -> memoryview:
        """The bytes as they lie in the archive, compressed or not; no copy is made.

        Raises:
            IntegrityError: the local header and the central directory disagree.
        """
        data = self.archive.data
        try:
            signature, _, flags, method, _, _, crc, packed, size, name_length, extra_length = LOCAL.unpack_from(
                data, self.header
            )
        except struct.error as error:
            raise self.refusal("begins outside of the file") from error
        names_end = self.header + LOCAL.size + name_length
        begin = names_end + extra_length
        if signature != LOCAL_SIGNATURE or begin + self.compressed_size > self.limit:
            raise self.refusal("has no header where the directory says, or runs into what follows it")
        name = data[self.header + LOCAL.size : names_end]
        if SMALL_FIELD in (packed, size):
            packed, size = _long_sizes(data[names_end:begin], packed, size)
        if (
            method != self.method
            or (flags ^ self.flags) & (ENCRYPTED | _DESCRIPTOR | (0 if self.name.isascii() else UTF8))
            or name != self.name.encode("utf-8" if self.flags & UTF8 or self.name.isascii() else "cp437")
            or (not flags & _DESCRIPTOR and (crc, packed, size) != (self.crc, self.compressed_size, self.size))
        ):
            raise self.refusal("is described differently by its own header and by the archive's directory")
        return self.archive.view[begin : begin + self.compressed_size]

    def chunks(self) -> Iterator[bytes]:
        """The content in pieces of at most 1 MiB; no more than `size` bytes are ever inflated.

        Raises:
            IntegrityError: after the last piece, or before: the content is not what size and CRC promise.
        """
        crc, left = 0, self.size
        try:
            for piece in inflate(self.method, self.raw()):
                left -= len(piece)
                if left < 0:
                    break
                crc = zlib.crc32(piece, crc)
                yield piece
        except DamagedData as error:
            raise self.refusal(f"cannot be decompressed ({error})") from error
        if left or crc != self.crc:
            raise self.refusal("is damaged: its content differs from its size or its CRC")

    def begin(self, count: int) -> bytes:
        """The first `count` bytes, or fewer, as they are: nothing beyond them is inflated, so nothing is checked.

        Raises:
            IntegrityError: the local header and the central directory disagree, or the data are damaged.
        """
        if self.method != DEFLATED:
            return next(self.chunks(), b"")[:count]
        try:
            return zlib.decompressobj(-zlib.MAX_WBITS).decompress(self.raw()[:_BEGINNING], count)
        except zlib.error as error:
            raise self.refusal(f"cannot be decompressed ({error})") from error

    def read(self) -> bytes:
        """The whole content, checked; see `chunks`."""
        return b"".join(self.chunks())

    def read_at_once(self) -> bytes:
        """The same for what is large and wanted as one piece: half the time, twice the memory.

        Raises:
            IntegrityError: the content is not what size and CRC promise.
        """
        if self.method != DEFLATED:
            return self.read()
        from deflate import DeflateError, crc32, deflate_decompress

        try:
            content = bytes(deflate_decompress(bytes(self.raw()), self.size))
        except DeflateError as error:
            raise self.refusal(f"cannot be decompressed ({error})") from error
        if len(content) != self.size or crc32(content) != self.crc:
            raise self.refusal("is damaged: its content differs from its size or its CRC")
        return content


def _long_sizes(extra: bytes, packed: int, size: int) -> tuple[int, int]:
    """The two sizes of a local header, those that did not fit taken from its zip64 extra field."""
    values = iter(long_fields(extra))
    size = next(values, size) if size == SMALL_FIELD else size
    return next(values, packed) if packed == SMALL_FIELD else packed, size


def long_fields(extra: bytes) -> tuple[int, ...]:
    """The 64-bit numbers of the zip64 extra field (APPNOTE 4.5.3), none when there is no such field."""
    while len(extra) >= 4:  # noqa: PLR2004  # the length of a field's own header
        kind, length = struct.unpack_from("<2H", extra)
        if kind == 1:
            return tuple(number for (number,) in struct.iter_unpack("<Q", extra[4 : 4 + min(length, 24) // 8 * 8]))
        extra = extra[4 + length :]
    return ()
