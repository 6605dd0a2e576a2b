"""What must be reached, as ratios in one run: one row for each bar. They come from the project's design for speed."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from benchmarks.conditions import Condition
from benchmarks.results import Heat

__all__ = ["BARS", "COMPOSED_WORK", "LARGEST_COMPOSE_RATIO", "LARGEST_MEMORY", "LARGEST_START", "Bar"]

COMPOSED_WORK = "L"
LARGEST_COMPOSE_RATIO = 1.6  # composing that work, against `cat` of the same bytes
LARGEST_MEMORY = 200_000_000  # bytes beyond the page cache while composing it
LARGEST_START = 0.060  # seconds beyond bare Python, for --help and --version


class Bar(Struct, frozen=True):
    """`rival` must take at least `factor` times as long as ours."""

    work: str
    condition: Condition
    rival: str
    factor: float

    def reached(self, heats: Sequence[Heat]) -> float | None:
        """The factor that was measured; None where it was not."""
        for heat in heats:
            if heat.work.name == self.work and heat.condition == self.condition:
                ratio = heat.ratio(self.rival, "ours")
                return ratio.median if ratio else None
        return None


BARS = (
    Bar("L", Condition(is_cold=False, is_locked=False), "uv", 20),
    Bar("L", Condition(is_cold=False, is_locked=True), "uv", 60),
    Bar("M", Condition(is_cold=False, is_locked=True), "uv", 25),
    Bar("M", Condition(is_cold=True, is_locked=False), "builders", 5),
    Bar("S", Condition(is_cold=True, is_locked=False), "uv", 1),
)
