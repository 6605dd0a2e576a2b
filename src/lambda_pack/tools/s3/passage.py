"""A passage of a file as a stream that tells how far it was read: memory does not grow with the file."""

from __future__ import annotations

from collections.abc import Callable
from io import SEEK_CUR, SEEK_END, SEEK_SET, BufferedReader, RawIOBase
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

__all__ = ["read_passage"]

# In bytes: what is read at once.
_PIECE = 1 << 20


def read_passage(file: BinaryIO, begin: int, length: int, *, told: Callable[[int], object] = int) -> BufferedReader:
    """`length` bytes from `begin`; `told` hears after each piece how many of them were read, again from 0 after a seek.

    `file` stays the caller's to close.
    """
    return BufferedReader(_Passage(file, begin, length, told), _PIECE)


class _Passage(RawIOBase):
    def __init__(self, file: BinaryIO, begin: int, length: int, told: Callable[[int], object]) -> None:
        self._file = file
        self._begin = begin
        self._length = length
        self._told = told
        self._position = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        self._file.seek(self._begin + self._position)
        piece = self._file.read(min(len(memoryview(buffer)), max(0, self._length - self._position)))
        memoryview(buffer)[: len(piece)] = piece
        self._position += len(piece)
        self._told(self._position)
        return len(piece)

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        start = {SEEK_SET: 0, SEEK_CUR: self._position, SEEK_END: self._length}[whence]
        self._position = max(0, start + offset)
        return self._position

    def tell(self) -> int:
        return self._position
