"""Which NumPy a module says that it was compiled for: what the headers leave in it, and what only looks like that."""

from __future__ import annotations

import struct

import pytest

from lambda_pack.files.elf import read_elf
from lambda_pack.files.numpy_abi import Segment, numpy_companions
from tests.support.elf import make_elf

IMPORT_ARRAY = "_ARRAY_API is not PyCapsule object"
OLD = "numpy.core._multiarray_umath"
NEW = "numpy._core._multiarray_umath"
SIZES = "%.200s.%.200s size changed, may indicate binary incompatibility. Expected %zd from C header, got %zd"


def oldest(release: str) -> str:
    return f"module was compiled against NumPy C-API version 0x%x (NumPy {release}) but the running NumPy has"


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        # numexpr 2.8.8, cv2 4.9
        ([IMPORT_ARRAY, OLD], ["numpy<2"]),
        # the order in which a linker lays them out says nothing
        ([OLD, IMPORT_ARRAY], ["numpy<2"]),
        # headers of NumPy 2 look in the old place, too
        ([IMPORT_ARRAY, NEW, OLD, oldest("1.19")], ["numpy>=1.19"]),
        ([IMPORT_ARRAY, NEW, OLD, oldest("1.9"), oldest("1.23")], ["numpy>=1.23"]),
        # headers of a pre-release of NumPy 2 that did not say the release yet
        ([IMPORT_ARRAY, NEW, OLD], []),
        # pybind11 up to 2.11 (contourpy 1.1) and Rust's numpy (tokenizers 0.13): both load beside NumPy 2
        (["numpy.core.multiarray", "__pybind11_internals_v4_gcc_libstdcpp_cxxabi1011__"], []),
        (["numpy.core.multiarray", "module compiled against ABI version {} but this version of numpy is {}"], []),
        # Cython that compares the sizes of other types (pyproj 3.6)
        ([SIZES, "numpy", "type"], []),
        ([SIZES, "numpy", "dtype"], []),
        ([], []),
    ],
)
def test_what_the_strings_of_a_module_say(texts: list[str], expected: list[str]) -> None:
    facts = read_elf(make_elf(texts=texts))

    assert [one.requirement for one in facts.companions] == expected


def test_what_imports_nothing_depends_on_no_package() -> None:
    facts = read_elf(make_elf(soname="libx.so.1", texts=[IMPORT_ARRAY, OLD]))

    assert facts.companions == ()


def test_a_library_that_imports_for_its_module_is_asked_too() -> None:
    facts = read_elf(make_elf(soname="libarrow_python.so.1400", texts=["PyImport_ImportModule", IMPORT_ARRAY, OLD]))

    assert [one.requirement for one in facts.companions] == ["numpy<2"]


# As gcc compiles `__Pyx_ImportType(module, "numpy", "dtype", sizeof(PyArray_Descr), …)`, in cftime 1.6.2 and gensim
# 4.4.0: the size before the name, and the other way round.
CODE = 0x1000
NAME = 0x3000


def on_x86(size: int, *, before: bool, register: int = 0xB9) -> bytes:
    lea_at = 5 if before else 0
    lea = b"\x48\x8d\x15" + struct.pack("<i", NAME - (CODE + lea_at + 7))
    mov = bytes([register]) + struct.pack("<I", size)
    call = b"\xe8" + struct.pack("<i", -64)
    return (mov + lea if before else lea + mov) + call


def on_arm(size: int, *, page: int = NAME, adrp_first: bool = True) -> bytes:
    pages = (page >> 12) - (CODE >> 12)
    adrp = 0x90000002 | (pages & 3) << 29 | (pages >> 2 & 0x7FFFF) << 5
    add = 0x91000042 | (page & 0xFFF) << 10
    mov = 0xD2800003 | size << 5
    call = 0x94000010
    words = [adrp, add, mov, call] if adrp_first else [mov, adrp, add, call]
    return struct.pack("<4I", *words)


def module(code: bytes) -> tuple[bytes, list[Segment]]:
    """Code at CODE, the name at NAME, and Cython's words."""
    texts = f"\0numpy\0{SIZES}\0".encode()
    content = code.ljust(0x100, b"\x90") + b"dtype\0" + texts
    return content, [Segment(0, CODE, 0x100, is_code=True), Segment(0x100, NAME, len(content) - 0x100)]


@pytest.mark.parametrize(
    ("machine", "code", "expected"),
    [
        ("x86_64", on_x86(96, before=True), ["numpy<2"]),
        ("x86_64", on_x86(96, before=False), ["numpy<2"]),
        # NumPy 2's own type, and what its headers promise
        ("x86_64", on_x86(88, before=True), []),
        ("x86_64", on_x86(32, before=True), []),
        # another argument
        ("x86_64", on_x86(96, before=True, register=0xB8), []),
        # the size of the type that the call before asks for (an ndarray of NumPy 1.22 has 96 bytes)
        ("x86_64", b"\xb9\x60\0\0\0\xe8\0\0\0\0" + b"\x48\x8d\x15" + struct.pack("<i", NAME - (CODE + 17)), []),
        ("aarch64", on_arm(96), ["numpy<2"]),
        ("aarch64", on_arm(96, adrp_first=False), ["numpy<2"]),
        ("aarch64", on_arm(32), []),
        # the same place in another page is another text
        ("aarch64", on_arm(96, page=NAME + 0x1000), []),
        ("aarch64", struct.pack("<2I", 0xD2800C03, 0x94000010) + on_arm(32)[:8], []),
        # machines that we do not read
        ("riscv64", on_x86(96, before=True), []),
        ("x86_64", b"\x48\x8d\x15", []),
    ],
)
def test_the_size_that_cython_expects_of_a_dtype(machine: str, code: bytes, expected: list[str]) -> None:
    content, segments = module(code)

    assert [one.requirement for one in numpy_companions(content, machine, segments)] == expected


@pytest.mark.parametrize("texts_at", [0, 2])
def test_where_linkers_put_texts(texts_at: int) -> None:
    """GNU's ld puts them behind the code, LLVM's and mold before it; older ones into the same segment."""
    texts = f"{IMPORT_ARRAY}\0{OLD}\0".encode()
    parts = [b"\0" * 64, b"\x90" * 64, b"\0" * 64]
    parts[texts_at] = texts
    content = b"".join(parts)
    offsets = [0, len(parts[0]), len(parts[0]) + 64]
    apart = [Segment(at, at, len(part), is_code=at == offsets[1]) for at, part in zip(offsets, parts, strict=True)]
    together = [Segment(0, 0, len(content), is_code=True)]

    assert [one.requirement for one in numpy_companions(content, "x86_64", apart)] == ["numpy<2"]
    assert [one.requirement for one in numpy_companions(content, "x86_64", together)] == ["numpy<2"]
    assert numpy_companions(content, "x86_64", []) == ()
