"""What an audit finds wrong with a binary."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum

from msgspec import Struct

from lambda_pack.model.binaries import Level
from lambda_pack.model.packages import Wheel

__all__ = ["BundleAudit", "Concern", "Finding", "Severity", "WheelAudit", "errors_in", "summaries"]


class Severity(Enum):
    """ERROR: it will not load on the target. WARNING: it may not, or nothing needs it to."""

    ERROR = "error"
    WARNING = "warning"


class Concern(Enum):
    """What a finding is about, in words for machines."""

    DAMAGED = "damaged"
    SYSTEM = "system"
    MACHINE = "machine"
    PYTHON = "python"
    SYMBOLS = "symbols"
    PRIVATE_SYMBOLS = "private-symbols"
    MISSING = "missing-library"
    DOUBTFUL = "doubtful-library"
    UNREACHABLE = "unreachable-library"
    RELEASE = "package-release"
    BY_NAME = "loaded-by-name"
    PROGRAM = "missing-program"


class Finding(Struct, frozen=True):
    """One thing about one file, as the pieces of a sentence: `path` `what`: `why`; `advice`.

    `path` is that in the archive. `library` is the name of the library that is missed, where one is. `goes_with` is a
    requirement on another package ('numpy<2'): beside a version that meets it the file would load.
    """

    path: str
    concern: Concern
    severity: Severity
    what: str
    why: str
    advice: str
    library: str | None = None
    goes_with: str | None = None

    @property
    def detail(self) -> str:
        """What and why, without the file."""
        return f"{self.what}: {self.why}"


def errors_in(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Those that keep a bundle from loading."""
    return tuple(finding for finding in findings if finding.severity is Severity.ERROR)


class WheelAudit(Struct, frozen=True):
    """What came of an audit of one wheel in its bundle.

    `binaries` counts its ELF files; `glibc` is the newest glibc that those for the target need, None where none does.
    """

    binaries: int
    glibc: Level | None
    findings: tuple[Finding, ...] = ()


class BundleAudit(Struct, frozen=True):
    """What came of an audit of a whole bundle; `own` is what was found in the user's own code."""

    wheels: Mapping[Wheel, WheelAudit]
    own: tuple[Finding, ...] = ()


def summaries(findings: Iterable[Finding]) -> Iterator[str]:
    """One line for each thing that is wrong, however many files and libraries it is about."""
    files: dict[tuple[str, str, str], list[str]] = {}
    for finding in findings:
        files.setdefault((finding.what, finding.why, finding.advice), []).append(finding.path)
    alike: dict[tuple[tuple[str, ...], str, str], list[str]] = {}
    for (what, why, advice), paths in files.items():
        alike.setdefault((tuple(paths), why, advice), []).append(what)
    for (several, why, advice), whats in alike.items():
        more = f" (and {len(several) - 1} more)" if len(several) > 1 else ""
        yield f"{several[0]}{more} {' and '.join(whats)}: {why}; {advice}"
