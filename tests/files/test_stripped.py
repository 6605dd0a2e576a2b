"""What a stripped file must still be."""

from __future__ import annotations

import struct

import pytest

from lambda_pack.files.stripped import is_as_before
from tests.support.elf import make_elf

ELF = make_elf(needed=["libc.so.6"], versions={"libc.so.6": ["GLIBC_2.17"]})


def with_segment(offset: int | None = None, alignment: int | None = None) -> bytes:
    """The file with other words about the first segment that is loaded."""
    content = bytearray(ELF)
    (begin,) = struct.unpack_from("<Q", content, 32)
    if offset is not None:
        struct.pack_into("<Q", content, begin + 8, offset)
    if alignment is not None:
        struct.pack_into("<Q", content, begin + 48, alignment)
    return bytes(content)


@pytest.mark.parametrize(
    ("stripped", "is_it"),
    [
        (ELF, True),
        (make_elf(needed=["libc.so.6"], versions={"libc.so.6": ["GLIBC_2.18"]}), False),
        (make_elf(versions={"libc.so.6": ["GLIBC_2.17"]}), False),
        (ELF[:100], False),
        (b"", False),
        (with_segment(alignment=4096), True),
        (with_segment(offset=1, alignment=4096), False),
        (with_segment(offset=1 << 20, alignment=1), False),
    ],
)
def test_what_a_loader_reads_is_the_same(stripped: bytes, *, is_it: bool) -> None:
    assert is_as_before(stripped, ELF) is is_it
