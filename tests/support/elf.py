"""Small ELF files for any machine, written by hand: no compiler, and nothing in them that a loader would not read."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

from msgspec import Struct, field

__all__ = ["MACHINES", "make_elf"]

MACHINES = {"i386": 3, "arm": 40, "x86_64": 62, "aarch64": 183, "riscv64": 243}
_BASE = 0x400000


class _Strings(Struct):
    """A string table that grows."""

    data: bytearray = field(default_factory=lambda: bytearray(b"\0"))

    def add(self, text: str) -> int:
        at = len(self.data)
        self.data += text.encode() + b"\0"
        return at


class _Form(Struct, frozen=True):
    """How numbers are packed."""

    order: str
    is_long: bool

    def pack(self, form: str, *values: int) -> bytes:
        return struct.pack(self.order + form, *values)

    def tag(self, tag: int, value: int) -> bytes:
        return self.pack("2Q" if self.is_long else "2I", tag, value)

    def header(self, kind: int, machine: int, segments: int) -> bytes:
        size, step = (64, 56) if self.is_long else (52, 32)
        identity = b"\x7fELF" + bytes([2 if self.is_long else 1, 1 if self.order == "<" else 2, 1]) + bytes(9)
        rest = (kind, machine, 1, 0, size, 0, 0, size, step, segments, 0, 0, 0)
        return identity + self.pack("2HI3QI6H" if self.is_long else "2HI3II6H", *rest)

    def segment(self, kind: int, offset: int, size: int) -> bytes:
        address = _BASE + offset
        if self.is_long:
            return self.pack("2I6Q", kind, 5, offset, address, address, size, size, 8)
        return self.pack("8I", kind, offset, address, address, size, size, 5, 8)


def make_elf(  # noqa: PLR0913  # one argument for each fact that a test may want
    machine: str = "x86_64",
    *,
    bits: int = 64,
    big_endian: bool = False,
    kind: str = "library",
    soname: str | None = None,
    needed: Sequence[str] = (),
    versions: Mapping[str, Sequence[str]] | None = None,
    weak: Sequence[str] = (),
    provided: Sequence[str] = (),
    runpath: str | None = None,
    rpath: str | None = None,
    interpreter: str | None = None,
    is_module: bool = True,
    texts: Sequence[str] = (),
) -> bytes:
    """A file of `kind` 'library', 'program' (position independent), 'executable', 'object' or 'static'.

    A library is an extension module unless it has a `soname`. `versions` are needed symbol versions by library
    ('libc.so.6': ['GLIBC_2.17']), those in `weak` are weakly needed. `texts` are in it as strings of a program are.
    """
    form = _Form(">" if big_endian else "<", bits == 64)
    strings = _Strings()
    tags = [(1, strings.add(name)) for name in needed]
    if is_module and kind == "library" and soname is None:
        strings.add("PyInit_module")
    for text in texts:
        strings.add(text)
    tags += [(tag, strings.add(text)) for tag, text in ((14, soname), (15, rpath), (29, runpath)) if text is not None]
    required = _required(form, versions or {}, frozenset(weak), strings)
    defined = _defined(form, provided, strings)
    has_dynamic = kind not in {"object", "static"}
    segments = 1 + has_dynamic + (interpreter is not None)
    parts, at = [], (64 + 56 * segments) if bits == 64 else (52 + 32 * segments)
    begins = []
    for part in (strings.data, required, defined, (interpreter or "").encode() + b"\0"):
        padded = bytes(part) + bytes(-len(part) % 8)
        begins.append(at)
        parts.append(padded)
        at += len(padded)
    tags += [(5, _BASE + begins[0]), (10, len(strings.data))]
    tags += [(0x6FFFFFFE, _BASE + begins[1]), (0x6FFFFFFF, len(versions or {}))] if required else []
    tags += [(0x6FFFFFFC, _BASE + begins[2]), (0x6FFFFFFD, len(provided))] if defined else []
    tags += [(0x6FFFFFFB, 0x08000000)] if kind == "program" else []
    dynamic = b"".join(form.tag(tag, value) for tag, value in [*tags, (0, 0)]) if has_dynamic else b""
    heads = [form.segment(1, 0, at + len(dynamic))]
    heads += [form.segment(2, at, len(dynamic))] if has_dynamic else []
    heads += [form.segment(3, begins[3], len(interpreter) + 1)] if interpreter is not None else []
    number = {"object": 1, "executable": 2, "static": 2}.get(kind, 3)
    return b"".join([form.header(number, MACHINES[machine], segments), *heads, *parts, dynamic])


def _required(form: _Form, versions: Mapping[str, Sequence[str]], weak: frozenset[str], strings: _Strings) -> bytes:
    out = b""
    for number, (library, names) in enumerate(versions.items()):
        auxiliary = b"".join(
            form.pack("I2H2I", 0, 2 if name in weak else 0, 2, strings.add(name), 16 if at + 1 < len(names) else 0)
            for at, name in enumerate(names)
        )
        is_last = number + 1 == len(versions)
        follows = 0 if is_last else 16 + len(auxiliary)
        out += form.pack("2H3I", 1, len(names), strings.add(library), 16, follows) + auxiliary
    return out


def _defined(form: _Form, names: Sequence[str], strings: _Strings) -> bytes:
    out = b""
    for number, name in enumerate(names):
        # As linkers do, the first is the file itself (flag 1).
        follows = 28 if number + 1 < len(names) else 0
        out += form.pack("4H3I", 1, int(number == 0), number + 1, 1, 0, 20, follows)
        out += form.pack("2I", strings.add(name), 0)
    return out
