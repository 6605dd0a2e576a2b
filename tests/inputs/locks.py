"""Makes readings of small lock files that stand in the tests."""

from __future__ import annotations

from pathlib import Path

from lambda_pack.inputs.project import read_inputs
from lambda_pack.inputs.reading import Reading
from lambda_pack.model.locked import Locked, LockedPackage, needed
from lambda_pack.model.selection import Selection
from lambda_pack.model.targets import Target

__all__ = ["ARM", "X86", "lock_in", "names", "packages", "read"]

X86 = Target.parse("python3.12", "x86_64")
ARM = Target.parse("python3.12", "arm64")


def read(folder: Path, selection: Selection | None = None, /, *, at: str = "", **environ: str) -> Reading:
    """What the folder, or a file or folder in it, says."""
    return read_inputs([folder / at], selection or Selection(), environ)


def lock_in(reading: Reading) -> Locked:
    """The lock, which must be there."""
    assert reading.lock is not None
    return reading.lock


def names(reading: Reading, target: Target) -> dict[str, str]:
    """The packages that the target needs, with their versions."""
    return {one.package.name: str(one.package.version) for one in packages(reading, target)}


def packages(reading: Reading, target: Target) -> tuple[LockedPackage, ...]:
    """The packages that the target needs."""
    return needed(lock_in(reading), target)
