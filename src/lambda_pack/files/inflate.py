"""Compressed data in pieces: the four methods that Python's zipfile, and so pip, can read."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from typing import Final, Protocol

__all__ = ["BZIP2", "DEFLATED", "LZMA", "STORED", "DamagedData", "inflate"]

# APPNOTE 4.4.5
STORED: Final = 0
DEFLATED: Final = 8
BZIP2: Final = 12
LZMA: Final = 14

_STEP = 1 << 20
_LARGEST_DICTIONARY = 1 << 26  # what `xz -9` uses; a header may claim 4 GiB, and the decoder would allocate them
_LZMA_HEADER = 9  # four bytes of versions and lengths, five of properties


class DamagedData(ValueError):  # noqa: N818  # see errors.UnmetDependencies
    """Compressed data that are none; whoever knows their name turns this into an `IntegrityError`."""


def inflate(method: int, raw: memoryview) -> Iterator[bytes]:
    """The data in pieces of at most 1 MiB: stop asking when there are more than expected.

    Raises:
        DamagedData: they cannot be decompressed, or end too early or too late.
    """
    try:
        if method == STORED:
            yield from (bytes(raw[start : start + _STEP]) for start in range(0, len(raw), _STEP))
        elif method == DEFLATED:
            yield from _deflated(raw)
        elif method == BZIP2:
            import bz2  # hardly any wheel needs it

            yield from _decoded(bz2.BZ2Decompressor(), raw)
        else:
            yield from _lzma(raw)
    except (zlib.error, OSError, EOFError) as error:
        raise DamagedData(str(error)) from error


def _deflated(raw: memoryview) -> Iterator[bytes]:
    decoder = zlib.decompressobj(-zlib.MAX_WBITS)
    for start in range(0, len(raw), _STEP):
        if decoder.eof:
            raise DamagedData("something follows the compressed data")
        rest: bytes | memoryview = raw[start : start + _STEP]
        while not decoder.eof:
            piece = decoder.decompress(rest, _STEP)
            yield piece
            rest = decoder.unconsumed_tail
            if not rest and len(piece) < _STEP:
                break
    if not decoder.eof or decoder.unused_data:
        raise DamagedData("the compressed data end too early or too late")


class _Decoder(Protocol):
    """What bz2 and lzma share."""

    @property
    def needs_input(self) -> bool: ...

    @property
    def eof(self) -> bool: ...

    def decompress(self, data: bytes | memoryview, max_length: int = -1) -> bytes: ...


def _decoded(decoder: _Decoder, raw: memoryview) -> Iterator[bytes]:
    for start in range(0, len(raw), _STEP):
        if decoder.eof:
            raise DamagedData("something follows the compressed data")
        yield decoder.decompress(raw[start : start + _STEP], _STEP)
        while not decoder.needs_input and not decoder.eof:
            yield decoder.decompress(b"", _STEP)


def _lzma(raw: memoryview) -> Iterator[bytes]:
    """The properties lie in front of the data (APPNOTE 5.8.8)."""
    import lzma  # hardly any wheel needs it

    header = bytes(raw[:_LZMA_HEADER])
    if len(header) < _LZMA_HEADER or header[2:4] != b"\5\0":
        raise DamagedData("the LZMA header is damaged")
    packed, dictionary = header[4], int.from_bytes(header[5:], "little")
    if dictionary > _LARGEST_DICTIONARY:
        raise DamagedData(f"an LZMA dictionary of {dictionary} bytes is unreasonable")
    shape = {"lc": packed % 9, "lp": packed // 9 % 5, "pb": packed // 45}
    try:
        filters = [{"id": lzma.FILTER_LZMA1, "dict_size": dictionary, **shape}]
        yield from _decoded(lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=filters), raw[_LZMA_HEADER:])
    except lzma.LZMAError as error:
        raise DamagedData(str(error)) from error
