"""Builds that run offline on this machine, each over folders of its own."""

from __future__ import annotations

import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from msgspec import Struct

from lambda_pack.model.building import Building
from lambda_pack.model.choices import BuilderName
from lambda_pack.model.indexes import IndexSettings
from lambda_pack.model.packages import Pin, Sdist, Source, Wheel
from lambda_pack.model.stock import Accepted, Attempt
from lambda_pack.model.targets import Target
from lambda_pack.tools.building.builder import SourceBuilder
from lambda_pack.tools.building.jobs import BuildSettings
from lambda_pack.tools.building.machine import Host
from lambda_pack.tools.building.memory import Memories
from lambda_pack.tools.building.shared_memory import SharedMemory
from lambda_pack.tools.network.cache import Cache
from tests.support.packages import make_sdist

__all__ = ["HERE", "NATIVE", "OFFLINE", "OURS", "Yard", "accepted", "build", "failed", "path_of"]

OURS = sys.version_info[:2]
NATIVE = Target.parse("python{}.{}".format(*OURS), platform.machine())
HERE = Host("Linux", NATIVE.architecture.machine, (2, 17))
OFFLINE = IndexSettings(no_index=True)


class Yard(Struct, frozen=True):
    """A builder for what lies in `folder`."""

    folder: Path
    environ: Mapping[str, str]

    def builder(self, *, shared: SharedMemory | None = None, **settings: object) -> SourceBuilder:
        """Its settings are offline and for this machine alone, unless said otherwise; `cache` lies in `folder`."""
        scratch = self.folder / "scratch"
        scratch.mkdir(exist_ok=True)
        here = {"indexes": OFFLINE, "host": HERE, "building": Building(builder=BuilderName.HOST)}
        chosen = BuildSettings(**{**here, **settings})  # type: ignore[arg-type]  # each test names real ones
        memories = Memories(Cache(self.folder / "cache"), shared)
        return SourceBuilder(scratch, self.fetch, environ=self.environ, memories=memories, settings=chosen)

    def fetch(self, sdist: Sdist) -> Path:
        """As a cache does, under a name that says nothing."""
        # One of its own: builds run at the same time.
        handle, kept = tempfile.mkstemp(dir=self.folder, prefix="cached-")
        os.close(handle)
        return Path(shutil.copyfile(self.folder / sdist.filename, kept))

    def sdist(self, name: str = "lib", **details: object) -> Sdist:
        """A source archive of version 1.0."""
        path = make_sdist(self.folder, name, "1.0", **details)  # type: ignore[arg-type]  # checked where it is made
        return Sdist(Pin.parse(name, "1.0"), path.name, f"https://index.invalid/{path.name}")


def build(
    builder: SourceBuilder, source: Source, *, target: Target = NATIVE, compiler: bool = True
) -> Accepted | Attempt:
    """The only outcome."""
    (outcome,) = builder.build([source], target, compiler=compiler)
    return outcome


def accepted(outcome: Accepted | Attempt) -> Accepted:
    """The outcome, which must be good."""
    assert isinstance(outcome, Accepted), f"{outcome.detail}\n{outcome.log}"
    return outcome


def failed(outcome: Accepted | Attempt) -> Attempt:
    """The outcome, which must be bad."""
    assert isinstance(outcome, Attempt)
    return outcome


def path_of(wheel: Wheel) -> Path:
    """Where it lies."""
    return Path(url2pathname(urlsplit(wheel.url).path))
