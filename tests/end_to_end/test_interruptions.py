"""130: SIGINT and SIGTERM while something arrives and while something is built. Nothing is left, nobody lives on."""

from __future__ import annotations

import os
import platform
import signal
import socket
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Unpack

import pytest

from tests.end_to_end.workplace import TargetNames, Workplace, files_below
from tests.support.faults import Slow
from tests.support.packages import make_sdist, make_wheel
from tests.support.processes import Finished

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are sent as POSIX knows them")

# Becomes the command, after it has said its number. A shell's background job ignores Ctrl-C; this one must not.
LAUNCHER = """
import os, pathlib, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)
pathlib.Path(sys.argv[1]).write_text(str(os.getpid()))
os.execv(sys.argv[2], sys.argv[2:])
"""
# A compiler that never ends, and says its number, too.
COMPILER = '#!/bin/sh\necho $$ > "{file}.new"\nmv "{file}.new" "{file}"\nsleep 60\n'


def until(condition: Callable[[], object], patience: float = 30) -> None:
    """Waits for it, at most so many seconds."""
    end = time.monotonic() + patience
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)


def is_alive(process: int) -> bool:
    """Whether a process of this number runs; one that only waits to be buried does not."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{process}/stat")
    return not (status.exists() and status.read_text().rpartition(")")[2].split()[0] == "Z")


def interrupted(
    work: Workplace, number: signal.Signals, when: Callable[[], object], *arguments: str, **target: Unpack[TargetNames]
) -> Finished:
    """Starts `pack`, sends it the signal as soon as `when` says so, and waits for its end."""
    file = work.folder.parent / "process"
    launcher = (sys.executable, "-c", LAUNCHER, file)
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(work.run, *launcher, *work.command("pack", *arguments, **target), extra=compiler_of(work))
        until(when)
        os.kill(int(file.read_text()), number)
        return future.result(timeout=30)


def compiler_of(work: Workplace) -> dict[str, str]:
    """The environment with the endless compiler."""
    compiler = work.folder.parent / "endless-cc"
    compiler.write_text(COMPILER.format(file=work.folder.parent / "compiling"))
    compiler.chmod(0o755)
    return {"CC": str(compiler)}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_while_files_arrive(work: Workplace, number: signal.Signals) -> None:
    for name in ("one", "two"):
        make_wheel(work.index.folder, f"{name}-1.0-py3-none-any.whl", files={f"{name}.bin": os.urandom(50_000)})
    work.index.misbehave("*.whl", Slow(0.1, chunk=100))
    work.write("requirements.txt", "one", "two")

    done = interrupted(work, number, lambda: len(work.index.asked("*.whl")) == 2)

    assert done.exit_code == 130
    assert done.errors.endswith("lambda-pack: interrupted\n")
    assert "Traceback" not in done.text
    assert not work.leftovers()
    assert files_below(work.folder) == ["requirements.txt"]
    assert not files_below(work.cache / "partial")
    assert not list(work.cache.rglob("*.whl"))


def test_many_that_wait_for_a_server_that_does_not_answer(work: Workplace) -> None:
    """A thread that waits for an answer cannot be woken; it was waited for, for two minutes."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/six-1.0-py3-none-any.whl"
        wheel = f"{{name = 'six-1.0-py3-none-any.whl', url = '{url}', hashes = {{sha256 = '{'0' * 64}'}}}}"
        package = f"[[packages]]\nname = 'six'\nversion = '1.0'\nwheels = [{wheel}]\n"
        work.write("pylock.toml", "lock-version = '1.0'", "created-by = 'x'", package)
        work.write("lambda-pack.yml", "functions: {a: {input: pylock.toml}, b: {input: pylock.toml}}")
        with ThreadPoolExecutor(1) as pool:
            connected = pool.submit(silent.accept)
            began = time.monotonic()
            done = interrupted(work, signal.SIGINT, connected.done, "--all")
        connected.result()[0].close()

    assert done.exit_code == 130
    assert done.errors.endswith("lambda-pack: interrupted\n")
    assert "Traceback" not in done.text
    assert time.monotonic() - began < 10


@pytest.mark.skipif(
    sys.platform != "linux" or platform.machine() not in {"x86_64", "aarch64"}, reason="compiled where Lambda could be"
)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_while_something_is_built(work: Workplace, number: signal.Signals) -> None:
    make_sdist(work.index.folder, "hard", "1.0", build_backend="c-extension", project_table=True)
    work.write("requirements.txt", "hard")
    compiling, runtime = work.folder.parent / "compiling", f"python3.{sys.version_info[1]}"

    done = interrupted(work, number, compiling.exists, runtime=runtime, architecture=platform.machine())

    assert done.exit_code == 130
    assert done.errors.endswith("lambda-pack: interrupted\n")
    assert not is_alive(int(compiling.read_text()))
    assert not work.leftovers()
    assert files_below(work.folder) == ["requirements.txt"]


def test_what_was_there_before_stays(work: Workplace) -> None:
    make_wheel(work.index.folder, "one-1.0-py3-none-any.whl", files={"one.bin": os.urandom(50_000)})
    work.index.misbehave("*.whl", Slow(0.1, chunk=100))
    work.write("requirements.txt", "one")
    before = work.write("dist/shop-python3.13-arm64.zip", "yesterday's").read_bytes()

    done = interrupted(work, signal.SIGINT, lambda: work.index.asked("*.whl"))

    assert done.exit_code == 130
    assert files_below(work.folder / "dist") == ["shop-python3.13-arm64.zip"]
    assert (work.folder / "dist" / "shop-python3.13-arm64.zip").read_bytes() == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_while_many_are_packed(work: Workplace, number: signal.Signals) -> None:
    for name in ("one", "two", "three"):
        make_wheel(work.index.folder, f"{name}-1.0-py3-none-any.whl", files={f"{name}.bin": os.urandom(50_000)})
        work.write(f"{name}.txt", name)
    work.write("lambda-pack.yml", "functions: {one: {requirements: one.txt}, two: {requirements: two.txt}}")
    work.index.misbehave("*.whl", Slow(0.1, chunk=100))
    written = files_below(work.folder)

    done = interrupted(work, number, lambda: len(work.index.asked("*.whl")) == 2, "--all")

    assert done.exit_code == 130
    assert done.errors.endswith("lambda-pack: interrupted\n")
    assert "Traceback" not in done.text
    assert not work.leftovers()
    assert files_below(work.folder) == written
    assert not files_below(work.cache / "partial")
