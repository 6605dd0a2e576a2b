"""A clean root, really entered: what a function sees there, and what it does not."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from lambda_pack.model.loading import Answered, Failed, Invocation, Loaded, Rooms
from lambda_pack.model.targets import Architecture, Target
from lambda_pack.tools.loading.clean_root import CleanRootSeat, Sysroot, emulator_of, find_sysroot, open_clean_root
from lambda_pack.tools.loading.loader import ProgramLoader
from tests.support.debian import why_not_here
from tests.support.sysroots import sysroot
from tests.tools.loading.test_loader import CLIENT, lay

MACHINE = os.environ  # noqa: TID251  # where this machine's programs are
SEEN = """
import os, socket
def tries(function, *arguments):
    try:
        return str(function(*arguments))
    except OSError as error:
        return type(error).__name__
raise LookupError({
    "root": sorted(os.listdir("/")), "user": os.getuid(), "folder": os.getcwd(), "dev": sorted(os.listdir("/dev")),
    "writes": [tries(os.mkdir, f"{place}/x") for place in ("/tmp", "/var/task", "/opt", "/usr", "")],
    "network": tries(socket.create_connection, ("192.0.2.1", 80), 1),
    "processes": len([name for name in os.listdir("/proc") if name.isdigit()]) < 5,
})
"""


def program(folder: Path, name: str, text: str) -> Path:
    """A program that somebody has installed."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n", "utf-8")
    path.chmod(0o755)
    return path


@pytest.fixture
def rooms(tmp_path: Path) -> Rooms:
    """Empty ones, which others may read."""
    rooms = Rooms(*(tmp_path / name for name in ("task", "opt", "tmp", "programs")))
    for folder in (rooms.task, rooms.layers, rooms.temporary, rooms.programs):
        folder.mkdir()
        folder.chmod(0o755)
    return rooms


def entered(name: str, architecture: Architecture) -> CleanRootSeat:
    """A seat of one way; skips, and says why, where there is none."""
    why = why_not_here({"bwrap": "bubblewrap", "unshare": "util-linux"})
    if why is not None:
        pytest.skip(f"no clean root: {why}")
    if name == "unshare" and os.geteuid() != 0:
        pytest.skip("no clean root by unshare: that needs root")
    target = Target.parse("python3.13", architecture.value)
    found = find_sysroot(sysroot(target.runtime.name, architecture), target)
    assert found is not None
    emulator = emulator_of(target, MACHINE) if architecture is Architecture.ARM64 else ()
    return CleanRootSeat(found, target, str(shutil.which(name)), emulator)


@pytest.mark.network
@pytest.mark.parametrize("architecture", list(Architecture))
@pytest.mark.parametrize("name", ["bwrap", "unshare"])
def test_nothing_but_the_system_and_the_bundle(
    name: str, architecture: Architecture, rooms: Rooms, tmp_path: Path
) -> None:
    seat = entered(name, architecture)
    lay(
        rooms.task,
        {"seen.py": SEEN, "app.py": "import shared\ndef handler(event, headers):\n    return [event, shared.x]"},
    )
    lay(rooms.layers, {"python/shared.py": "x = 1"})
    lay(tmp_path / "client", {"awslambdaric/__init__.py": "", "awslambdaric/__main__.py": CLIENT})
    loader = ProgramLoader(seat, seat.target, 60, fetch_client=lambda: tmp_path / "client")

    failed, loaded = loader.imports(["seen", "app"], rooms)
    answered = loader.invoke(Invocation("app.handler", "[7]"), rooms)

    assert loaded == Loaded("app")
    assert answered == Answered("app.handler", "[[7], 1]")
    assert isinstance(failed, Failed)
    seen = eval(failed.error.removeprefix("LookupError: "))  # noqa: S307  # what our own code says
    assert set(seen["root"]) <= {
        "bin",
        "dev",
        "etc",
        "lib",
        "lib64",
        "opt",
        "proc",
        "root",
        "sbin",
        "tmp",
        "usr",
        "var",
    }
    assert seen["dev"] == ["fd", "full", "null", "random", "urandom", "zero"]
    assert (seen["user"], seen["folder"], seen["processes"]) == (65534, "/var/task", True)
    assert seen["writes"] == ["None", "OSError", "OSError", "OSError", "OSError"]
    assert seen["network"] == "OSError"
    assert name in seat.description


