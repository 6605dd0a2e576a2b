"""The files that say what to pack: names, and one resolution of them that all tools then pack."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from msgspec import Struct

from benchmarks.jobs import Programs
from benchmarks.processes import Failed, Step, output_of
from benchmarks.targets import Target
from benchmarks.works import Work

__all__ = ["Papers", "write_papers"]


class Papers(Struct, frozen=True):
    """Requirements files with names and with pins and hashes, each alone in its folder, and the pins as pylock.toml."""

    names: Path
    pins: Path
    pylock: Path

    @classmethod
    def in_folder(cls, folder: Path) -> Self:
        """Where they are, or will be."""
        return cls(folder / "names" / "requirements.txt", folder / "pins" / "requirements.txt", folder / "pylock.toml")


def write_papers(
    work: Work, target: Target, programs: Programs, *, folder: Path, environment: Mapping[str, str]
) -> Papers:
    """Resolve the work with uv, and let lambda-pack turn the pins into a lock: it packs them once, not timed.

    Raises:
        Failed: one of them could not.
    """
    papers = Papers.in_folder(folder)
    names, pins = papers.names, papers.pins
    for path in (names, pins):
        path.parent.mkdir(parents=True)
    names.write_text("".join(f"{line}\n" for line in work.requirements), "utf-8")
    wheels = () if work.needs_building else ("--only-binary", ":all:")
    options = ("--quiet", "--no-header", "--no-annotate", "--generate-hashes", *wheels)
    platform = ("--python-platform", target.uv_platform, "--python-version", target.version)
    uv = (str(programs.rivals / "uv"), "pip", "compile", "--python", str(programs.rivals / "python"))
    output_of(Step((*uv, *options, *platform, str(names), "-o", str(pins)), folder), environment)
    ours = (str(programs.product / "lambda-pack"), "pack", "-q", "-r", str(pins), "--allow-oversize")
    where = ("--runtime", target.runtime, "--architecture", target.architecture, "-o", str(folder / "out"))
    output_of(Step((*ours, *where), folder), environment)
    locks = list((folder / "out").glob("*.pylock.toml"))
    if len(locks) != 1:
        raise Failed(f"lambda-pack left {len(locks)} locks instead of one for {work.name}")
    locks[0].rename(papers.pylock)
    shutil.rmtree(folder / "out")
    return papers
