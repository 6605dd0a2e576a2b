"""A PATH without compilers."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from lambda_pack.tools.building.compilers import without_compilers

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="programs have endings there")

COMPILERS = (
    *("cc", "gcc", "gcc-12", "g++", "c++", "cpp", "clang", "clang++-15", "x86_64-linux-gnu-gcc-12", "c99", "tcc"),
    *("ld", "ld.bfd", "x86_64-linux-gnu-ld.gold", "gfortran", "x86_64-unknown-linux-gnu-cc", "zig"),
)
OTHERS = (
    "python3",
    "git",
    "make",
    "ccache-swig",
    "ldd",
    "cargo",
    "gcov",
    "less",
    "cls",
    "clear",
    "patch",
    "pkg-config",
)


def test_compilers_are_hidden_and_everything_else_is_found(tmp_path: Path) -> None:
    mixed, clean = tmp_path / "mixed", tmp_path / "clean"
    for folder, names in ((mixed, (*COMPILERS, *OTHERS)), (clean, OTHERS)):
        folder.mkdir()
        for name in names:
            (folder / name).write_text("#!/bin/sh\n")
            (folder / name).chmod(0o755)
    before = {"PATH": os.pathsep.join(map(str, (mixed, tmp_path / "gone", clean))), "CC": "gcc", "HOME": "/h"}
    after = without_compilers(before, tmp_path / "links")
    assert not [name for name in COMPILERS if shutil.which(name, path=after["PATH"])]
    assert [name for name in OTHERS if shutil.which(name, path=after["PATH"])] == [*OTHERS]
    assert str(clean) in after["PATH"].split(os.pathsep), "a folder without compilers needs no links"
    assert after["HOME"] == "/h"
    assert after["CC"] == after["CXX"] == after["LD"]
    assert not Path(after["CC"]).exists()