@pytest.mark.network
def test_a_library_of_the_sysroot_that_the_runtime_lacks(rooms: Rooms) -> None:
    seat = entered("bwrap", Architecture.X86_64)
    # Debian's Python is linked with libexpat and brings liblzma for its module lzma; Lambda promises neither.
    lay(rooms.task, {"own.py": "import lzma, sqlite3", "loads.py": "import ctypes\nctypes.CDLL('libtinfo.so.6')"})
    lay(rooms.task, {"lacks.py": "import ctypes\nctypes.CDLL('libpanelw.so.6')"})

    own, loads, lacks = ProgramLoader(seat, seat.target, 60, fetch_client=Path).imports(
        ["own", "loads", "lacks"], rooms
    )

    assert own == Loaded("own")
    assert loads == Loaded("loads", ("libtinfo.so.6",))
    assert isinstance(lacks, Failed)
    assert lacks.error == "LibraryError: loaded from the sysroot: libpanelw.so.6; the runtime has none"


@pytest.mark.network
def test_in_awss_own_files_nothing_is_judged(rooms: Rooms, tmp_path: Path) -> None:
    plain = entered("bwrap", Architecture.X86_64)
    root = tmp_path / "aws"
    # Without its devices: a copy of /dev/full would be as large as the disk.
    shutil.copytree(plain.sysroot.folder, root, symlinks=True, ignore=shutil.ignore_patterns("dev"))
    # Where AWS's images have it.
    for place in ("bin", "lib"):
        (root / "var/lang" / place).mkdir(parents=True)
        (root / "usr" / place / "python3.13").rename(root / "var/lang" / place / "python3.13")
    lay(root / "var/runtime", {"awslambdaric/__init__.py": "", "awslambdaric/__main__.py": CLIENT})
    found = find_sysroot(root, plain.target)
    assert found is not None
    lay(
        rooms.task,
        {"app.py": "import ctypes\nctypes.CDLL('libpanelw.so.6')\ndef handler(event, headers):\n    return 1"},
    )
    loader = ProgramLoader(CleanRootSeat(found, plain.target, plain.entrance), plain.target, 60, fetch_client=Path)

    assert list(loader.imports(["app"], rooms)) == [Loaded("app")]
    assert loader.invoke(Invocation("app.handler"), rooms) == Answered("app.handler", "1")


def test_the_first_way_that_works_is_taken(tmp_path: Path) -> None:
    root = Sysroot(tmp_path / "system", "usr/bin/python3.13")
    root.folder.mkdir()
    bwrap = program(tmp_path / "bin", "bwrap", "exit 0")

    seat = open_clean_root(root, Target.parse("python3.13"), (), environ={"PATH": str(bwrap.parent)})

    assert isinstance(seat, CleanRootSeat)
    assert seat.description == f"python3.13 in a clean root of {root.folder}, made by bwrap"


def test_why_no_way_works_is_said(tmp_path: Path) -> None:
    root = Sysroot(tmp_path / "system", "usr/bin/python3.13")
    root.folder.mkdir()
    environ = {"PATH": str(tmp_path / "bin")}
    assert open_clean_root(root, Target.parse("python3.13"), (), environ=environ) == (
        "bwrap is not on PATH: install bubblewrap"
    )
    program(tmp_path / "bin", "bwrap", "echo 'No permissions to create new namespace' >&2; exit 1")

    why = open_clean_root(root, Target.parse("python3.13"), (), environ=environ)

    assert why == "bwrap fails: No permissions to create new namespace"


def test_awss_own_files_are_the_runtime(tmp_path: Path) -> None:
    program(tmp_path / "var/lang/bin", "python3.13", "exit 0")
    (tmp_path / "var/runtime").mkdir()

    found = find_sysroot(tmp_path, Target.parse("python3.13"))

    assert found is not None
    assert (found.system, found.python) == (None, "var/lang/bin/python3.13")
    seat = CleanRootSeat(found, Target.parse("python3.13"), "bwrap")
    assert "/var/runtime" in seat.clients
    assert "/var/lang" in seat.command((), [], tmp_path, {})
    assert find_sysroot(tmp_path, Target.parse("python3.12")) is None
