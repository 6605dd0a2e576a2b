"""The patch levels of CPython that are known, and those that a marker or a Requires-Python can tell apart."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType

__all__ = ["KNOWN_ON", "NEWEST_PATCHES", "patch_levels"]

KNOWN_ON = date(2026, 11, 28)
"""The day on which `NEWEST_PATCHES` was read."""

# What `uv python list --all-versions` of uv 0.13.8 lists (3.7: python.org), which is what CPython has released. AWS
# names no patch levels (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-update.html): it follows CPython.
NEWEST_PATCHES: Mapping[tuple[int, int], int] = MappingProxyType(
    {
        (3, 7): 17,
        (3, 8): 20,
        (3, 9): 25,
        (3, 10): 22,
        (3, 11): 18,
        (3, 12): 16,
        (3, 13): 18,
        (3, 14): 10,
        (3, 15): 2,
    }
)
"""The newest patch level known of each line of CPython."""


def patch_levels(text: str, python: tuple[int, int], *, lowest: int = 0) -> tuple[str, ...]:
    """Full versions of a line of CPython that stand for all there can be, in answering what `text` compares.

    `text` is a marker or a specifier. Its answer can only change at the versions that it names, so those and their
    neighbours are enough. `lowest` is the lowest level that counts.

    >>> patch_levels('python_full_version >= "3.12.4"', (3, 12), lowest=3)
    ('3.12.3', '3.12.4', '3.12.5', '3.12.16')
    """
    major, minor = python
    named = {int(patch) for patch in re.findall(rf"(?<![\d.]){major}\.{minor}\.(\d+)", text)}
    levels = {lowest, NEWEST_PATCHES[python], *(level + step for level in named for step in (-1, 0, 1))}
    return tuple(f"{major}.{minor}.{level}" for level in sorted(levels) if level >= lowest)
