"""What was measured, as values."""

from __future__ import annotations

from msgspec import Struct

from benchmarks.conditions import Condition
from benchmarks.figures import Spread, ratios
from benchmarks.works import Work

__all__ = ["Heat", "Run"]


class Run(Struct, frozen=True):
    """What one tool did with one work under one condition: seconds of each repeat, or the reason why there are none.

    `distributions` is the number of packages in its zip.
    """

    tool: str
    seconds: tuple[float, ...]
    distributions: int = 0
    failure: str = ""


class Heat(Struct, frozen=True):
    """One work under one condition, packed by each tool in turn."""

    work: Work
    condition: Condition
    runs: tuple[Run, ...]

    def run_of(self, tool: str) -> Run | None:
        """The tool's run, unless it failed or did not take part."""
        return next((run for run in self.runs if run.tool == tool and run.seconds), None)

    def ratio(self, tool: str, to: str) -> Spread | None:
        """How many times longer `tool` took than `to`; None where one of them has no figures."""
        theirs, ours = self.run_of(tool), self.run_of(to)
        if theirs is None or ours is None:
            return None
        turns = min(len(theirs.seconds), len(ours.seconds))  # those that both had
        return ratios(theirs.seconds[:turns], ours.seconds[:turns])
