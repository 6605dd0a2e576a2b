"""The results as a picture. What draws is no dependency of lambda-pack: it has an environment of its own."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.conditions import CONDITIONS
from benchmarks.figures import Spread
from benchmarks.processes import Step, output_of
from benchmarks.results import Heat

__all__ = ["PLOTTER", "draw_plot", "plot_data"]

PLOTTER = ("matplotlib",)
"""What pip installs to draw with."""


def plot_data(heats: Sequence[Heat], titles: Mapping[str, str], title: str) -> dict[str, object]:
    """What the drawing program reads: a panel for each condition, with the median seconds by tool and work."""
    panels = []
    for condition in CONDITIONS:
        shown = [heat for heat in heats if heat.condition == condition]
        seconds = {titles[tool]: [_median(heat, tool) for heat in shown] for tool in titles}
        panels.append({"title": condition.title, "works": [heat.work.name for heat in shown], "seconds": seconds})
    return {"title": title, "panels": panels}


def draw_plot(data: Mapping[str, object], picture: Path, *, python: Path, environment: Mapping[str, str]) -> None:
    """Write the PNG; `python` has the library.

    Raises:
        Failed: it cannot be drawn.
    """
    given = picture.with_suffix(".json")
    given.write_text(json.dumps(data), "utf-8")
    program = Path(__file__).with_name("plot_program.py")
    try:
        output_of(Step((str(python), str(program), str(given), str(picture)), picture.parent), environment)
    finally:
        given.unlink()


def _median(heat: Heat, tool: str) -> float | None:
    run = heat.run_of(tool)
    return Spread.of(run.seconds).median if run else None
