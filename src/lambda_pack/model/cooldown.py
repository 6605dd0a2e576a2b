"""Cooldowns: uv's `exclude-newer` and pip's `--uploaded-prior-to` keep out files that were uploaded at a time or later.

Facts: uv 0.13.8 and pip 26.3, both run on 2026-11-28. A file of an index without an upload time (PEP 700) is left out
by uv and an error for pip; files of `--find-links` places and files named by URL have no upload time and are used.
"""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec import Struct
from msgspec.structs import replace
from packaging.utils import NormalizedName

from lambda_pack.model.packages import Sdist, Wheel

__all__ = ["Cooldown", "Limit", "PackageLimit"]


class Limit(Struct, frozen=True):
    """Files uploaded `before` this time may be used; None is no limit.

    `rule` is what the user wrote. It identifies what was built under the limit: a duration gives another time each day.
    """

    before: datetime | None = None
    rule: str = ""


class PackageLimit(Struct, frozen=True):
    """The limit of one package, in the place of the general one."""

    name: NormalizedName
    limit: Limit


class Cooldown(Struct, frozen=True):
    """The general limit, and those of single packages in the order of their names."""

    limit: Limit = Limit()
    packages: tuple[PackageLimit, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is a limit for any package.

        >>> bool(Cooldown())
        False
        """
        return self.strictest is not None

    def before(self, name: NormalizedName) -> datetime | None:
        """The time before which files of a package must have been uploaded; None where there is no limit."""
        return next((one.limit.before for one in self.packages if one.name == name), self.limit.before)

    @property
    def strictest(self) -> datetime | None:
        """The earliest of all times: for a tool that knows one time only, and must not use a file that is too new."""
        times = (self.limit.before, *(one.limit.before for one in self.packages))
        return min((time for time in times if time is not None), default=None)

    @property
    def rule(self) -> str:
        """What the user wrote, as one text; empty where there is no limit."""
        rules = (self.limit.rule, *(f"{one.name}={one.limit.rule}" for one in self.packages))
        return " ".join(rule for rule in rules if rule) if self else ""

    def applied(self, file: Wheel | Sdist) -> Wheel | Sdist:
        """The file of an index, refused where it is too new or its index does not say when it was uploaded."""
        before = self.before(file.pin.name)
        if before is None or file.refused is not None:
            return file
        if file.uploaded is None:
            return replace(file, refused=f"has no upload time on its index, and the cooldown ends at {_shown(before)}")
        if file.uploaded >= before:
            when = _shown(file.uploaded)
            return replace(file, refused=f"was uploaded at {when}; the cooldown leaves out files from {_shown(before)}")
        return file


def _shown(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
