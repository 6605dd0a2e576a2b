"""What an ELF file says to the loader, read as the loader reads it: through its program headers and dynamic section.

The format is that of the System V ABI (https://refspecs.linuxfoundation.org/elf/gabi4+/contents.html) with the symbol
versions of the Linux Standard Base (https://refspecs.linuxfoundation.org/LSB_5.0.0/LSB-Core-generic, chapter 10).
Section headers are not looked at: a stripped file has none. docs/adr/0004 says why this is not pyelftools.

Everything comes from strangers. An offset that leaves the file, a list that does not end, a count that nothing honest
has: each is a `DamagedElf`. The time is bounded by those limits, and nothing is allocated by a number that was read.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final, TypeAlias

from msgspec import Struct

from lambda_pack.files.numpy_abi import Segment, numpy_companions
from lambda_pack.model.binaries import ElfFacts, ElfKind, Level, SymbolVersion

__all__ = ["ELF_MAGIC", "DamagedElf", "read_elf"]

ELF_MAGIC: Final = b"\x7fELF"

Buffer: TypeAlias = bytes | memoryview

# Far above what honest files have: libtorch has 1,500 versions, chromium 40 libraries, a kernel 30 program headers.
_MOST_HEADERS: Final = 1024
_MOST_TAGS: Final = 4096
_MOST_VERSIONS: Final = 16_384
# In bytes: an RPATH may have thousands. Names may lie over each other, so all of a file's together are bounded, too.
_FIRST_PIECE: Final = 1 << 8
_SPARE_FOR_NAMES: Final = 1 << 16

_MACHINES = MappingProxyType(
    {
        3: "i386",
        8: "mips",
        20: "ppc",
        21: "ppc64",
        22: "s390x",
        40: "arm",
        43: "sparc64",
        62: "x86_64",
        183: "aarch64",
        243: "riscv64",
        258: "loongarch64",
    }
)

_IDENTITY: Final = 16
_SHORT, _LONG = 1, 2
_CLASSES = frozenset({_SHORT, _LONG})
_ORDERS = MappingProxyType({1: "<", 2: ">"})
_EXECUTABLE, _SHARED = 2, 3
_LOAD, _DYNAMIC, _INTERPRETER = 1, 2, 3
_IS_CODE = 1
_NEEDED, _STRING_TABLE, _STRING_SIZE, _SONAME, _RPATH, _RUNPATH = 1, 5, 10, 14, 15, 29
_FLAGS_1, _IS_POSITION_INDEPENDENT_PROGRAM = 0x6FFFFFFB, 0x08000000
_DEFINED, _REQUIRED = 0x6FFFFFFC, 0x6FFFFFFE
_IS_BASE, _IS_WEAK = 1, 2

# Versions without a number that only a glibc of this level or newer knows. DT_RELR:
# https://sourceware.org/pipermail/libc-alpha/2022-August/141193.html (2.36); the TLS ones: glibc 2.42's NEWS.
_NAMED_LEVELS = MappingProxyType(
    {
        "GLIBC_ABI_DT_RELR": ("GLIBC", (2, 36)),
        "GLIBC_ABI_GNU_TLS": ("GLIBC", (2, 42)),
        "GLIBC_ABI_GNU2_TLS": ("GLIBC", (2, 42)),
    }
)
_NUMBERED = re.compile(r"(?P<namespace>\w*[A-Za-z])_(?P<level>\d{1,9}(?:\.\d{1,9}){0,7})", re.ASCII)


# PEP 3121 and 489: PyInit_name, PyInitU_name; PEP 793 (Python 3.15): PyModExport_name.
_MODULE_ENTRIES = (b"PyInit", b"PyModExport")
_IMPORTS = (b"PyImport_",)


class DamagedElf(ValueError):  # noqa: N818  # see errors.UnmetDependencies
    """A file that begins as an ELF file does and that no loader could follow; the message completes 'the file …'."""


def read_elf(data: Buffer) -> ElfFacts:
    """The facts of one whole ELF file.

    Raises:
        DamagedElf: it is not an ELF file, or contradicts itself.
    """
    if bytes(data[:4]) != ELF_MAGIC or len(data) < _IDENTITY or data[4] not in _CLASSES or data[5] not in _ORDERS:
        raise DamagedElf("does not begin as an ELF file does")
    image = _Image.of(data)
    kind, machine = image.header[:2]
    # ppc64le and mipsel are other machines than their big-endian namesakes; that neither is ours is all we need.
    name, bits = _MACHINES.get(machine, f"machine {machine}"), 64 if image.is_long else 32
    if kind not in (_EXECUTABLE, _SHARED):
        return ElfFacts(name, bits, ElfKind.OTHER)
    section = image.dynamic()
    interpreter = image.interpreter()
    is_program = (
        kind == _EXECUTABLE
        or bool(section.flags() & _IS_POSITION_INDEPENDENT_PROGRAM)
        # Programs of old linkers have no flag; libc.so.6 has an interpreter, too, and a name.
        or (interpreter is not None and _SONAME not in section.tags)
    )
    is_module = section.has_name_like(_MODULE_ENTRIES)
    # What cannot import a package depends on none; large libraries of other kinds are not searched.
    may_import = is_module or section.has_name_like(_IMPORTS)
    return ElfFacts(
        machine=name,
        bits=bits,
        kind=ElfKind.PROGRAM if is_program else ElfKind.LIBRARY,
        soname=next(section.texts(_SONAME), None),
        needed=tuple(dict.fromkeys(section.texts(_NEEDED))),
        versions=_newest(_required(section)),
        provided=_newest(_defined(section)),
        runpath=_folders(section.texts(_RUNPATH)),
        rpath=_folders(section.texts(_RPATH)),
        interpreter=interpreter,
        is_module=is_module,
        companions=numpy_companions(bytes(data), name, image.loaded) if may_import else (),
    )


class _Budget(Struct):
    """How many bytes of names may still be read: honest files have each name once, and refer to it a few times."""

    left: int

    def spend(self, count: int) -> None:
        """Take as many bytes.

        Raises:
            DamagedElf: more were taken than the file can mean.
        """
        self.left -= count
        if self.left < 0:
            raise DamagedElf("refers to more names than it has room for")


class _Image(Struct, frozen=True):
    """The file with its headers unpacked. `segments` are (type, offset, address, size in the file, flags)."""

    data: Buffer
    order: str
    is_long: bool
    header: tuple[int, ...]
    segments: tuple[tuple[int, int, int, int, int], ...]
    budget: _Budget

    @classmethod
    def of(cls, data: Buffer) -> _Image:
        order, is_long = _ORDERS[data[5]], data[4] == _LONG
        form = struct.Struct(order + ("2HI3QI6H" if is_long else "2HI3II6H"))
        if len(data) < _IDENTITY + form.size:
            raise DamagedElf("ends inside its header")
        header = form.unpack_from(data, _IDENTITY)
        begin, step, count = header[4], header[8], header[9]
        shape = struct.Struct(order + ("2I6Q" if is_long else "8I"))
        if count and (step != shape.size or count > _MOST_HEADERS):
            raise DamagedElf(f"claims {count} program headers of {step} bytes")
        if begin + count * step > len(data):
            raise DamagedElf("has program headers outside of the file")
        found = (shape.unpack_from(data, begin + number * step) for number in range(count))
        # In a long file the flags lie behind the type, in a short one near the end.
        kind, offset, address, size, flags = (0, 2, 3, 5, 1) if is_long else (0, 1, 2, 4, 6)
        segments = ((row[kind], row[offset], row[address], row[size], row[flags]) for row in found)
        return cls(data, order, is_long, header, tuple(segments), _Budget(2 * len(data) + _SPARE_FOR_NAMES))

    @property
    def loaded(self) -> tuple[Segment, ...]:
        """The parts of the file that are loaded."""
        return tuple(
            Segment(offset, begin, size, is_code=bool(flags & _IS_CODE))
            for kind, offset, begin, size, flags in self.segments
            if kind == _LOAD
        )

    def interpreter(self) -> str | None:
        for kind, offset, _, size, _ in self.segments:
            if kind == _INTERPRETER:
                return self.text(offset, offset + size)
        return None

    def dynamic(self) -> _Dynamic:
        """The dynamic section; a static program has an empty one."""
        for kind, offset, _, size, _ in self.segments:
            if kind == _DYNAMIC:
                return _Dynamic.of(self, self._tags(offset, size))
        return _Dynamic.of(self, ())

    def _tags(self, offset: int, size: int) -> Iterator[tuple[int, int]]:
        shape = struct.Struct(self.order + ("2Q" if self.is_long else "2I"))
        if offset + size > len(self.data):
            raise DamagedElf("has its dynamic section outside of the file")
        end = offset + min(size // shape.size, _MOST_TAGS) * shape.size
        for tag, value in shape.iter_unpack(self.data[offset:end]):
            if tag == 0:
                return
            yield tag, value
        raise DamagedElf("has a dynamic section without an end")

    def offset(self, address: int) -> int:
        """Where in the file the loader finds what will be at an address."""
        for kind, offset, begin, size, _ in self.segments:
            if kind == _LOAD and begin <= address < begin + size:
                return offset + address - begin
        raise DamagedElf("refers to an address that nothing is loaded to")

    def numbers(self, form: str, offset: int) -> tuple[int, ...]:
        shape = struct.Struct(self.order + form)
        if offset + shape.size > len(self.data):
            raise DamagedElf("has a table that leaves the file")
        return shape.unpack_from(self.data, offset)

    def text(self, begin: int, end: int) -> str:
        """The text that begins there; its end must come before `end`."""
        size = _FIRST_PIECE
        while True:
            piece, ended, _ = bytes(self.data[begin : min(end, begin + size)]).partition(b"\0")
            self.budget.spend(len(piece))
            if ended:
                return piece.decode("utf-8", "backslashreplace")
            if begin + size >= end:
                raise DamagedElf("has a name without an end")
            size *= 4


class _Dynamic(Struct, frozen=True):
    """The dynamic section: the values of each tag in their order, and where the string table begins and ends."""

    image: _Image
    tags: Mapping[int, Sequence[int]]
    strings: tuple[int, int]

    @classmethod
    def of(cls, image: _Image, tags: Iterable[tuple[int, int]]) -> _Dynamic:
        values: dict[int, list[int]] = {}
        for tag, value in tags:
            values.setdefault(tag, []).append(value)
        if _STRING_TABLE not in values:
            return cls(image, values, (0, 0))
        # A loader does without the table's size; the file's end is one, too.
        begin, end = image.offset(values[_STRING_TABLE][-1]), len(image.data)
        return cls(image, values, (begin, min(end, begin + values.get(_STRING_SIZE, [end])[-1])))

    def flags(self) -> int:
        return self.tags.get(_FLAGS_1, (0,))[-1]

    def has_name_like(self, beginnings: Iterable[bytes]) -> bool:
        """Whether a name in the string table begins so; whether it is a symbol's does not matter."""
        begin, end = self.strings
        strings = bytes(self.image.data[begin:end])
        return any(b"\0" + beginning in strings for beginning in beginnings)

    def table(self, tag: int) -> int | None:
        """Where in the file the table of a tag begins; of several values the loader takes the last."""
        return self.image.offset(self.tags[tag][-1]) if tag in self.tags else None

    def texts(self, tag: int) -> Iterator[str]:
        return map(self.name, self.tags.get(tag, ()))

    def name(self, offset: int) -> str:
        """The text at an offset of the string table."""
        begin, end = self.strings
        if offset >= end - begin:
            raise DamagedElf("has a name outside of its string table")
        return self.image.text(begin + offset, end)

    def chain(self, at: int, form: str, *, follow: int) -> Iterator[tuple[int, tuple[int, ...]]]:
        """Records with their offsets; each says in its field `follow` how far the next one is, the last one 0.

        Loaders ignore the counts that lie beside them.
        """
        for _ in range(_MOST_VERSIONS):
            record = self.image.numbers(form, at)
            yield at, record
            if record[follow] == 0:
                return
            at += record[follow]
        raise DamagedElf("has more symbol versions than any library")


