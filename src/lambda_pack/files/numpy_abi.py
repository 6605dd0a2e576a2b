"""Which releases of NumPy an extension module was compiled for, as its own bytes say.

Two things that the headers of NumPy leave in a module can be read:

- `import_array`, which fetches NumPy's table of C functions. The headers of NumPy 2 look for it in `numpy._core` and
  name the oldest release that will do; those of NumPy 1 only know `numpy.core`, where NumPy 2 has no such table
  (https://numpy.org/doc/stable/numpy_2_0_migration_guide.html#c-api-changes;
  numpy/_core/code_generators/generate_numpy_api.py).
- The size of `numpy.dtype`, which modules made by Cython compare with that of the type they find, and refuse one that
  is smaller: 96 bytes in NumPy 1, 88 in NumPy 2, 32 in headers of NumPy 2, which promise less.

Headers of NumPy 1 do not say which release of NumPy 1 they were. All of this was compared with what real modules do
on 2026-11-28 (tests/audits/test_numpy_pairs.py).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from msgspec import Struct

from lambda_pack.model.binaries import Companion

__all__ = ["Segment", "numpy_companions"]

_IMPORTS_ARRAYS: Final = b"_ARRAY_API is not PyCapsule object"
_IS_FOR_NUMPY_2: Final = b"numpy._core"
_BEHIND_OLDEST: Final = b") but the running NumPy has"
_OLDEST_RELEASE = re.compile(rb"\(NumPy (\d{1,3})\.(\d{1,3})\Z")

_COMPARES_SIZES: Final = b"size changed, may indicate binary incompatibility"
_NUMPY, _DTYPE = b"\0numpy\0", b"dtype\0"
_SIZE_IN_NUMPY_1: Final = 96

_FOR_NUMPY_1 = Companion("numpy", "<2", "was compiled for NumPy 1")

# How far from where the name of the type is passed to a function its size may be, in bytes of machine code.
_NEAR: Final = 24
_X86_CALL = b"\xe8"
_X86_NAME = re.compile(rb"\x48\x8d\x15")  # lea rdx, [rip + four bytes]: the third argument
_X86_SIZE = re.compile(rb"(?<!\x41)\xb9(....)", re.DOTALL)  # mov ecx, four bytes: the fourth

# Of ARM's instructions the bits that are the same each time: adrp, bl, and mov w3 or x3 with a number (movz).
_ARM_PAGE, _ARM_CALL, _ARM_SIZE = 0x90000000, 0x94000000, 0x52800003


class Segment(Struct, frozen=True):
    """A part of the file that is loaded: its place and size in the file, in bytes, and its address there."""

    offset: int
    address: int
    size: int
    is_code: bool = False


def numpy_companions(content: bytes, machine: str, segments: Sequence[Segment]) -> tuple[Companion, ...]:
    """The releases of NumPy that one library can be loaded beside; empty where it says nothing about that.

    `segments` are the parts of the file that are loaded.
    """
    for segment in _with_texts(segments):
        begin, end = segment.offset, segment.offset + segment.size
        if content.find(_IMPORTS_ARRAYS, begin, end) >= 0:
            # A linker puts all texts of a file into one segment.
            return tuple(_of_import_array(content[begin:end]))
        if content.find(_COMPARES_SIZES, begin, end) >= 0:
            is_old = _NUMPY in content and _SIZE_IN_NUMPY_1 in _dtype_sizes(content, machine, segments)
            return (_FOR_NUMPY_1,) if is_old else ()
    return ()


def _with_texts(segments: Sequence[Segment]) -> Iterable[Segment]:
    """Those that may hold a program's texts: the one with the code does not where a linker made others for data.

    Such a file begins with a segment that is only read; without one, code and texts share the first segment.
    """
    is_separate = bool(segments) and not segments[0].is_code
    return [segment for segment in segments if not (is_separate and segment.is_code)]


def _of_import_array(texts: bytes) -> Iterator[Companion]:
    if _IS_FOR_NUMPY_2 not in texts:
        yield _FOR_NUMPY_1
        return
    pieces = texts.split(_BEHIND_OLDEST)[:-1]
    found = [match for piece in pieces if (match := _OLDEST_RELEASE.search(piece[-_LONGEST_RELEASE:]))]
    if found:
        yield _at_least(*max((int(match[1]), int(match[2])) for match in found))


_LONGEST_RELEASE: Final = 16


def _at_least(major: int, minor: int) -> Companion:
    return Companion("numpy", f">={major}.{minor}", f"was compiled for NumPy {major}.{minor} or newer")


def _dtype_sizes(content: bytes, machine: str, segments: Sequence[Segment]) -> Iterator[int]:
    """The sizes that are passed to a function together with the name 'dtype' (Cython's `__Pyx_ImportType`)."""
    places = [match.start() for match in re.finditer(re.escape(_DTYPE), content)]
    names = {one.address + at - one.offset for at in places for one in segments if 0 <= at - one.offset < one.size}
    for segment in segments if names else ():
        code = content[segment.offset : segment.offset + segment.size] if segment.is_code else b""
        match machine:
            case "x86_64":
                yield from _sizes_on_x86(code, segment.address, names)
            case "aarch64":
                yield from _sizes_on_arm(code, segment.address, names)
            case _:
                return


def _sizes_on_x86(code: bytes, begin: int, names: set[int]) -> Iterator[int]:
    for match in _X86_NAME.finditer(code, 0, max(0, len(code) - 4)):
        after = match.end() + 4
        (distance,) = struct.unpack_from("<i", code, match.end())
        if begin + after + distance not in names:
            continue
        # Of the arguments before and after, those of this call alone.
        before = code[max(0, match.start() - _NEAR) : match.start()].rpartition(_X86_CALL)[2]
        behind = code[after : after + _NEAR].partition(_X86_CALL)[0]
        for piece in (before, behind):
            yield from (int.from_bytes(size, "little") for size in _X86_SIZE.findall(piece))


def _sizes_on_arm(code: bytes, begin: int, names: set[int]) -> Iterator[int]:
    for name in names:
        # add x2, xN, #the name's place in its page: the third argument.
        low = name & 0xFFF
        kinds = b"".join(re.escape(bytes([number << 5 | 2])) for number in range(8))
        fields = b"".join(re.escape(bytes([(low & 0x3F) << 2 | number])) for number in range(4))
        add = re.compile(rb"[%b][%b]%b\x91" % (kinds, fields, re.escape(bytes([low >> 6]))), re.DOTALL)
        for match in add.finditer(code):
            if match.start() % 4 == 0 and _has_page(code, match.start(), begin, name):
                yield from _immediates(_arguments(code, match.start()))


def _has_page(code: bytes, at: int, begin: int, name: int) -> bool:
    """Whether the register that an `add` begins with was made the page of the name (`adrp`) shortly before."""
    register = int.from_bytes(code[at : at + 4], "little") >> 5 & 0x1F
    for place in range(at - 4, max(-1, at - 64 * 4), -4):
        word = int.from_bytes(code[place : place + 4], "little")
        if word & 0x9F00001F == _ARM_PAGE | register:
            pages = (word >> 5 & 0x7FFFF) << 2 | word >> 29 & 3
            pages -= (pages & 1 << 20) << 1
            return ((begin + place) >> 12) + pages == name >> 12
    return False


def _arguments(code: bytes, at: int) -> Iterable[int]:
    """The instructions around one, up to the calls (`bl`) before and after it."""
    for step in (-4, 4):
        for place in range(at + step, at + step * _NEAR, step):
            if not 0 <= place <= len(code) - 4:
                break
            word = int.from_bytes(code[place : place + 4], "little")
            if word & 0xFC000000 == _ARM_CALL:
                break
            yield word


def _immediates(words: Iterable[int]) -> Iterator[int]:
    """What the fourth argument is set to: mov w3 or x3, #number."""
    return (word >> 5 & 0xFFFF for word in words if word & 0x7FE0001F == _ARM_SIZE)
