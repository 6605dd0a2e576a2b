"""What any input comes to once it is read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct, field

from lambda_pack.inputs.requirements import RequirementsFile

if TYPE_CHECKING:
    from packaging.specifiers import SpecifierSet

    from lambda_pack.model.installed import Installation
    from lambda_pack.model.locked import Locked
    from lambda_pack.model.packages import Folder

__all__ = ["Reading"]


class Reading(Struct, frozen=True):
    """An input, read.

    `folder` is where its relative paths begin. `lock` is None where a resolver must decide on what `written` asks for.
    `name` is the project's own. `stale` says how a lock differs from its manifest. `sources` are the indexes that the
    project names, logins included: they must be known before a file of theirs is fetched.
    `installation` is what a lock that was made of installed distributions stands for. `itself` is the project whose
    dependencies were read: its code is packed only where it is named as own code.
    """

    folder: Path
    written: RequirementsFile = field(default_factory=RequirementsFile)
    lock: Locked | None = None
    name: str | None = None
    stale: str | None = None
    requires_python: SpecifierSet | None = None
    sources: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    installation: Installation | None = None
    itself: Folder | None = None
