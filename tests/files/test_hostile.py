"""Archives made to deceive: each is refused, by name, before anything is written."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest

from lambda_pack.errors import IntegrityError
from lambda_pack.files.folding import fold
from lambda_pack.files.wheel import open_wheel
from tests.support.wheels import make_wheel

NAME = "x-1.0-py3-none-any.whl"
CENTRAL, LOCAL, END = b"PK\1\2", b"PK\3\4", b"PK\5\6"


def spoilt(folder: Path, spoil: Callable[[bytearray], object]) -> Path:
    """A wheel of two stored modules, `a.py` first, some of its bytes changed."""
    wheel = make_wheel(folder, NAME, files={"a.py": "A = 1\n", "b.py": "B = 2\n"}, compression=zipfile.ZIP_STORED)
    data = bytearray(wheel.read_bytes())
    spoil(data)
    wheel.write_bytes(data)
    return wheel


def use(wheel: Path) -> None:
    """What composing does with each member."""
    with open_wheel(wheel) as archive:
        for entry in fold(archive):
            assert not isinstance(entry.content, Path | bytes)
            entry.content.raw()


def poke(signature: bytes, offset: int, value: bytes, *, last: bool = False) -> Callable[[bytearray], None]:
    """Overwrite bytes of the first (or last) header with this signature."""

    def change(data: bytearray) -> None:
        at = (data.rfind if last else data.find)(signature) + offset
        data[at : at + len(value)] = value

    return change


def both(offset_local: int, offset_central: int, value: bytes) -> Callable[[bytearray], None]:
    """Overwrite the same field in both headers of the first member."""

    def change(data: bytearray) -> None:
        poke(LOCAL, offset_local, value)(data)
        poke(CENTRAL, offset_central, value)(data)

    return change


def cut(count: int) -> Callable[[bytearray], None]:
    """Take bytes off the end."""

    def change(data: bytearray) -> None:
        del data[-count:]

    return change


def overlap(data: bytearray) -> None:
    """Let the second member begin where the first one's content does."""
    second = data.find(CENTRAL, data.find(CENTRAL) + 4)
    data[second + 42 : second + 46] = struct.pack("<L", 4)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (cut(1), "'x-1.0-py3-none-any.whl' has something after its end|end is missing"),
        (cut(30), "is not a zip archive, or its end is missing"),
        (lambda data: data.extend(b"more"), "has something after its end"),
        (lambda data: data.__setitem__(slice(0, 0), b"#!/bin/sh\n"), "its directory in another place than it says"),
        (lambda data: data.clear(), "cannot be read"),
        (poke(END, 4, b"\1"), "is one part of several"),
        (poke(END, 8, b"\1\0\1\0"), "has a directory that is longer than the number of its members"),
        (poke(END, 8, b"\xff\0\xff\0"), "has a directory that ends too early"),
        (poke(CENTRAL, 0, b"QQ"), "has a damaged directory"),
        (poke(CENTRAL, 34, b"\1"), "'a.py' in 'x-1.0-py3-none-any.whl' is on another disk"),
        (poke(CENTRAL, 42, b"\xf0\xff\xff\x0f", last=True), "overlaps what follows it"),
        (overlap, "overlaps what follows it"),
        (both(6, 8, b"\1"), "'a.py' in .* is encrypted"),
        (both(6, 8, b"\x40"), "'a.py' in .* is encrypted"),
        (both(8, 10, b"\x63"), "'a.py' in .* is compressed with method 99"),
        (both(22, 24, b"\xff\xff"), "'a.py' in .* claims 65535 bytes in 6"),
        (poke(LOCAL, 0, b"QQ"), "'a.py' in .* has no header where the directory says"),
        (poke(LOCAL, 8, b"\x08"), "'a.py' in .* is described differently"),
        (poke(LOCAL, 14, b"\0\0\0\0"), "'a.py' in .* is described differently"),
        (poke(LOCAL, 18, b"\x05"), "'a.py' in .* is described differently"),
        (poke(LOCAL, 30, b"z"), "'a.py' in .* is described differently"),
        (poke(LOCAL, 28, b"\xff"), "'a.py' in .* has no header where the directory says, or runs into what follows"),
        (both(30, 46, b"b"), "'b.py' in .* is there twice, with different content"),
        (poke(CENTRAL, 46, b"\xff"), "described differently"),
    ],
)
def test_damage_and_deceit(tmp_path: Path, spoil: Callable[[bytearray], object], message: str) -> None:
    wheel = spoilt(tmp_path, spoil)
    with pytest.raises(IntegrityError, match=message):
        use(wheel)


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "../outside.py",
        "pkg/../../outside.py",
        "pkg/..",
        "./x.py",
        "pkg//x.py",
        "pkg/./x.py",
        "C:/x.py",
        "c:x.py",
        "pkg\\x.py",
        "..\\x.py",
        "../",
        "//host/share",
        "x\nhandler.py",
        "\x1b[31mred.py",
        "\x9b31mred.py",
        "x\u2028y.py",
    ],
)
def test_names_that_could_lead_out(tmp_path: Path, name: str) -> None:
    wheel = make_wheel(tmp_path, NAME, files={name: "x"})
    with pytest.raises(IntegrityError, match="has a name that could lead out of the bundle"):
        use(wheel)


def test_a_name_with_a_zero_byte(tmp_path: Path) -> None:
    wheel = spoilt(tmp_path, both(31, 47, b"\0"))
    with pytest.raises(IntegrityError, match=r"'a\\x00py' in .* has a name that could lead out"):
        use(wheel)


@pytest.mark.parametrize("name", ["...", "a..b/c", ".hidden", "pkg/.x", "a/b/c.py", "aux:1", "naïve.py"])
def test_names_that_look_strange_and_are_fine(tmp_path: Path, name: str) -> None:
    use(make_wheel(tmp_path, NAME, files={name: "x"}))


