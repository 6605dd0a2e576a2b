"""`strip` on a library that was really compiled."""

from __future__ import annotations

import ctypes
import os
import platform
import stat
import subprocess  # noqa: TID251  # a compiler of the machine's
from pathlib import Path

import pytest

from lambda_pack.errors import LambdaPackError
from lambda_pack.files.stripped import is_as_before
from lambda_pack.tools.refining.stripping import Stripper
from tests.support.elf import make_elf

PATH = os.environ["PATH"]  # noqa: TID251  # compilers are where the machine has them
MACHINE = platform.machine()
OTHER = "aarch64" if MACHINE == "x86_64" else "x86_64"


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shared library with debug data and a symbol that nobody outside sees."""
    folder = tmp_path_factory.mktemp("library")
    (folder / "a.c").write_text("static int hidden(int x) { return x * 3; }\nint shown(int x) { return hidden(x); }\n")
    command = ("cc", "-g", "-O0", "-shared", "-fPIC", "-o", "liba.so", "a.c")
    subprocess.run(command, cwd=folder, check=True)  # noqa: S603
    return folder / "liba.so"


def test_what_is_left_loads(library: Path, tmp_path: Path) -> None:
    whole = library.read_bytes()
    lean = Stripper.find(MACHINE, {"PATH": PATH}).strip(whole, tmp_path)

    assert lean is not None
    assert len(lean) < len(whole)
    assert b"hidden" not in lean
    assert is_as_before(lean, whole)
    (tmp_path / "lean.so").write_bytes(lean)
    assert ctypes.CDLL(str(tmp_path / "lean.so")).shown(2) == 6


def test_a_second_program_where_the_first_does_not_know_the_machine(library: Path, tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    refusing = programs / f"{MACHINE}-linux-gnu-strip"
    refusing.write_text("#!/bin/sh\necho 'unable to recognise the format' >&2\nexit 1\n")
    refusing.chmod(refusing.stat().st_mode | stat.S_IXUSR)
    stripper = Stripper.find(MACHINE, {"PATH": f"{programs}:{PATH}"})

    assert stripper.strip(library.read_bytes(), tmp_path) is not None
    assert stripper.proven != str(refusing)


def test_nothing_that_strips(tmp_path: Path) -> None:
    with pytest.raises(LambdaPackError, match=f"--strip needs a `strip` that knows {OTHER}"):
        Stripper.find(OTHER, {"PATH": str(tmp_path)})


def test_nothing_that_knows_the_machine(tmp_path: Path) -> None:
    false = tmp_path / "strip"
    false.write_text("#!/bin/sh\necho 'unable to recognise the format' >&2\nexit 1\n")
    false.chmod(0o755)
    stripper = Stripper.find(OTHER, {"PATH": str(tmp_path)})
    with pytest.raises(LambdaPackError, match="or leave out --strip") as refusal:
        stripper.strip(make_elf(OTHER), tmp_path)
    assert "unable to recognise" in refusal.value.log
