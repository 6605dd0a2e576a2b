"""Runs programs: the only module of the benchmarks that does."""

from __future__ import annotations

import re
import subprocess  # noqa: TID251  # what is timed is whole processes of others' programs
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

from msgspec import Struct

__all__ = ["Failed", "Step", "largest_own_memory", "output_of", "timed"]

# Seconds: far above the slowest (pip on L takes half a minute), so that a hanging program ends the wait.
_PATIENCE = 1200
_LAST_LINES = 15
_BETWEEN_LOOKS = 0.002  # seconds
_CREDENTIALS = re.compile(r"://[^/@\s]+@")


class Failed(Exception):  # noqa: N818  # reads as what it is
    """A program did not do its work; the message has its name, its exit status and the end of what it said."""


class Step(Struct, frozen=True):
    """One process: a command and the folder it runs in."""

    command: tuple[str, ...]
    folder: Path


def timed(steps: Iterable[Step], environment: Mapping[str, str]) -> float:
    """Run the processes one after the other; seconds from the first start to the last end.

    Raises:
        Failed: one of them did.
    """
    began = time.perf_counter()
    for step in steps:
        output_of(step, environment)
    return time.perf_counter() - began


def output_of(step: Step, environment: Mapping[str, str]) -> str:
    """Run one process; what it wrote on stdout.

    Raises:
        Failed: its exit status is not 0, it cannot be started, or it takes longer than 20 minutes.
    """
    try:
        finished = subprocess.run(  # noqa: S603  # the commands are our own lists
            step.command,
            cwd=step.folder,
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise Failed(f"{Path(step.command[0]).name!r} did not run to its end: {error}") from error
    output = finished.stdout.decode("utf-8", "replace")
    if finished.returncode:
        said = _CREDENTIALS.sub("://****@", output + finished.stderr.decode("utf-8", "replace"))
        end = "\n  | ".join(said.strip().splitlines()[-_LAST_LINES:])
        raise Failed(f"{Path(step.command[0]).name!r} ended with status {finished.returncode}\n  | {end}")
    return output


def largest_own_memory(step: Step, environment: Mapping[str, str]) -> int | None:
    """Run one process, and say how many bytes it had at most beside mapped files; None where no system tells.

    Raises:
        Failed: its exit status is not 0.
    """
    if not Path("/proc/self/status").is_file():
        return None
    largest, no = 0, subprocess.DEVNULL
    with subprocess.Popen(  # noqa: S603  # as above
        step.command, cwd=step.folder, env=dict(environment), stdin=no, stdout=no, stderr=no
    ) as process:
        while process.poll() is None:
            largest = max(largest, _own_memory(process.pid))
            time.sleep(_BETWEEN_LOOKS)
    if process.returncode:
        raise Failed(f"{Path(step.command[0]).name!r} ended with status {process.returncode}")
    return largest


def _own_memory(process: int) -> int:
    try:
        lines = Path(f"/proc/{process}/status").read_text("ascii").splitlines()
    except OSError:
        return 0
    sizes = dict(line.split(":", 1) for line in lines)
    return int(sizes.get("RssAnon", "0").split()[0]) * 1024