def _required(section: _Dynamic) -> Iterator[tuple[str, str]]:
    """Library and version of each that must be there. Without a weak one the loader goes on (glibc's dl-version.c)."""
    start, budget = section.table(_REQUIRED), _MOST_VERSIONS
    for at, (_, _, library, below, _) in () if start is None else section.chain(start, "2H3I", follow=4):
        records = [record for _, record in section.chain(at + below, "I2H2I", follow=4)]
        budget -= len(records)
        if budget < 0:
            raise DamagedElf("has more symbol versions than any library")
        file = section.name(library)
        for _, flags, _, name, _ in records:
            if not flags & _IS_WEAK:
                yield file, section.name(name)


def _defined(section: _Dynamic) -> Iterator[tuple[str, str]]:
    """The versions that the file defines, but for the one that is its own name."""
    start = section.table(_DEFINED)
    for at, (_, flags, _, _, _, below, _) in () if start is None else section.chain(start, "4H3I", follow=6):
        if not flags & _IS_BASE:
            yield "", section.name(section.image.numbers("2I", at + below)[0])


def _newest(versions: Iterable[tuple[str, str]]) -> tuple[SymbolVersion, ...]:
    """The newest of each library and namespace."""
    newest: dict[tuple[str, str], Level] = {}
    for library, version in versions:
        namespace, level = _NAMED_LEVELS.get(version) or _split(version)
        key = (library, namespace)
        newest[key] = max(newest.get(key, ()), level)
    return tuple(SymbolVersion(library, namespace, level) for (library, namespace), level in sorted(newest.items()))


def _split(version: str) -> tuple[str, Level]:
    """Namespace and level of 'GLIBC_2.17'; a name that ends in no number is a namespace of its own."""
    match = _NUMBERED.fullmatch(version)
    return (match["namespace"], tuple(map(int, match["level"].split(".")))) if match else (version, ())


def _folders(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(folder for text in texts for folder in text.split(":") if folder)
