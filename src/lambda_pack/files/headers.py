"""The headers of the zip archives that we write: constant but for what a member needs, so the same on any machine."""

from __future__ import annotations

import struct
from typing import Final, NamedTuple

from lambda_pack.files.zip_records import (
    CENTRAL,
    CENTRAL_SIGNATURE,
    END,
    END64,
    END64_SIGNATURE,
    END_SIGNATURE,
    LARGEST_COUNT,
    LOCAL,
    LOCAL_SIGNATURE,
    LOCATOR,
    LOCATOR_SIGNATURE,
    SMALL_FIELD,
    UNIX,
    UTF8,
)

__all__ = ["Head", "central_header", "end_of_archive", "local_header"]

_TIME: Final = 0
_DATE: Final = 1 << 5 | 1  # 1980-01-01, the first day a zip can name
_MADE_BY_UNIX: Final = UNIX << 8
_REGULAR_FILE: Final = 0o100000
_VERSION: Final = 20
_VERSION64: Final = 45


class Head(NamedTuple):
    """What both headers of a member say; sizes in bytes."""

    name: bytes
    mode: int
    method: int
    crc: int
    compressed_size: int
    size: int

    @property
    def long(self) -> bool:
        """Whether a size needs zip64."""
        return self.size >= SMALL_FIELD or self.compressed_size >= SMALL_FIELD

    @property
    def flags(self) -> int:
        """UTF-8 is said only where it matters, as zipfile does."""
        return 0 if self.name.isascii() else UTF8


def local_header(head: Head) -> bytes:
    """The header in front of the member's data."""
    packed, size, extra, version = head.compressed_size, head.size, b"", _VERSION
    if head.long:
        extra = struct.pack("<2H2Q", 1, 16, size, packed)
        packed, size, version = SMALL_FIELD, SMALL_FIELD, _VERSION64
    return (
        LOCAL.pack(
            LOCAL_SIGNATURE,
            version,
            head.flags,
            head.method,
            _TIME,
            _DATE,
            head.crc,
            packed,
            size,
            len(head.name),
            len(extra),
        )
        + head.name
        + extra
    )


def central_header(head: Head, offset: int) -> bytes:
    """The member's record in the directory; `offset` is where its local header begins."""
    packed, size, numbers = head.compressed_size, head.size, []
    if head.long:
        numbers = [size, packed]
        packed = size = SMALL_FIELD
    if offset >= SMALL_FIELD:
        numbers.append(offset)
        offset = SMALL_FIELD
    extra = struct.pack(f"<2H{len(numbers)}Q", 1, 8 * len(numbers), *numbers) if numbers else b""
    version = _VERSION64 if numbers else _VERSION
    return (
        CENTRAL.pack(
            CENTRAL_SIGNATURE,
            _MADE_BY_UNIX | version,
            version,
            head.flags,
            head.method,
            _TIME,
            _DATE,
            head.crc,
            packed,
            size,
            len(head.name),
            len(extra),
            0,
            0,
            0,
            (_REGULAR_FILE | head.mode) << 16,
            offset,
        )
        + head.name
        + extra
    )


def end_of_archive(count: int, size: int, offset: int) -> bytes:
    """What follows the directory of `count` records, which has `size` bytes and begins at `offset`."""
    told = min(count, LARGEST_COUNT)
    plain = END.pack(END_SIGNATURE, 0, 0, told, told, min(size, SMALL_FIELD), min(offset, SMALL_FIELD), 0)
    if count < LARGEST_COUNT and size < SMALL_FIELD and offset < SMALL_FIELD:
        return plain
    version = _MADE_BY_UNIX | _VERSION64
    end64 = END64.pack(END64_SIGNATURE, END64.size - 12, version, _VERSION64, 0, 0, count, count, size, offset)
    return end64 + LOCATOR.pack(LOCATOR_SIGNATURE, 0, offset + size, 1) + plain
