"""The suffixes of extension modules: our table, and what real interpreters look for."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from lambda_pack.model.extension_modules import extension_suffixes, module_file
from lambda_pack.model.targets import RUNTIMES, Architecture, Target
from lambda_pack.tools.interpreters import find_interpreter
from tests.support.processes import run
from tests.support.sysroots import sysroot

ASK = "import importlib.machinery, json; print(json.dumps(importlib.machinery.EXTENSION_SUFFIXES))"
# Debian's Pythons take this form, too, which CPython itself has from 3.15 on; AWS builds its own.
DEBIANS_OWN = ".abi3-aarch64-linux-gnu.so"


@pytest.mark.parametrize(
    ("name", "runtime", "loads"),
    [
        ("x.abi3.so", "python3.15", True),
        ("x.abi3t.so", "python3.15", True),
        ("x.abi3t.so", "python3.14", False),
        ("x.abi3t-x86_64-linux-gnu.so", "python3.15", True),
        ("x.abi3-x86_64-linux-gnu.so", "python3.14", False),
        ("x.abi3-aarch64-linux-gnu.so", "python3.15", False),
        ("x.cpython-315-x86_64-linux-gnu.so", "python3.15", True),
        ("x.cpython-315t-x86_64-linux-gnu.so", "python3.15", False),
        ("x.cpython-37m-x86_64-linux-gnu.so", "python3.7", True),
        ("x.cpython-38-x86_64-linux-gnu.so", "python3.8", True),
        ("x.so", "python3.12", True),
        ("x.pyd", "python3.12", False),
    ],
)
def test_what_a_runtime_imports(name: str, runtime: str, *, loads: bool) -> None:
    module = module_file(f"/var/task/pkg/{name}")

    assert module is not None
    assert module.is_for(Target.parse(runtime)) is loads


@pytest.mark.network
@pytest.mark.parametrize("runtime", [name for name in RUNTIMES if name < "python3.14"])
def test_the_interpreters_of_this_machine_agree(runtime: str, tmp_path: Path) -> None:
    python = find_interpreter(RUNTIMES[runtime].python, environ=os.environ)  # noqa: TID251  # where they are
    if python is None:
        pytest.skip(f"this machine has no {runtime}")
    done = run((python, "-I", "-S", "-c", ASK), {}, folder=tmp_path)

    assert set(json.loads(done.output)) == {*extension_suffixes(RUNTIMES[runtime].python, os.uname().machine)}


@pytest.mark.proof
@pytest.mark.parametrize("runtime", ["python3.9", "python3.11", "python3.13", "python3.14", "python3.15"])
def test_debians_interpreters_agree(runtime: str, tmp_path: Path) -> None:
    folder = sysroot(runtime)
    emulated = ("qemu-aarch64-static", "-L", folder, folder / "usr/bin" / runtime)
    machine = {**os.environ, "QEMU_CPU": "neoverse-n1"}  # noqa: TID251  # where qemu is
    done = run((*emulated, "-I", "-S", "-c", ASK), machine, folder=tmp_path)

    suffixes = extension_suffixes(RUNTIMES[runtime].python, Architecture.ARM64.machine)
    assert {*json.loads(done.output), DEBIANS_OWN} == {*suffixes, DEBIANS_OWN}
