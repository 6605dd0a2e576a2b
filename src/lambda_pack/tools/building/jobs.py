"""One source on its way to a wheel."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime
from operator import attrgetter
from pathlib import Path
from typing import Protocol

from msgspec import Struct, field
from packaging.utils import NormalizedName

from lambda_pack.model.building import Build, Building, BuildLimits
from lambda_pack.model.choices import BuilderName
from lambda_pack.model.indexes import IndexSettings
from lambda_pack.model.packages import Sdist, Source, Wheel
from lambda_pack.model.requirements import Requested
from lambda_pack.model.stock import Attempt
from lambda_pack.model.targets import Target
from lambda_pack.model.urls import masked
from lambda_pack.tools.building.machine import Host
from lambda_pack.tools.building.requirements import UvInstaller
from lambda_pack.tools.pip.program import SCRATCH
from lambda_pack.tools.process import tail

__all__ = ["Bench", "BuildSettings", "Fetch", "Job", "Made"]

Fetch = Callable[[Sdist], Path]
"""Gives an sdist whose digest was checked."""


class BuildSettings(Struct, frozen=True):
    """How things are built.

    `config` holds PEP 517 settings for all packages, `package_config` for single ones. `interpreter` is used instead of
    looking for one of the target's version. `constraints` limit what builds require, and `origin` says from which
    indexes it comes where there are several: a wheel that was built before counts only where that is the same.
    `installer` fills build environments on this machine, pip where it is None. `workers` is how many builds run at
    once, None for one on each core. `note` is called with what is tried again; `uploaded` says when an index got an
    sdist.
    """

    indexes: IndexSettings = field(default_factory=IndexSettings)
    origin: str = ""
    config: tuple[tuple[str, str], ...] = ()
    package_config: Mapping[NormalizedName, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    interpreter: Path | None = None
    building: Building = field(default_factory=Building)
    constraints: tuple[Requested, ...] = ()
    installer: UvInstaller | None = None
    workers: int | None = None
    host: Host = field(default_factory=Host.here)
    spans: Callable[[str], AbstractContextManager[object]] = nullcontext
    note: Callable[[str], object] = bool
    uploaded: Callable[[Sdist], datetime | None] = attrgetter("uploaded")

    def config_for(self, name: NormalizedName) -> tuple[tuple[str, str], ...]:
        """The PEP 517 settings of one package."""
        return (*self.config, *self.package_config.get(name, ()))


class Job(Struct, frozen=True):
    """One source in one step. `project` is its unpacked source, never to be written to; `folder` is free to use.

    `inner` is where in `project` the project itself is: the source may be one folder of a whole repository.
    `limits` hold for what its build requires, besides the user's constraints.
    """

    source: Source
    target: Target
    project: Path
    folder: Path
    has_compiler: bool
    limits: BuildLimits = BuildLimits()
    inner: str = "."

    @property
    def step(self) -> int:
        """The step of the nine."""
        return 4 if self.has_compiler else 5

    def attempt(self, detail: str, *, log: str = "", command: str = "", wheel: Wheel | None = None) -> Attempt:
        """What there is to say where no fitting wheel came out."""
        end = tail(masked(log)).replace(str(self.project.parent), SCRATCH)
        return Attempt(self.source.pin, self.step, detail, command=command, log=end, wheel=wheel)


class Made(Struct, frozen=True):
    """A wheel as its backend left it.

    `foreign` is the version of the interpreter where it is not the target's. `libraries` is the folder with the system
    libraries that the wheel's binaries would load, and `libraries.json` about them.
    """

    wheel: Path
    build: Build
    command: str
    log: str
    foreign: str | None = None
    libraries: Path | None = None


class Bench(Protocol):
    """Where a wheel is made."""

    name: BuilderName

    def takes_dates(self, job: Job) -> bool:
        """Whether the pip that fetches the build requirements can limit them by date."""

    def make(self, job: Job) -> Made | Attempt:
        """Run the backend.

        Raises:
            LambdaPackError: a tool that it needs failed.
            OSError: the source cannot be read.
        """
