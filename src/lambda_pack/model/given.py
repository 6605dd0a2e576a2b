"""One setting that somebody made: what it says, and where exactly it says so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from msgspec import Struct

__all__ = ["Given", "GivenSettings"]


class Given(Struct, frozen=True):
    """The values of one setting, and the file or variable that gave them. Values may hold credentials."""

    values: tuple[str, ...]
    source: str


GivenSettings: TypeAlias = Mapping[str, Given]
"""Settings by pip's long option names, without dashes in front: `extra-index-url`."""
