"""Draws the results: `plot_program.py DATA PNG`; it lives in an environment of its own, which has matplotlib.

DATA is JSON: `title`, and `panels`, each with a `title`, its `works` and, by the title of a tool, the median seconds of
each work (null where there are none).
"""

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl  # type: ignore[import-not-found]  # only the plot's environment has it

mpl.use("Agg")
from matplotlib import pyplot as plt  # after the choice of the backend
from matplotlib import ticker

# Okabe and Ito's colours, which people with any kind of sight tell apart; ours is the darkest, and filled.
COLOURS = ("#0072b2", "#56b4e9", "#d55e00", "#e69f00", "#009e73", "#cc79a7", "#7f7f00", "#555555", "#000000")
MARKERS = "oDs^vP*Xd"
PAPER, INK, FAINT = "#ffffff", "#1f2328", "#d0d7de"  # a card of its own colour reads on light and on dark pages


def draw(panel: dict[str, Any], axes: Any) -> None:  # noqa: ANN401  # the library is not here
    """One panel: works from left to right, seconds upwards, a mark for each tool; ours is first, with its figure."""
    tools = panel["seconds"]
    for place, (tool, seconds) in enumerate(tools.items()):
        shift = (place - (len(tools) - 1) / 2) * 0.8 / len(tools)
        points = [(column + shift, value) for column, value in enumerate(seconds) if value is not None]
        colour, marker = COLOURS[place % len(COLOURS)], MARKERS[place % len(MARKERS)]
        # Without points, too: the legend is that of the first panel, and names every tool.
        columns, values = [column for column, _ in points], [value for _, value in points]
        axes.plot(columns, values, color=colour, marker=marker, linestyle="none", markersize=8, label=tool)
        for column, value in points if place == 0 else ():
            text = f"{value:.2f} s" if value < 10 else f"{value:.0f} s"  # noqa: PLR2004  # where a figure becomes longer
            axes.annotate(text, (column, value), (0, -15), textcoords="offset points", ha="center", fontsize=8)
    axes.set_yscale("log")
    axes.set_title(panel["title"], fontsize=11, loc="left")
    axes.set_xticks(range(len(panel["works"])), panel["works"])
    axes.set_xlim(-0.6, len(panel["works"]) - 0.4)
    axes.yaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter(ticker.NullFormatter())
    axes.grid(visible=True, axis="y", color=FAINT, linewidth=0.8)
    axes.margins(y=0.15)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def main() -> None:
    """Two rows, unlocked and locked; two columns, cold and warm."""
    data, picture = Path(sys.argv[1]), sys.argv[2]
    content = json.loads(data.read_text("utf-8"))
    plt.rcParams.update({"text.color": INK, "axes.labelcolor": INK, "xtick.color": INK, "ytick.color": INK})
    figure, grid = plt.subplots(2, 2, figsize=(11, 8), sharey=True, facecolor=PAPER, layout="constrained")
    for panel, axes in zip(content["panels"], grid.flat, strict=True):
        draw(panel, axes)
    for axes in grid[:, 0]:
        axes.set_ylabel("seconds (logarithmic)")
    handles, labels = grid.flat[0].get_legend_handles_labels()
    figure.suptitle(content["title"], fontsize=12, x=0.01, ha="left")
    figure.legend(handles, labels, loc="outside lower center", ncols=4, frameon=False)
    figure.savefig(picture, dpi=110, metadata={"Software": None})


if __name__ == "__main__":
    main()
