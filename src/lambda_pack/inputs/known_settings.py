"""What lambda-pack does with each setting of pip and uv; script/settings-table makes docs/settings.md of the tables.

`tests/inputs/test_known_settings.py` compares them with what the installed pip and uv know, so that a new release of
either cannot add a setting that is neither honoured nor named.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType
from typing import TypeAlias

from msgspec import Struct

__all__ = ["KnownSetting", "KnownSettings", "Treatment", "rows"]


class Treatment(Enum):
    """What lambda-pack does with a setting."""

    HONOURED = "honoured"
    IRRELEVANT = "irrelevant"
    WARNED = "a warning names it"


class KnownSetting(Struct, frozen=True):
    """One setting: how it is honoured, why it does not matter, or what to do instead."""

    treatment: Treatment
    why: str


KnownSettings: TypeAlias = Mapping[str, KnownSetting]

_SIGNS = {"+": Treatment.HONOURED, "-": Treatment.IRRELEVANT, "!": Treatment.WARNED}


def rows(table: str) -> KnownSettings:
    """Parse a table of lines `NAMES SIGN TEXT`: names are apart by commas, the sign is + (honoured), - or ! (warned).

    >>> rows("a,b + with what they say")["b"].treatment.value
    'honoured'
    """
    found: dict[str, KnownSetting] = {}
    for line in filter(None, map(str.strip, table.splitlines())):
        names, sign, text = line.split(maxsplit=2)
        found |= dict.fromkeys(names.split(","), KnownSetting(_SIGNS[sign], text))
    return MappingProxyType(found)
