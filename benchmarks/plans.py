"""How often each tool packs each work."""

from __future__ import annotations

from types import MappingProxyType

from msgspec import Struct

from benchmarks.jobs import Tool
from benchmarks.works import Work

__all__ = ["QUICK_REPEATS", "QUICK_WORKS", "Plan"]

QUICK_REPEATS = 2
QUICK_WORKS = ("S", "M", "L", "XL")
_CLOSEST = frozenset({"ours", "anew", "entrypoint", "uv"})
# Who packs M, too: those that need no environment of their own, which are the faster ones.
_SMALL = MappingProxyType({"pip": ("S", "M"), "builders": ("S", "M")})


class Plan(Struct, frozen=True):
    """`is_quick`: only we and the closest peer pack everything; the others pack small works, once."""

    repeats: int
    is_quick: bool = False

    def repeats_of(self, tool: Tool, work: Work) -> int:
        """How often; 0 where it does not take part."""
        if work.needs_building and not tool.builds:
            return 0
        if self.is_quick and tool.name not in _CLOSEST:
            return 1 if work.name in _SMALL.get(tool.name, ("S",)) else 0
        return self.repeats
