"""How long lambda-pack takes to start, beyond bare Python."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

from benchmarks.figures import Spread, extra
from benchmarks.jobs import Programs
from benchmarks.processes import Step, timed

__all__ = ["Start", "measure_starts"]

_REPEATS = 20


class Start(Struct, frozen=True):
    """One command by its title; seconds in all, and seconds more than `python -c pass`."""

    title: str
    whole: Spread
    beyond: Spread


def measure_starts(programs: Programs, folder: Path, environment: Mapping[str, str]) -> tuple[Start, ...]:
    """Start them in turn, after one start that is not counted.

    Raises:
        Failed: one of them did.
    """
    script = str(programs.product / "lambda-pack")
    commands = {
        "python -c pass": (str(programs.product / "python"), "-c", "pass"),
        "lambda-pack --version": (script, "--version"),
        "lambda-pack --help": (script, "--help"),
        "./entrypoint --version": (*programs.entrypoint, "--version"),
        "./entrypoint --help": (*programs.entrypoint, "--help"),
    }
    seconds: dict[str, list[float]] = {title: [] for title in commands}
    for repeat in range(_REPEATS + 1):
        for title, command in commands.items():
            took = timed([Step(command, folder)], environment)
            if repeat:
                seconds[title].append(took)
    bare = seconds["python -c pass"]
    return tuple(Start(title, Spread.of(took), extra(took, bare)) for title, took in seconds.items())
