"""Whether a stripped ELF file is to a loader what it was before."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from lambda_pack.files.elf import DamagedElf, read_elf

__all__ = ["is_as_before"]

_IDENTITY: Final = 16
_HEADER: Final = struct.Struct("<2HI3QI6H")  # of a 64-bit little-endian file, as both of Lambda's machines have them
_SEGMENT: Final = struct.Struct("<2I6Q")
_LOAD: Final = 1


def is_as_before(stripped: bytes, before: bytes) -> bool:
    """Whether the audit reads the same facts in both, and a loader can map what is loaded.

    `strip` moves segments of files that patchelf has rewritten, and some of its versions leave them where the kernel
    refuses to map them: "ELF load command address/offset not properly aligned".
    """
    try:
        return read_elf(stripped) == read_elf(before) and all(_is_mappable(*one) for one in _loads(stripped))
    except (DamagedElf, struct.error):
        return False


def _loads(content: bytes) -> Iterator[tuple[int, int, int, int]]:
    """Offset, address and alignment of each segment that is loaded, and the latest offset at which the file has it."""
    header = _HEADER.unpack_from(content, _IDENTITY)
    begin, step, count = header[4], header[8], header[9]
    for number in range(count):
        kind, _, offset, address, _, size, _, alignment = _SEGMENT.unpack_from(content, begin + number * step)
        if kind == _LOAD:
            yield offset, address, alignment, len(content) - size


def _is_mappable(offset: int, address: int, alignment: int, latest: int) -> bool:
    return offset <= latest and (alignment <= 1 or offset % alignment == address % alignment)
