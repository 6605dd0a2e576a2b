"""What is left out of a bundle to make it smaller, and what each measure saved."""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import TYPE_CHECKING

from msgspec import Struct

from lambda_pack.errors import UsageError
from lambda_pack.model.choices import DistInfo, Part
from lambda_pack.model.limits import megabytes
from lambda_pack.model.runtime_packages import RUNTIME_PACKAGES

if TYPE_CHECKING:
    from packaging.utils import NormalizedName

__all__ = ["Measure", "Saving", "Slimming", "saved_in_all", "told"]


class Slimming(Struct, frozen=True):
    """Everything the user says about a smaller bundle; the default leaves out nothing.

    `packages` are resolved like all others and then left out, and so are those that the runtime has itself with
    `without_runtime`. `parts` are kinds of files that go, wherever they are. `strip` takes symbols and debug data out
    of ELF files, `compile` adds bytecode for the target's Python.

    Raises:
        UsageError: sources shall go, and nothing is compiled.
    """

    packages: frozenset[NormalizedName] = frozenset()
    without_runtime: bool = False
    parts: frozenset[Part] = frozenset()
    dist_info: DistInfo = DistInfo.KEEP
    strip: bool = False
    compile: bool = False

    def __post_init__(self) -> None:
        if Part.SOURCES in self.parts and not self.compile:
            raise UsageError("--drop sources-of-pyc leaves nothing to import without --compile; add it")

    @property
    def left_out(self) -> frozenset[str]:
        """The names of all packages that do not enter the bundle."""
        return self.packages | RUNTIME_PACKAGES if self.without_runtime else self.packages

    @property
    def leaves_out_files(self) -> bool:
        """Whether anything of the packages that stay may go."""
        return bool(self.parts) or self.dist_info is not DistInfo.KEEP

    @property
    def refines(self) -> bool:
        """Whether anything is done to files that stay."""
        return self.strip or self.compile


class Measure(Enum):
    """What saved something; the value is the word that users write, where they write one."""

    PACKAGE = "package"
    TESTS = Part.TESTS.value
    DOCS = Part.DOCS.value
    HEADERS = Part.HEADERS.value
    STUBS = Part.STUBS.value
    PROGRAMS = Part.PROGRAMS.value
    SOURCES = Part.SOURCES.value
    DIST_INFO = "dist-info"
    STRIP = "strip"
    COMPILE = "compile"


class Saving(Struct, frozen=True):
    """What one measure saved.

    `size` is in bytes, unzipped: less than nothing where it added some (`COMPILE`), None where a package was left out
    whose size nobody says. `files` counts the files that went or changed. `package` is the one that was left out, as
    'NAME==VERSION'.
    """

    measure: Measure
    size: int | None
    files: int = 0
    package: str | None = None

    @property
    def label(self) -> str:
        """What it is about, for readers."""
        return self.package or self.measure.value


def saved_in_all(savings: Iterable[Saving]) -> int:
    """The bytes that all of them saved together, as far as that is known."""
    return sum(saving.size or 0 for saving in savings)


def told(saving: Saving) -> str:
    """The size for readers.

    >>> told(Saving(Measure.TESTS, 3_145_728)), told(Saving(Measure.COMPILE, -3_145_728))
    ('3.0 MB', '+3.0 MB')
    """
    if saving.size is None:
        return "size unknown"
    return megabytes(saving.size) if saving.size >= 0 else f"+{megabytes(-saving.size)}"
