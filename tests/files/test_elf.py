"""The reader of ELF files, by files made here; `test_elf_oracles` asks other readers about real ones."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lambda_pack.files.elf import DamagedElf, read_elf
from lambda_pack.model.binaries import ElfFacts, ElfKind, SymbolVersion
from tests.support.elf import MACHINES, make_elf

FULL = make_elf(
    soname="libx.so.1",
    needed=["libc.so.6", "libstdc++.so.6"],
    versions={
        "libc.so.6": ["GLIBC_2.2.5", "GLIBC_2.17", "GLIBC_2.9"],
        "libstdc++.so.6": ["GLIBCXX_3.4.21", "CXXABI_1.3.9", "GLIBCXX_3.4"],
    },
    provided=["libx.so.1", "X_1.0", "X_1.10"],
    runpath="$ORIGIN/../x.libs:/usr/lib",
)


def test_everything_a_loader_would_read() -> None:
    assert read_elf(FULL) == ElfFacts(
        machine="x86_64",
        bits=64,
        kind=ElfKind.LIBRARY,
        soname="libx.so.1",
        needed=("libc.so.6", "libstdc++.so.6"),
        versions=(
            SymbolVersion("libc.so.6", "GLIBC", (2, 17)),
            SymbolVersion("libstdc++.so.6", "CXXABI", (1, 3, 9)),
            SymbolVersion("libstdc++.so.6", "GLIBCXX", (3, 4, 21)),
        ),
        provided=(SymbolVersion("", "X", (1, 10)),),
        runpath=("$ORIGIN/../x.libs", "/usr/lib"),
    )


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize("bits", [32, 64])
@pytest.mark.parametrize("big_endian", [False, True])
def test_every_class_and_order(machine: str, bits: int, big_endian: bool) -> None:  # noqa: FBT001
    data = make_elf(
        machine=machine,
        bits=bits,
        big_endian=big_endian,
        needed=["libc.so.6"],
        versions={"libc.so.6": ["GLIBC_2.28"]},
        rpath="/a:/b",
    )

    facts = read_elf(data)

    assert (facts.machine, facts.bits, facts.needed, facts.rpath) == (machine, bits, ("libc.so.6",), ("/a", "/b"))
    assert facts.newest("GLIBC") == (2, 28)
    assert facts.newest("GLIBCXX") is None


@pytest.mark.parametrize(
    ("data", "kind", "is_static"),
    [
        (make_elf(), ElfKind.LIBRARY, False),
        (make_elf(kind="program", interpreter="/lib64/ld-linux-x86-64.so.2"), ElfKind.PROGRAM, False),
        (make_elf(kind="program"), ElfKind.PROGRAM, True),
        (make_elf(kind="static"), ElfKind.PROGRAM, True),
        (make_elf(kind="executable", needed=["libc.so.6"]), ElfKind.PROGRAM, False),
        (make_elf(interpreter="/lib/ld.so"), ElfKind.PROGRAM, False),
        (make_elf(interpreter="/lib/ld.so", soname="libc.so.6"), ElfKind.LIBRARY, False),
        (make_elf(kind="object"), ElfKind.OTHER, False),
    ],
)
def test_what_a_file_is_for(data: bytes, kind: ElfKind, is_static: bool) -> None:  # noqa: FBT001
    facts = read_elf(data)

    assert (facts.kind, facts.is_static) == (kind, is_static)


@pytest.mark.parametrize(
    ("version", "namespace", "level"),
    [
        ("GLIBC_2.2.5", "GLIBC", (2, 2, 5)),
        ("GLIBC_PRIVATE", "GLIBC_PRIVATE", ()),
        ("GLIBC_ABI_DT_RELR", "GLIBC", (2, 36)),
        ("CXXABI_FLOAT128", "CXXABI_FLOAT128", ()),
        ("CXXABI_LDBL_1.3", "CXXABI_LDBL", (1, 3)),
        ("GCC_4.0.0", "GCC", (4, 0, 0)),
        ("GLIBC_2.", "GLIBC_2.", ()),
        ("", "", ()),
    ],
)
def test_a_version_is_a_namespace_and_numbers(version: str, namespace: str, level: tuple[int, ...]) -> None:
    facts = read_elf(make_elf(versions={"l.so": [version]}))

    assert facts.versions == (SymbolVersion("l.so", namespace, level),)


def test_a_version_that_may_be_missing_is_not_needed() -> None:
    facts = read_elf(make_elf(versions={"libc.so.6": ["GLIBC_2.17", "GLIBC_2.34"]}, weak=["GLIBC_2.34"]))

    assert facts.newest("GLIBC") == (2, 17)


def test_a_module_has_an_entry_for_python() -> None:
    assert read_elf(make_elf()).is_module
    assert not read_elf(make_elf(is_module=False)).is_module
    assert not read_elf(FULL).is_module


def test_a_part_of_a_larger_buffer_will_do() -> None:
    assert read_elf(memoryview(b"xx" + FULL + b"yy")[2:-2]) == read_elf(FULL)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data[:15], "does not begin"),
        (lambda data: b"\x7fELG" + data[4:], "does not begin"),
        (lambda data: data[:4] + b"\3" + data[5:], "does not begin"),
        (lambda data: data[:40], "ends inside its header"),
        (lambda data: data[:54] + b"\1\0" + data[56:], "claims 2 program headers of 1 bytes"),
        (lambda data: data[:56] + b"\xff\xff" + data[58:], "claims 65535 program headers"),
        (lambda data: data[:32] + b"\xff" * 8 + data[40:], "program headers outside of the file"),
        (lambda data: data[:-16], "dynamic section outside of the file"),
        (lambda data: data[:-16] + b"\1" * 16, "dynamic section without an end|outside of its string table"),
    ],
)
def test_a_contradiction_is_named(change: Callable[[bytes], bytes], message: str) -> None:
    with pytest.raises(DamagedElf, match=message):
        read_elf(change(FULL))


def test_more_versions_than_any_library_has_are_refused() -> None:
    many = make_elf(versions={"libc.so.6": ["GLIBC_2.17"] * 20_000})
    spread = make_elf(versions={f"lib{number}.so": ["A_1"] * 1_000 for number in range(20)})

    for data in (many, spread):
        with pytest.raises(DamagedElf, match="more symbol versions"):
            read_elf(data)


@settings(max_examples=200)
@given(st.binary(max_size=400))
def test_whatever_follows_the_magic_is_read_or_refused(rest: bytes) -> None:
    try:
        facts = read_elf(b"\x7fELF" + rest)
    except DamagedElf:
        return
    assert facts.bits in {32, 64}


@settings(max_examples=300)
@given(st.randoms(use_true_random=False))
def test_a_spoilt_file_is_read_or_refused(chance: random.Random) -> None:
    data = bytearray(FULL)
    for _ in range(chance.randint(1, 12)):
        at = chance.randrange(16, len(data))
        value = chance.choice([0, 1, 0x7F, 0xFF, chance.randrange(256)])
        width = chance.choice([1, 2, 4, 8])
        data[at : at + width] = bytes([value]) * min(width, len(data) - at)
    try:
        facts = read_elf(bytes(data[: chance.choice([len(data), chance.randrange(len(data))])]))
    except DamagedElf:
        return
    assert sum(map(len, facts.needed)) <= 2 * len(data) + (1 << 16)


@pytest.mark.parametrize("length", [255, 256, 1024, 2979, 70_000])
def test_a_long_name_is_no_damage(length: int) -> None:
    # ibm_db 3.3.0 has an RPATH of 2,979 bytes, and loads.
    folders = ":".join(f"/{number:09}" for number in range(length // 11)) or "/x"

    assert read_elf(make_elf(rpath=folders)).rpath == tuple(folders.split(":"))


def test_names_over_each_other_are_not_read_for_ever() -> None:
    long = "x" * 30_000
    data = make_elf(needed=[long, *(f"lib{number:04}.so" for number in range(3_000))])
    one = (1).to_bytes(8, "little")
    begin = next(
        at for at in range(len(data) - 64) if all(data[at + step : at + step + 8] == one for step in (0, 16, 32))
    )
    assert read_elf(data).needed[0] == long
    spoilt = bytearray(data)
    for number in range(3_000):
        # Each entry of the dynamic section now refers to a little less of the long name.
        at = begin + 16 * number
        spoilt[at : at + 16] = one + (1 + number).to_bytes(8, "little")

    with pytest.raises(DamagedElf, match="more names than it has room for"):
        read_elf(bytes(spoilt))
