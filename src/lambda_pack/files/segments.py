"""A zip as pieces of the wheels it was copied from, and what lies between them: enough to write it again.

Loaded before anything else is, so it imports little.
"""

from __future__ import annotations

import hashlib
import os
import struct
from array import array
from io import FileIO

from lambda_pack.files.mapping import mapped
from lambda_pack.files.outlet import open_outlet, reserved

TYPE_CHECKING = False  # `typing` costs 8 ms
if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from lambda_pack.files.bundle import Bundle
    from lambda_pack.files.members import Mapped

__all__ = ["Segments", "read_segments", "segments_of", "write_segments"]

# What is not in a wheel is kept as it is, such as headers and own code: beyond this (bytes) a pack is as good.
_MOST_BETWEEN = 32 << 20
_ROW = 4


class Segments:
    """Rows of four numbers, and the bytes that no wheel has.

    A row is: how many bytes of `between` come first, then the number of a wheel, where in it a piece begins and how
    long that is, in bytes. What is left of `between` ends the archive.
    """

    __slots__ = ("between", "rows")

    def __init__(self, rows: array[int], between: bytes | memoryview) -> None:
        self.rows = rows
        self.between = between

    def encoded(self) -> bytes:
        """As `read_segments` takes it; for this machine, whose order of bytes it is in."""
        return struct.pack("<Q", len(self.rows)) + self.rows.tobytes() + bytes(self.between)


def read_segments(content: bytes | memoryview) -> Segments:
    """What `Segments.encoded` gave.

    Raises:
        ValueError, struct.error: it is something else.
    """
    content = memoryview(content)
    (count,) = struct.unpack_from("<Q", content)
    rows = array("Q")
    end = struct.calcsize("<Q") + count * rows.itemsize
    rows.frombytes(content[struct.calcsize("<Q") : end])
    return Segments(rows, content[end:])


def segments_of(bundle: Bundle, archive: Path) -> tuple[Segments, tuple[Mapped, ...]] | None:
    """The segments of an archive that `write_zip` has just made of this bundle, and the wheels by their numbers.

    The wheels must still be open. None where too much of it is in no wheel.
    """
    from lambda_pack.files.members import Member
    from lambda_pack.files.zip_records import LOCAL

    rows, between = array("Q"), bytearray()
    numbers: dict[int, int] = {}
    wheels: list[Mapped] = []
    with FileIO(archive) as file:
        written, _ = mapped(file)
    with written, memoryview(written) as view:
        position = begin = 0
        for entry in bundle.entries:
            content = entry.content
            *_, size, _, name, extra = LOCAL.unpack_from(view, position)
            data = position + LOCAL.size + name + extra
            if not isinstance(content, Member) or not content.is_copied:
                if size > _MOST_BETWEEN:
                    return None
                position = data + size
                continue
            number = numbers.setdefault(id(content.archive), len(numbers))
            if number == len(wheels):
                wheels.append(content.archive)
            between += view[begin:data]
            rows.extend((data - begin, number, content.data_begin, content.compressed_size))
            position = begin = data + content.compressed_size
            if len(between) > _MOST_BETWEEN:
                return None
        if len(view) - begin + len(between) > _MOST_BETWEEN:
            return None
        between += view[begin:]
    return Segments(rows, bytes(between)), tuple(wheels)


def write_segments(segments: Segments, wheels: Sequence[tuple[str, int]], into: str) -> str:
    """Write the archive to `into`, which must not be there, and return its SHA-256: whether it is right, that says.

    `wheels` are paths with their sizes in bytes.

    Raises:
        OSError: a wheel cannot be read, or `into` not be written.
        ValueError: the segments do not fit the wheels.
    """
    digest, rows = hashlib.sha256(), segments.rows
    views = [_view(path, size) for path, size in wheels]
    between, at = memoryview(segments.between), 0
    with FileIO(into, "x") as file, reserved(file, _size(segments)), open_outlet(file, digest) as outlet:
        for before, number, begin, length in zip(*(rows[column::_ROW] for column in range(_ROW)), strict=True):
            outlet.add(between[at : at + before])
            outlet.add(views[number][begin : begin + length])
            at += before
        outlet.add(between[at:])
    return digest.hexdigest()


def _view(path: str, size: int) -> memoryview:
    with FileIO(path) as file:
        if os.fstat(file.fileno()).st_size != size:
            raise ValueError("a wheel has another size")
        data, _ = mapped(file)
    return memoryview(data)


def _size(segments: Segments) -> int:
    return len(segments.between) + sum(segments.rows[_ROW - 1 :: _ROW])
