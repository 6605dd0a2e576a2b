"""Who packs: one class for each tool, one row in `TOOLS`."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from msgspec import Struct

from benchmarks.jobs import Job, Preparation, Programs, Tool, zipping
from benchmarks.peers import Pex, Poetry, Sam
from benchmarks.processes import Failed, Step

__all__ = ["TOOLS", "anew", "console_script"]


class Ours(Struct, frozen=True):
    """lambda-pack, by the command that starts it."""

    name: str
    title: str
    command: tuple[str, ...]
    builds: bool = True
    options: tuple[str, ...] = ()

    def before(self, job: Job) -> Preparation:  # noqa: ARG002  # the protocol's
        """Nothing."""
        return Preparation()

    def steps(self, job: Job) -> Sequence[Step]:
        """One process; a pylock.toml is its lock."""
        options = ("--runtime", job.target.runtime, "--architecture", job.target.architecture, "--allow-oversize", "-q")
        paths = ("-r", str(job.pylock or job.requirements), "--cache-dir", str(job.cache / "own"))
        return (
            Step((*self.command, "pack", *paths, *options, *self.options, "-o", str(job.folder / "out")), job.folder),
        )

    def archive(self, job: Job) -> Path:
        """The one zip in the output folder."""
        found = list((job.folder / "out").glob("*.zip"))
        if len(found) != 1:
            raise Failed(f"{self.title} left {len(found)} zips instead of one")
        return found[0]


class Uv(Struct, frozen=True):
    """`uv pip install --target`, then a zip of the folder."""

    programs: Programs
    name: str = "uv"
    title: str = "uv + zip"
    builds: bool = True

    def before(self, job: Job) -> Preparation:  # noqa: ARG002  # the protocol's
        """Nothing."""
        return Preparation()

    def steps(self, job: Job) -> Sequence[Step]:
        """Names the interpreter: looking for one takes seconds where pyenv's shims are on PATH."""
        wheels = () if job.needs_building else ("--only-binary", ":all:")
        options = ("--python", str(self.programs.rivals / "python"), "--quiet", *wheels)
        platform = ("--python-platform", job.target.uv_platform, "--python-version", job.target.version)
        command = (str(self.programs.rivals / "uv"), "pip", "install", *options, *platform, *_install(job))
        return (Step(command, job.folder), zipping(self.programs, job))

    def archive(self, job: Job) -> Path:
        """Where zip put it."""
        return job.folder / "bundle.zip"


class Pip(Struct, frozen=True):
    """`pip install --target`, then a zip of the folder."""

    programs: Programs
    name: str = "pip"
    title: str = "pip + zip"
    builds: bool = False

    def before(self, job: Job) -> Preparation:  # noqa: ARG002  # the protocol's
        """Nothing."""
        return Preparation()

    def steps(self, job: Job) -> Sequence[Step]:
        """Without byte code, which uv does not make either."""
        options = ("--quiet", "--no-compile", "--only-binary=:all:", "--implementation=cp")
        platform = (
            f"--python-version={job.target.version}",
            *(f"--platform={name}" for name in job.target.pip_platforms),
        )
        python = str(self.programs.rivals / "python")
        return (
            Step((python, "-m", "pip", "install", *options, *platform, *_install(job)), job.folder),
            zipping(self.programs, job),
        )

    def archive(self, job: Job) -> Path:
        """Where zip put it."""
        return job.folder / "bundle.zip"


class Builders(Struct, frozen=True):
    """aws-lambda-builders, what `sam build` uses, then a zip of the folder."""

    programs: Programs
    name: str = "builders"
    title: str = "aws-lambda-builders + zip"
    builds: bool = True

    def before(self, job: Job) -> Preparation:  # noqa: ARG002  # the protocol's
        """Nothing."""
        return Preparation()

    def steps(self, job: Job) -> Sequence[Step]:
        """It takes the runtime's Python from PATH, where the rivals' is first.

        Raises:
            Failed: there is no such Python.
        """
        if self.name in self.programs.reasons:
            raise Failed(self.programs.reasons[self.name])
        folders = (str(job.requirements.parent), str(job.folder / "tree"), str(job.folder / "scratch"))
        program = (str(self.programs.rivals / "python"), str(Path(__file__).with_name("builders_program.py")))
        command = (*program, *folders, job.target.runtime, job.target.architecture)
        return (Step(command, job.folder), zipping(self.programs, job))

    def archive(self, job: Job) -> Path:
        """Where zip put it."""
        return job.folder / "bundle.zip"


def _install(job: Job) -> tuple[str, ...]:
    locked = ("--no-deps", "--require-hashes") if job.pylock else ()
    return ("--target", str(job.folder / "tree"), *locked, "-r", str(job.requirements))


def console_script(programs: Programs) -> Tool:
    """lambda-pack as it is installed."""
    return Ours("ours", "lambda-pack", (_script(programs),))


def anew(programs: Programs) -> Tool:
    """The same, made to think everything through again: as fast as the first pack of another lock."""
    return Ours("anew", "lambda-pack --force", (_script(programs),), options=("--force",))


def _script(programs: Programs) -> str:
    return str(programs.product / ("lambda-pack.exe" if sys.platform == "win32" else "lambda-pack"))


def _entrypoint(programs: Programs) -> Tool:
    return Ours("entrypoint", "./entrypoint", programs.entrypoint)


TOOLS: Mapping[str, Callable[[Programs], Tool]] = MappingProxyType(
    {
        "ours": console_script,
        "anew": anew,
        "entrypoint": _entrypoint,
        "uv": Uv,
        "pip": Pip,
        "builders": Builders,
        "sam": Sam,
        "pex": Pex,
        "poetry": Poetry,
    }
)
