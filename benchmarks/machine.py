"""Where and with what was measured: the kind of machine, never its name; the versions of the tools."""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.jobs import Programs
from benchmarks.processes import Step, output_of

__all__ = ["describe", "versions"]

_VERSIONS = """
from importlib.metadata import PackageNotFoundError, version
names = "lambda-pack uv pip aws-lambda-builders aws-sam-cli pex poetry poetry-plugin-lambda-build"
for name in names.split():
    try:
        print(name, version(name))
    except PackageNotFoundError:
        pass
"""


def describe() -> tuple[tuple[str, str], ...]:
    """Date, processor and system, as pairs of words."""
    pairs = [
        ("date", f"{datetime.now(tz=UTC):%Y-%m-%d}"),
        ("machine", f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}"),
    ]
    if hasattr(os, "getloadavg"):
        pairs.append(("load at the start", f"{os.getloadavg()[0]:.1f} processes (what else it had to do)"))
    return tuple(pairs)


def versions(programs: Programs, environment: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """What is in the two environments, and what zips.

    Raises:
        Failed: an environment does not answer.
    """
    return (
        ("ours", _installed(programs.product, environment)),
        ("rivals", _installed(programs.rivals, environment)),
        *((name, _installed(folder, environment)) for name, folder in programs.peers.items()),
        ("zip", f"`{' '.join((Path(programs.zipper[0]).name, *programs.zipper[1:]))}` (deflate, its default level 6)"),
    )


def _installed(folder: Path, environment: Mapping[str, str]) -> str:
    python = str(folder / "python")
    found = output_of(Step((python, "-c", _VERSIONS), folder), environment).strip().replace("\n", ", ")
    return f"{output_of(Step((python, '--version'), folder), environment).strip()}: {found}"
