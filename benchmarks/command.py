"""`benchmarks/run` and `benchmarks/compose`: from options to tables."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.arena import Arena, Question, open_arena
from benchmarks.bars import COMPOSED_WORK, judge
from benchmarks.environments import CHECKOUT
from benchmarks.machine import describe, versions
from benchmarks.plans import QUICK_REPEATS, QUICK_WORKS, Plan
from benchmarks.plot import draw_plot, plot_data
from benchmarks.processes import Failed
from benchmarks.results import Heat
from benchmarks.sections import Races, render_small_races, run_section, run_small_races, titles_of
from benchmarks.surroundings import index_of
from benchmarks.tables import render_bars, render_pairs
from benchmarks.tools import TOOLS
from benchmarks.works import WORKS

__all__ = ["compose", "run"]

_ARCHITECTURES = ("x86_64", "arm64")
_INDEXES = ("default", "loopback")


def run(arguments: Sequence[str] | None = None) -> int:
    """Time the tools against each other and write tables and plot; 1 when lambda-pack itself failed somewhere."""
    parser = _parser("Time lambda-pack against what people use today, in turn.", repeats=None)
    parser.add_argument("--quick", action="store_true", help="under 15 minutes: README.md says what is left out")
    parser.add_argument("--works", metavar="NAMES", help=f"default: {','.join(WORKS)}")
    parser.add_argument("--tools", default=",".join(TOOLS), metavar="NAMES", help="default: %(default)s")
    parser.add_argument("--index", default=",".join(_INDEXES), metavar="NAMES", help="default: %(default)s")
    parser.add_argument("--output", type=Path, default=CHECKOUT / "benchmarks" / "results.md", metavar="FILE")
    options = parser.parse_args(arguments)
    works = _chosen(parser, options.works or ",".join(QUICK_WORKS if options.quick else WORKS), tuple(WORKS))
    plan = Plan(options.repeats or (QUICK_REPEATS if options.quick else 5), is_quick=options.quick)
    tools = tuple(_chosen(parser, options.tools, tuple(TOOLS)))
    races = Races(tuple(WORKS[name] for name in works), tools, plan, _tell)
    architectures = _chosen(parser, options.architecture, _ARCHITECTURES)
    indexes = _chosen(parser, options.index, _INDEXES)
    try:
        text, is_whole = _results(options, races, architectures, indexes)
    except Failed as failure:
        _tell(str(failure))
        return 1
    options.output.write_text(text, "utf-8")
    sys.stdout.write(text)
    return 0 if is_whole else 1


def compose(arguments: Sequence[str] | None = None) -> int:
    """Time composing against `cat`, and starting against bare Python; print the tables."""
    parser = _parser("Time composing a zip from local wheels against cat, and starting against bare Python.", repeats=5)
    parser.add_argument("--work", default=COMPOSED_WORK, choices=tuple(WORKS), help="default: %(default)s")
    options = parser.parse_args(arguments)
    architecture = _chosen(parser, options.architecture, _ARCHITECTURES)[0]
    try:
        with open_arena(_question(options, architecture, ()), os.environ, tell=_tell) as arena:  # noqa: TID251  # a front-end's part
            races = run_small_races(arena, [WORKS[options.work]], repeats=options.repeats, tell=_tell)
    except Failed as failure:
        _tell(str(failure))
        return 1
    bars = render_bars(judge((), races, {}, ()))
    sys.stdout.write(f"{render_pairs(describe())}\n\n{render_small_races(races)}\n\n{bars}\n")
    return 0


def _results(
    options: argparse.Namespace, races: Races, architectures: Sequence[str], indexes: Sequence[str]
) -> tuple[str, bool]:
    """The whole text, and whether lambda-pack has figures everywhere; beside it the plot, of the first architecture."""
    about = [*describe(), ("target", f"{options.runtime}, {' and '.join(architectures)}")]
    repeats = (
        f"{races.plan.repeats}{', other peers than uv once and on small works only' if races.plan.is_quick else ''}"
    )
    parts: list[str] = []
    is_whole = True
    for architecture in architectures:
        is_first = architecture == architectures[0]
        question = _question(options, architecture, races.tools)
        with open_arena(question, os.environ, tell=_tell) as arena:  # noqa: TID251  # a front-end's part
            here = races.here(arena.target.machine)
            heats, written = run_section(arena, here, indexes, is_first=is_first)
            if is_first:
                index = "another than the tools' default" if question.index else "the tools' default"
                about += [*versions(arena.programs, arena.environment), ("index", index), ("repeats", repeats)]
                if heats:
                    parts.append(_picture(arena, heats, titles_of(races.tools, arena), options.output))
        parts += written
        is_whole = is_whole and not any(run.failure for heat in heats for run in heat.runs if run.tool == "ours")
    head = "# Results\n\nWritten by `benchmarks/run`; README.md says how to read it."
    return "\n\n".join([head, render_pairs(about), *parts]) + "\n", is_whole


def _picture(arena: Arena, heats: Sequence[Heat], titles: Mapping[str, str], output: Path) -> str:
    """Draw the plot beside the text; the line that shows it there."""
    _tell("drawing the plot")
    picture = output.with_suffix(".png")
    target = f"{arena.target.runtime}, {arena.target.architecture}"
    title = f"Seconds to a zip for {target} (medians of {datetime.now(tz=UTC):%Y-%m-%d}; less is better)"
    environ = os.environ  # noqa: TID251  # a front-end's part
    python = arena.plotter(environ)
    draw_plot(plot_data(heats, titles, title), picture, python=python, environment=environ)
    return f"![Seconds by tool and work, cold and warm, on a logarithmic scale]({picture.name})"


def _parser(description: str, *, repeats: int | None) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=description)
    said = "default: 5, quick 2" if repeats is None else "default: %(default)s"
    parser.add_argument("--repeats", type=_positive, default=repeats, metavar="COUNT", help=said)
    parser.add_argument("--runtime", default="python3.13", help="default: %(default)s")
    parser.add_argument("--architecture", default="x86_64", metavar="NAMES", help="x86_64 (default), arm64, or both")
    parser.add_argument(
        "--index-url", metavar="URL", help="for all tools alike (default: PIP_INDEX_URL, UV_DEFAULT_INDEX)"
    )
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise ValueError(text)
    return number


def _chosen(parser: argparse.ArgumentParser, text: str, known: Sequence[str]) -> list[str]:
    names = [name for name in text.split(",") if name]
    for name in names:
        if name not in known:
            parser.error(f"{name!r} is unknown; choose from {', '.join(known)}")
    return names or list(known)


def _question(options: argparse.Namespace, architecture: str, tools: tuple[str, ...]) -> Question:
    index = index_of(os.environ, options.index_url)  # noqa: TID251  # a front-end's part
    return Question(options.runtime, architecture, index, tools)


def _tell(text: str) -> None:
    sys.stderr.write(f"benchmarks: {text}\n")
    sys.stderr.flush()
