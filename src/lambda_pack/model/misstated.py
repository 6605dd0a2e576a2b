"""Packages that lie about their compatibility, hand-curated: step 6 of the seed document."""

from __future__ import annotations

from datetime import date

from msgspec import Struct
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name

from lambda_pack.model.packages import Pin

__all__ = ["MISSTATED", "Misstated", "misstated"]


class Misstated(Struct, frozen=True):
    """A package whose wheels run anywhere although their tags name a platform; `evidence` says how that is known."""

    name: NormalizedName
    versions: SpecifierSet
    evidence: str
    checked: date


MISSTATED = (
    Misstated(
        canonicalize_name("SQLAlchemy"),
        SpecifierSet("<2"),
        "its C extensions are optional speed-ups: every import of one falls back to Python",
        date(2026, 11, 21),
    ),
)


def misstated(pin: Pin) -> Misstated | None:
    """The row for a package, if there is one."""
    version = pin.version
    if version is None:
        return None
    rows = (row for row in MISSTATED if row.name == pin.name)
    return next((row for row in rows if row.versions.contains(version, prereleases=True)), None)
