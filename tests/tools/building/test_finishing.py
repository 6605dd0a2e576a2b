"""Which wheels that were built here count."""

from __future__ import annotations

from pathlib import Path

import pytest

from lambda_pack.files.binaries import wheel_binaries
from lambda_pack.model.packages import Pin
from lambda_pack.model.targets import Target
from lambda_pack.model.verdicts import Fits
from lambda_pack.tools.building.finishing import Refusal, is_hollow, judge_built, wheel_at
from lambda_pack.tools.building.machine import Host
from tests.support.elf import make_elf
from tests.support.wheels import make_wheel

TARGET = Target.parse("python3.13", "arm64")
PIN = Pin.parse("lib", "1.0")


def judged(
    folder: Path, tag: str, elf: bytes | None, *, name: str = "lib-1.0", foreign: str | None = None
) -> Fits | Refusal:
    """The verdict on a wheel with one module, or with none."""
    files = {"lib.py": ""} if elf is None else {"_lib.so": elf}
    path = make_wheel(folder, f"{name}-{tag}.whl", files=files)
    return judge_built(wheel_at(path), wheel_binaries(path), TARGET, pin=PIN, foreign=foreign)


def linked(glibc: str | None = None, *needed: str, machine: str = "aarch64") -> bytes:
    """A module that needs a glibc and libraries."""
    versions = {"libc.so.6": [f"GLIBC_{glibc}"]} if glibc else {}
    return make_elf(machine=machine, needed=needed, versions=versions)


@pytest.mark.parametrize(
    ("tag", "elf", "expected"),
    [
        ("py3-none-any", None, "built here, pure Python"),
        ("cp313-cp313-linux_aarch64", linked("2.34"), "built here, needs glibc 2.34"),
        ("cp39-abi3-linux_aarch64", linked("2.17"), "built here, needs glibc 2.17"),
        ("cp313-cp313-linux_aarch64", linked(), "built here, needs no particular glibc"),
        ("cp313-cp313-manylinux_2_28_aarch64", linked("2.28"), "built here, needs glibc 2.28"),
        ("cp313-cp313-manylinux_2_39_aarch64", linked("2.28"), "built here, needs glibc 2.28"),
    ],
)
def test_what_fits_says_why(tmp_path: Path, tag: str, elf: bytes | None, expected: str) -> None:
    verdict = judged(tmp_path, tag, elf)
    assert isinstance(verdict, Fits)
    assert verdict.evidence == expected


@pytest.mark.parametrize(
    ("tag", "elf", "foreign", "expected"),
    [
        ("cp313-cp313-linux_aarch64", linked("2.36"), None, "needs GLIBC_2.36 of libc.so.6: python3.13 has glibc 2.34"),
        ("cp313-cp313-linux_x86_64", linked(machine="x86_64"), None, "is for x86_64; the target is aarch64"),
        ("cp313-cp313-linux_aarch64", linked(machine="x86_64"), None, "_lib.so is for x86_64"),
        ("cp313-cp313-macosx_14_0_arm64", linked(), None, "is for macOS"),
        ("cp312-cp312-linux_aarch64", linked(), None, "is for CPython 3.12"),
        ("cp313-cp313t-linux_aarch64", linked(), None, "free-threaded"),
        ("cp39-abi3-linux_aarch64", linked(), "3.11", "because no Python 3.13 was found; install one"),
        ("py3-none-any", linked(machine="x86_64"), None, "_lib.so is for x86_64"),
    ],
)
def test_what_does_not_count_says_why(tmp_path: Path, tag: str, elf: bytes, foreign: str | None, expected: str) -> None:
    verdict = judged(tmp_path, tag, elf, foreign=foreign)
    assert isinstance(verdict, Refusal)
    assert expected in verdict.detail


@pytest.mark.parametrize("name", ["lib-1.1", "bil-1.0"])
def test_another_package_than_asked_for_does_not_count(tmp_path: Path, name: str) -> None:
    verdict = judged(tmp_path, "py3-none-any", None, name=name)
    assert isinstance(verdict, Refusal)
    assert verdict.detail == f"the build made {name.replace('-', '==')} instead of lib==1.0"


def test_libraries_that_only_the_machine_has_are_named(tmp_path: Path) -> None:
    """Auditwheel takes libX11 and libglib for granted; no image of Lambda's has the first, and some the second."""
    verdict = judged(tmp_path, "cp313-cp313-linux_aarch64", linked("2.17", "libpq.so.5", "libX11.so.6", "libc.so.6"))
    assert isinstance(verdict, Refusal)
    assert verdict.missing == ("libpq.so.5", "libX11.so.6")


def test_a_platform_without_a_binary_is_for_step_6(tmp_path: Path) -> None:
    verdict = judged(tmp_path, "cp313-cp313-linux_aarch64", None)
    assert isinstance(verdict, Refusal)
    assert verdict.detail == "lib-1.0-cp313-cp313-linux_aarch64.whl names a platform and holds no binary"
    assert is_hollow(wheel_at(tmp_path / "lib-1.0-cp313-cp313-linux_aarch64.whl"))


def test_this_machine_knows_itself() -> None:
    host = Host.here()
    assert host.system
    assert host.glibc is None or host.glibc > (2, 4)