def test_a_name_that_no_system_takes(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, NAME, files={"a" * 4097: "x"})
    with pytest.raises(IntegrityError, match=r"'a{80}…' in .* has a name longer than any system takes"):
        use(wheel)


@pytest.mark.parametrize("path", ["purelib/y-1.0.dist-info/RECORD", "data/Y-1.0.DIST-INFO/METADATA"])
def test_metadata_of_another_package(tmp_path: Path, path: str) -> None:
    wheel = make_wheel(tmp_path, NAME, data={path: "handler.py,,\n"})
    with pytest.raises(IntegrityError, match="would pass for the metadata of another package"):
        use(wheel)


def test_a_member_twice_with_the_same_content_is_one(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, NAME)
    with zipfile.ZipFile(wheel, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("x.py", archive.read("x.py"))
    with open_wheel(wheel) as opened:
        assert [member.name for member in opened.members].count("x.py") == 1


def test_a_bomb_is_inflated_no_further_than_it_claims(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, NAME, files={"a.py": b"\0" * 10_000_000})
    data = bytearray(wheel.read_bytes())
    claimed = struct.pack("<L", 1000)
    poke(LOCAL, 22, claimed)(data)
    poke(CENTRAL, 24, claimed)(data)
    wheel.write_bytes(data)
    with open_wheel(wheel) as archive:
        pieces = archive.file("a.py").chunks()
        with pytest.raises(IntegrityError, match="is damaged: its content differs from its size"):
            next(pieces)


def test_an_unreasonable_lzma_dictionary_is_not_allocated(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, NAME, files={"a.py": b"A = 1\n" * 100}, compression=zipfile.ZIP_LZMA)
    data = bytearray(wheel.read_bytes())
    properties = 30 + len("a.py") + 4
    data[properties + 1 : properties + 5] = b"\xff\xff\xff\xff"
    wheel.write_bytes(data)
    with open_wheel(wheel) as archive, pytest.raises(IntegrityError, match="is unreasonable"):
        archive.file("a.py").read()


def linked(folder: Path, links: dict[str, str]) -> Path:
    """A wheel with symbolic links."""
    wheel = make_wheel(folder, NAME, files={"lib/real.so": b"\x7fELF"})
    content = io.BytesIO(wheel.read_bytes())
    with zipfile.ZipFile(content, "a") as archive:
        for name, target in links.items():
            info = zipfile.ZipInfo(name)
            info.create_system = 3
            info.external_attr = 0o120777 << 16
            archive.writestr(info, target)
    wheel.write_bytes(content.getvalue())
    return wheel


def test_a_link_inside_the_wheel_becomes_a_copy(tmp_path: Path) -> None:
    with open_wheel(linked(tmp_path, {"lib/short.so": "real.so", "top.so": "./lib/../lib/short.so"})) as archive:
        entries = {entry.path: entry for entry in fold(archive)}
        assert entries["top.so"].content == entries["lib/short.so"].content == entries["lib/real.so"].content
        assert entries["top.so"].mode == 0o644


@pytest.mark.parametrize(
    ("links", "message"),
    [
        ({"a": "/etc/passwd"}, "'a' in .* is a symbolic link to '/etc/passwd', which is no file of the wheel"),
        ({"a": "../x"}, "is a symbolic link to '../x'"),
        ({"lib/a": "../../x"}, "is a symbolic link to '../../x'"),
        ({"a": "lib"}, "is a symbolic link to 'lib'"),
        ({"a": "gone"}, "is a symbolic link to 'gone'"),
        ({"a": "b", "b": "a"}, "is a symbolic link that leads in a circle"),
    ],
)
def test_a_link_to_anything_else_is_refused(tmp_path: Path, links: dict[str, str], message: str) -> None:
    with pytest.raises(IntegrityError, match=message):
        use(linked(tmp_path, links))


def entry(name: bytes, content: bytes) -> bytes:
    """A stored local entry, as a reader of streams would unpack it."""
    sizes = struct.pack("<3L2H", zlib.crc32(content), len(content), len(content), len(name), 0)
    return LOCAL + struct.pack("<5H", 20, 0, 0, 0, 33) + sizes + name + content


@pytest.mark.parametrize("place", ["first", "between", "last"])
def test_an_entry_that_the_directory_does_not_name(tmp_path: Path, place: str) -> None:
    """Others refuse such archives since 2025: the entry is there for some readers only."""

    def insert(data: bytearray) -> None:
        hidden = entry(b"c.py", b"C = 3\n")
        starts = {"first": 0, "between": data.find(LOCAL, 4), "last": data.find(CENTRAL)}
        at = starts[place]
        data[at:at] = hidden
        end = data.rfind(END)
        (directory,) = struct.unpack_from("<L", data, end + 16)
        struct.pack_into("<L", data, end + 16, directory + len(hidden))
        record = data.find(CENTRAL)
        while record >= 0:
            (header,) = struct.unpack_from("<L", data, record + 42)
            if header >= at and place != "last":
                struct.pack_into("<L", data, record + 42, header + len(hidden))
            record = data.find(CENTRAL, record + 4)

    with pytest.raises(IntegrityError, match="has an entry that its directory does not name"):
        use(spoilt(tmp_path, insert))


@pytest.mark.parametrize("padding", [b"\0" * 100, b"no entry" * 20])
def test_other_bytes_between_entries_are_left_aside(tmp_path: Path, padding: bytes) -> None:
    def insert(data: bytearray) -> None:
        at = data.find(CENTRAL)
        data[at:at] = padding
        end = data.rfind(END)
        struct.pack_into("<L", data, end + 16, at + len(padding))

    use(spoilt(tmp_path, insert))
