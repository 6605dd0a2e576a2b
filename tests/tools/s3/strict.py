"""localstack's S3 as a process of the tests': installed once into the user's cache, on loopback only."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess  # noqa: TID251  # a server that runs beside the test and has to be stopped
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import findpython
import platformdirs
import pytest
import uv

from tests.support.processes import run

__all__ = ["StrictServer", "listening_addresses"]

REQUIREMENT = "localstack-core[base-runtime]==4.14.0"
# Its own dependencies are not pinned: taken as they were when it was tried.
AS_OF = "2026-03-15"
PROGRAM = Path(__file__).with_name("on_loopback.py")


class StrictServer:
    """A context manager: S3 at `endpoint`. Its files are in `folder`; skips the test where there is no Python 3.13."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self._port = probe.getsockname()[1]
        self._log = folder / "log"

    @property
    def endpoint(self) -> str:
        """Its URL."""
        return f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        python = _installed()
        environment = {
            "PATH": os.defpath,
            "HOME": str(self._folder),
            "TMPDIR": str(self._folder),
            "FILESYSTEM_ROOT": str(self._folder / "root"),
            "LOCALSTACK_VOLUME_DIR": str(self._folder / "volume"),
            "S3_DIR": str(self._folder / "objects"),
            "GATEWAY_LISTEN": f"127.0.0.1:{self._port}",
            "DNS_ADDRESS": "0",
            **dict.fromkeys(("STRICT_SERVICE_LOADING", "EAGER_SERVICE_LOADING", "DISABLE_EVENTS"), "1"),
            "SKIP_SSL_CERT_DOWNLOAD": "1",
            "SERVICES": "s3",
        }
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603  # our own program
                [python, "-I", PROGRAM], env=environment, cwd=self._folder, stdout=log, stderr=log
            )
        try:
            self._wait()
            addresses = listening_addresses(self._process.pid)
            assert addresses <= {"127.0.0.1"}, f"localstack listens on {addresses}"
        except BaseException:
            self._stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop()

    def _wait(self) -> None:
        deadline = time.monotonic() + 60
        while "\nReady." not in self._log.read_text("utf-8", errors="replace"):
            if self._process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"localstack did not start:\n{self._log.read_text('utf-8', errors='replace')[-3000:]}")
            time.sleep(0.05)

    def _stop(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


def listening_addresses(pid: int) -> set[str]:
    """The addresses on which a process accepts TCP connections, as Linux tells it; IPv6 ones in its hex form."""
    folder = Path("/proc") / str(pid)
    if not (folder / "net").is_dir():
        return set()  # another system: there the program's own refusal has to do
    sockets = {str(link.readlink()) for link in (folder / "fd").iterdir() if link.is_symlink()}
    found = set()
    for table in ("tcp", "tcp6"):
        for row in (folder / "net" / table).read_text("ascii").splitlines()[1:]:
            _, local, _, state, *_, inode = row.split()[:10]
            if state == "0A" and f"socket:[{inode}]" in sockets:  # TCP_LISTEN
                address = local.partition(":")[0]
                found.add(socket.inet_ntoa(bytes.fromhex(address)[::-1]) if table == "tcp" else address)
    return found


def _installed() -> Path:
    """The Python of an environment with localstack in it."""
    folder = platformdirs.user_cache_path("lambda-pack") / "tests" / f"{REQUIREMENT.replace('==', '-')}-{AS_OF}"
    python, ready = folder / "bin" / "python", folder / "ready"
    if ready.is_file() and run((python, "--version"), {}, folder=folder).exit_code == 0:
        return python
    found = findpython.find(3, 13)
    if found is None:
        pytest.skip("no Python 3.13 on this machine, for which localstack is installed: S3's strictness is not tested")
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    machine = dict(os.environ)  # noqa: TID251  # the machine's own way to its index, whatever that is
    for command in (
        (uv.find_uv_bin(), "venv", "--python", found.executable, folder),
        (uv.find_uv_bin(), "pip", "install", "--python", python, "--exclude-newer", AS_OF, REQUIREMENT),
    ):
        done = run(command, machine, folder=folder.parent, timeout=600)
        assert done.exit_code == 0, done.text
    ready.touch()
    return python
