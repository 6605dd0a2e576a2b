"""The headers of the zip archives that we write: constant but for what a member needs, so the same on any machine."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

__all__ = ["Head", "central_header", "end_of_archive", "local_header"]

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")

_TIME: Final = 0
_DATE: Final = 1 << 5 | 1  # 1980-01-01, the first day a zip can name
_MADE_BY_UNIX: Final = 3 << 8
_REGULAR_FILE: Final = 0o100000
_VERSION: Final = 20
_VERSION64: Final = 45
_UTF8: Final = 0x0800
_FIELD: Final = 0xFFFFFFFF
_COUNT: Final = 0xFFFF


@dataclass(frozen=True, slots=True)
class Head:
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
        return self.size >= _FIELD or self.compressed_size >= _FIELD

    @property
    def flags(self) -> int:
        """UTF-8 is said only where it matters, as zipfile does."""
        return 0 if self.name.isascii() else _UTF8


def local_header(head: Head) -> bytes:
    """The header in front of the member's data."""
    packed, size, extra, version = head.compressed_size, head.size, b"", _VERSION
    if head.long:
        extra = struct.pack("<2H2Q", 1, 16, size, packed)
        packed, size, version = _FIELD, _FIELD, _VERSION64
    return (
        _LOCAL.pack(
            b"PK\3\4",
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
        packed = size = _FIELD
    if offset >= _FIELD:
        numbers.append(offset)
        offset = _FIELD
    extra = struct.pack(f"<2H{len(numbers)}Q", 1, 8 * len(numbers), *numbers) if numbers else b""
    version = _VERSION64 if numbers else _VERSION
    return (
        _CENTRAL.pack(
            b"PK\1\2",
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
    plain = _END.pack(
        b"PK\5\6", 0, 0, min(count, _COUNT), min(count, _COUNT), min(size, _FIELD), min(offset, _FIELD), 0
    )
    if count < _COUNT and size < _FIELD and offset < _FIELD:
        return plain
    version = _MADE_BY_UNIX | _VERSION64
    end64 = _END64.pack(b"PK\6\6", _END64.size - 12, version, _VERSION64, 0, 0, count, count, size, offset)
    return end64 + _LOCATOR.pack(b"PK\6\7", 0, offset + size, 1) + plain
