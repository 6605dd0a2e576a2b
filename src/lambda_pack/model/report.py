"""What every front-end tells about a run. It outlives the scratch folders, and holds no credential."""

from __future__ import annotations

from pathlib import Path

from msgspec import Struct
from packaging.utils import NormalizedName

from lambda_pack.model.building import Build
from lambda_pack.model.delivery import Delivered
from lambda_pack.model.findings import Finding
from lambda_pack.model.glue import GlueFacts
from lambda_pack.model.packages import Pin
from lambda_pack.model.slimming import Saving
from lambda_pack.model.stock import Attempt, HeldBack
from lambda_pack.model.targets import Target

__all__ = ["SCHEMA_VERSION", "ArchiveFacts", "FileOnOffer", "LayerFacts", "PackedPackage", "Report", "ToBuild", "Unmet"]

SCHEMA_VERSION = 1
"""Of the JSON document; another one for whatever a reader of this one could misunderstand."""


class FileOnOffer(Struct, frozen=True):
    """A file of an unmet dependency, and why it does not do."""

    filename: str
    reason: str
    detail: str


class Unmet(Struct, frozen=True):
    """A dependency that nothing on offer can meet on the target.

    `required_by` reads from a requirement down to the package; `origin` is the line of that requirement, as
    'FILE:LINE'. `advice` says what the user can do now.
    """

    pin: Pin
    required_by: tuple[NormalizedName, ...]
    origin: str | None
    reason: str
    files: tuple[FileOnOffer, ...]
    attempts: tuple[Attempt, ...]
    advice: tuple[str, ...]


class PackedPackage(Struct, frozen=True):
    """A package in the bundle.

    `source` is what its wheel was built from, where it was, and `build` how; else `url` is where the wheel came from.

    `size` is in bytes, unzipped; None where nothing was fetched, and so may be `sha256`. `is_verified` says that
    the file's digest was known before it was fetched, from the input or the index. `findings` are those of the
    audit. `index` is the index or the `--find-links` place that offered the wheel, or what it was built from, where
    that is known.
    """

    pin: Pin
    filename: str
    url: str | None
    sha256: str | None
    size: int | None
    is_verified: bool
    evidence: str | None = None
    source: str | None = None
    findings: tuple[Finding, ...] = ()
    build: Build | None = None
    index: str | None = None


class ToBuild(Struct, frozen=True):
    """A package without a fitting wheel that has a source: whether it builds is not known before it is tried."""

    pin: Pin
    source: str
    why: str


class ArchiveFacts(Struct, frozen=True):
    """The bundle as it was written; `path` is a zip or, with `sha256` None, a folder.

    Sizes are in bytes, `sha256` is in lower-case hexadecimal digits; `entries` counts files.
    """

    path: Path
    size: int
    unzipped_size: int
    entries: int
    sha256: str | None = None


class LayerFacts(Struct, frozen=True):
    """A layer of a function, with the packages that are in it; `delivered` is as in `Report`."""

    name: str
    archive: ArchiveFacts
    packages: tuple[NormalizedName, ...]
    delivered: Delivered | None = None


class Report(Struct, frozen=True):
    """One run. `timings` are seconds by step; `tools` are versions by name.

    `is_check` says that nothing was to be written. `to_build` holds what would have to be built: in a check, and where
    nothing is built because something else is unmet.
    `savings` is what slimming left out of the bundle. `delivered` says where the archive went, once it has arrived
    there. `layers` are the function's; where no function is left beside them, `archive` is the first of them. `glue` is
    what a Glue job needs to know of a bundle that is for one. `inputs_sha256` stands for all that the bundle follows
    from, None where only packing finds that out; `is_unchanged` says that an earlier pack has left it in its place.
    `resolver_runs` counts the questions that a resolver was asked; a lock needs none.
    """

    name: str
    target: Target
    layout: str
    packages: tuple[PackedPackage, ...] = ()
    held_back: tuple[HeldBack, ...] = ()
    unmet: tuple[Unmet, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    warnings: tuple[str, ...] = ()
    archive: ArchiveFacts | None = None
    layers: tuple[LayerFacts, ...] = ()
    glue: GlueFacts | None = None
    delivered: Delivered | None = None
    to_build: tuple[ToBuild, ...] = ()
    savings: tuple[Saving, ...] = ()
    is_check: bool = False
    inputs_sha256: str | None = None
    is_unchanged: bool = False
    timings: tuple[tuple[int, float], ...] = ()
    resolver_runs: int = 0
    tools: tuple[tuple[str, str], ...] = ()

    @property
    def archives(self) -> tuple[ArchiveFacts, ...]:
        """Every archive that was written, each once: the function's and its layers'."""
        written = ([self.archive] if self.archive else []) + [layer.archive for layer in self.layers]
        return tuple({archive.path: archive for archive in written}.values())

    @property
    def unzipped_size(self) -> int:
        """What Lambda counts against its limit, in bytes: the function and all of its layers together."""
        return sum(archive.unzipped_size for archive in self.archives)

    @property
    def is_empty(self) -> bool:
        """Whether a bundle was written with no file in it: no package, no own code."""
        return bool(self.archives) and all(archive.entries == 0 for archive in self.archives)
