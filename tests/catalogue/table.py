"""The catalogue's data: the list of packages, what was seen of each on each target, and the explanations."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Literal

import msgspec
from msgspec import Struct

__all__ = [
    "ARCHITECTURES",
    "KINDS",
    "RUNTIMES",
    "TRAITS",
    "Cell",
    "Explanation",
    "Failure",
    "Load",
    "Need",
    "Package",
    "Row",
    "Verdict",
    "cells",
    "read_explanations",
    "read_packages",
    "read_rows",
    "write_rows",
]

FOLDER = Path(__file__).parent
# In the order in which the columns are filled.
RUNTIMES = ("python3.13", "python3.12", "python3.14")
ARCHITECTURES = ("x86_64", "arm64")

Kind = Literal[
    "data",
    "ml",
    "web",
    "geo",
    "documents",
    "databases",
    "observability",
    "cloud",
    "crypto",
    "nlp",
    "notebooks",
    "tools",
]
KINDS: tuple[Kind, ...] = Kind.__args__  # type: ignore[attr-defined]
Trait = Literal["by-name", "grafted", "program", "pth", "namespace", "cffi", "mypyc", "rust", "go", "huge"]
TRAITS: tuple[Trait, ...] = Trait.__args__  # type: ignore[attr-defined]
Verdict = Literal["packed", "held back", "too large", "refused"]


class Package(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A row of packages.toml, whose head says what the fields mean."""

    name: str
    kind: Kind
    why: str
    traits: tuple[Trait, ...] = ()
    requirement: str | None = None
    note: str | None = None
    options: tuple[str, ...] = ()
    submodules: bool = False
    sample: bool = False
    heavy: bool = False
    build: bool = False


class Cell(Struct, frozen=True):
    """One package for one target; `runtime` and `architecture` are Lambda's names."""

    package: Package
    runtime: str
    architecture: str

    @property
    def key(self) -> tuple[str, str, str]:
        """What finds the row of this cell."""
        return self.package.name, self.runtime, self.architecture


class Failure(Struct, frozen=True):
    """A module that could not be imported; `package` is the distribution that it belongs to, if known."""

    module: str
    error: str
    package: str | None


class Load(Struct, frozen=True):
    """What `lambda-pack verify` saw; `place` says where it was loaded, `modules` counts those that were imported.

    `unaudited` is true where the pack was refused, and the bundle was made with `--audit off` to see whether it loads.
    """

    place: str
    submodules: bool
    modules: int
    skipped: int
    failed: tuple[Failure, ...] = ()
    unaudited: bool = False


class Need(Struct, frozen=True):
    """What the report of a pack warns about one package of the bundle."""

    package: str
    text: str
    library: str | None = None


class Row(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of a cell: sizes in bytes, `date` the day of the run.

    `version` is the one packed, or the newest one that was refused; `newest` the one that it was held back from.
    `behind` names dependencies that were held back, as 'numpy 1.26.4 for 2.5.5'. `load` is None where nothing was
    loaded.
    """

    package: str
    runtime: str
    architecture: str
    date: str
    verdict: Verdict
    version: str | None = None
    newest: str | None = None
    reason: str | None = None
    zipped: int | None = None
    unzipped: int | None = None
    behind: tuple[str, ...] = ()
    needs: tuple[Need, ...] = ()
    load: Load | None = None

    @property
    def key(self) -> tuple[str, str, str]:
        """The cell that it is of."""
        return self.package, self.runtime, self.architecture


class Explanation(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Why some modules do not load although the pack says nothing: patterns as of fnmatch, and a reason.

    `fault` says that lambda-pack should have said it.
    """

    module: str
    why: str
    error: str = "*"
    fault: bool = False

    def covers(self, failure: Failure) -> bool:
        """Return whether the failure is of this kind."""
        return fnmatchcase(failure.module, self.module) and fnmatchcase(failure.error, self.error)


class _Packages(Struct, frozen=True, forbid_unknown_fields=True):
    packages: tuple[Package, ...]


class _Explanations(Struct, frozen=True, forbid_unknown_fields=True):
    explained: tuple[Explanation, ...]


def read_packages() -> tuple[Package, ...]:
    """Return the list, in its own order."""
    return msgspec.toml.decode((FOLDER / "packages.toml").read_bytes(), type=_Packages).packages


def read_explanations() -> tuple[Explanation, ...]:
    """Return the explanations of explained.toml."""
    return msgspec.toml.decode((FOLDER / "explained.toml").read_bytes(), type=_Explanations).explained


def cells(packages: Iterable[Package]) -> tuple[Cell, ...]:
    """Return all cells in the order in which they are run: large packages last, otherwise target by target."""
    targets = [(runtime, architecture) for architecture in ARCHITECTURES for runtime in RUNTIMES]
    every = [Cell(package, *target) for target in targets for package in packages]
    return tuple(sorted(every, key=lambda cell: cell.package.heavy))


def read_rows() -> dict[tuple[str, str, str], Row]:
    """Return the rows of results.jsonl by their cells."""
    path = FOLDER / "results.jsonl"
    lines = path.read_bytes().splitlines() if path.is_file() else []
    return {row.key: row for row in (msgspec.json.decode(line, type=Row) for line in lines)}


def write_rows(rows: Iterable[Row]) -> None:
    """Write results.jsonl whole, sorted by cell."""
    path = FOLDER / "results.jsonl"
    text = b"".join(msgspec.json.encode(row) + b"\n" for row in sorted(rows, key=lambda row: row.key))
    beside = path.with_suffix(".new")
    beside.write_bytes(text)
    beside.replace(path)
