"""What a tool is, what it has to do once, and what it is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from benchmarks.processes import Failed, Step
from benchmarks.targets import Target

__all__ = ["OWN_PROJECT", "Job", "Preparation", "Programs", "Tool", "zipping"]

OWN_PROJECT = "benchmark_work"
"""The project that the bench makes for tools which pack only projects; it is not counted among the packages."""


class Programs(Struct, frozen=True):
    """What the tools are made of. `zipper` is the command that zips the folder it runs in; the zip's name follows.

    `product`, `rivals` and the values of `peers` (by tool) are folders of programs; `entrypoint` is a command.
    `reasons` say, by tool, why it cannot take part on this machine. `index` is what pip asks when nobody names one.
    """

    product: Path
    entrypoint: tuple[str, ...]
    rivals: Path
    zipper: tuple[str, ...]
    peers: Mapping[str, Path] = {}
    reasons: Mapping[str, str] = {}
    index: str = ""

    def peer(self, tool: str, program: str) -> str:
        """The path of a program in the environment of a tool.

        Raises:
            Failed: there is none, or the tool cannot take part.
        """
        reason = self.reasons.get(tool)
        if reason or tool not in self.peers:
            raise Failed(reason or f"{tool} was not installed")
        return str(self.peers[tool] / program)


class Job(Struct, frozen=True):
    """What a tool has to do once: into the empty `folder`, with its caches in `cache`.

    `requirements` is a requirements.txt alone in its folder: names, or the whole closure with versions and hashes; in
    the second case `pylock` is the same closure as a pylock.toml. `index` is the one index; None is the tools' default.
    """

    target: Target
    requirements: Path
    pylock: Path | None
    folder: Path
    cache: Path
    index: str | None = None
    needs_building: bool = False


class Preparation(Struct, frozen=True):
    """What a tool's users have done long before: files by their names in the job's folder, then processes."""

    files: Mapping[str, str] = {}
    steps: tuple[Step, ...] = ()


class Tool(Protocol):
    """A way to get from requirements to a zip. `builds`: it takes packages, too, that have only an sdist."""

    @property
    def name(self) -> str:
        """As `--tools` calls it."""

    @property
    def title(self) -> str:
        """As the tables call it."""

    @property
    def builds(self) -> bool:
        """Whether it takes part where packages have to be built."""

    def before(self, job: Job) -> Preparation:
        """What is not timed.

        Raises:
            Failed: the tool cannot do this job.
        """

    def steps(self, job: Job) -> Sequence[Step]:
        """The processes, one after the other; they are timed together.

        Raises:
            Failed: the tool cannot do this job.
        """

    def archive(self, job: Job) -> Path:
        """Where the zip is afterwards.

        Raises:
            Failed: it is not there.
        """


def zipping(programs: Programs, job: Job, tree: str = "tree") -> Step:
    """Zip a folder of the job's that the step before makes."""
    return Step((*programs.zipper, str(job.folder / "bundle.zip"), "."), job.folder / tree)
