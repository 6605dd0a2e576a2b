"""Systems with Debian's Python, below the user's cache folder: made once, where `verify` looks for them."""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
from pathlib import Path

import pytest

from lambda_pack.model.targets import Architecture, Target
from lambda_pack.tools.interpreters import find_interpreter
from lambda_pack.tools.loading.choice import sysroot_folder
from lambda_pack.tools.network.cache import default_cache_folder
from tests.container.podman import MMDEBSTRAP
from tests.support.debian import PYTHONS, why_not_here
from tests.support.processes import run

__all__ = ["sysroot"]

PROGRAMS = {
    Architecture.ARM64: {"qemu-aarch64-static": "qemu-user-static", "mmdebstrap": "mmdebstrap"},
    Architecture.X86_64: {"mmdebstrap": "mmdebstrap"},
}
DEBIAN = {Architecture.ARM64: "arm64", Architecture.X86_64: "amd64"}
PACKAGES = "base-files,ca-certificates,libstdc++6,zlib1g"


def sysroot(runtime: str, architecture: Architecture = Architecture.ARM64) -> Path:
    """The sysroot of a runtime; skips, and says why, where there is none and none can be made."""
    target = Target.parse(runtime, architecture.value)
    cache = default_cache_folder()
    if cache is None:
        pytest.skip(f"nothing is loaded for {target}: whoever runs this has no home to keep a sysroot in")
    folder = sysroot_folder(cache, target)
    ready = (folder / "usr/bin" / runtime).is_file()
    if ready and all(shutil.which(program) for program in PROGRAMS[architecture] if program != "mmdebstrap"):
        return folder
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip(f"nothing is loaded for {target}: Debian's packages are installed on Linux by root alone")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        # Tests run in parallel, and apt does not.
        fcntl.flock(lock, fcntl.LOCK_EX)
        _install(target)
        if not (folder / "usr/bin" / runtime).is_file():
            _make(folder, PYTHONS[runtime.removeprefix("python")], target)
    return folder


def _install(target: Target) -> None:
    why = why_not_here(PROGRAMS[target.architecture])
    if why is not None:
        pytest.skip(f"nothing is loaded for {target}: {why}")


def _make(folder: Path, release: str, target: Target) -> None:
    python, architecture = target.runtime.name, DEBIAN[target.architecture]
    beside = folder.with_suffix(".new")
    shutil.rmtree(beside, ignore_errors=True)
    include = f"--include={PACKAGES},{python}"
    # The lists of a release in preparation may be some days old.
    current = '--aptopt=Acquire::Check-Valid-Until "false"'
    command = (*MMDEBSTRAP, "--variant=extract", f"--architectures={architecture}", current, include, release, beside)
    machine = os.environ  # noqa: TID251  # the machine's way to its packages
    done = run(command, machine, folder=folder.parent, timeout=900)
    assert done.exit_code == 0, done.text
    _compile(beside, target)
    beside.rename(folder)


def _compile(folder: Path, target: Target) -> None:
    """As Debian's packages do when they are installed: an emulated interpreter takes seconds for it at each start."""
    python = target.runtime.name
    ours = find_interpreter(target.runtime.python, environ=os.environ)  # noqa: TID251  # this machine's
    if ours is None and target.architecture is Architecture.X86_64:
        # It starts fast enough, and this machine's loader would give it this machine's libraries.
        return
    emulated = ("qemu-aarch64-static", "-L", folder, folder / "usr/bin" / python)
    library = folder / "usr/lib" / python
    command = (
        *((ours,) if ours else emulated),
        "-I",
        "-S",
        "-m",
        "compileall",
        "-q",
        "-x",
        "/test/|/lib2to3/",
        library,
    )
    done = run(command, os.environ, folder=folder, timeout=900)  # noqa: TID251  # as above
    assert done.exit_code == 0, done.text
