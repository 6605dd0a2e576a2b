"""`benchmarks/run` and `benchmarks/compose`: from options to tables."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.arena import Arena, Question, open_arena
from benchmarks.bars import COMPOSED_WORK
from benchmarks.commands import render_commands
from benchmarks.composing import fetch_wheels, measure_composing
from benchmarks.conditions import CONDITIONS
from benchmarks.contest import Contest
from benchmarks.environments import CHECKOUT
from benchmarks.machine import describe, versions
from benchmarks.papers import Papers
from benchmarks.processes import Failed
from benchmarks.start_up import measure_starts
from benchmarks.surroundings import index_of, with_caches
from benchmarks.tables import render_bars, render_composing, render_heats, render_pairs, render_starts
from benchmarks.tools import TOOLS
from benchmarks.works import WORKS, Work

__all__ = ["compose", "run"]


def run(arguments: Sequence[str] | None = None) -> int:
    """Time the tools against each other and write the tables; 1 when lambda-pack itself failed somewhere."""
    parser = _parser("Time lambda-pack against uv, pip and aws-lambda-builders, in turn.")
    parser.add_argument("--works", default=",".join(WORKS), metavar="NAMES", help="default: %(default)s")
    parser.add_argument("--tools", default=",".join(TOOLS), metavar="NAMES", help="default: %(default)s")
    parser.add_argument("--output", type=Path, default=CHECKOUT / "benchmarks" / "results.md", metavar="FILE")
    options = parser.parse_args(arguments)
    works = [WORKS[name] for name in _chosen(parser, options.works, tuple(WORKS))]
    tools = _chosen(parser, options.tools, tuple(TOOLS))
    about = describe()
    try:
        with open_arena(_question(options), os.environ, tell=_tell) as arena:  # noqa: TID251  # a front-end's part
            index = "another than the tools' default" if _question(options).index else "the tools' default"
            about = (*about, *versions(arena.programs, arena.environment), ("index", index))
            about = (*about, ("target", f"{options.runtime}, {options.architecture}"))
            text, is_whole = _contest(arena, works, tools, repeats=options.repeats)
    except Failed as failure:
        _tell(str(failure))
        return 1
    text = (
        f"# Results\n\nWritten by `benchmarks/run`; README.md says how to read it.\n\n{render_pairs(about)}\n\n{text}\n"
    )
    options.output.write_text(text, "utf-8")
    sys.stdout.write(text)
    return 0 if is_whole else 1


def compose(arguments: Sequence[str] | None = None) -> int:
    """Time composing against `cat`, and starting against bare Python; print the tables."""
    parser = _parser("Time composing a zip from local wheels against cat, and starting against bare Python.")
    parser.add_argument("--work", default=COMPOSED_WORK, choices=tuple(WORKS), help="default: %(default)s")
    options = parser.parse_args(arguments)
    try:
        with open_arena(_question(options), os.environ, tell=_tell) as arena:  # noqa: TID251  # a front-end's part
            work = WORKS[options.work]
            text = _small_races(arena, work, arena.papers(work), repeats=options.repeats)
    except Failed as failure:
        _tell(str(failure))
        return 1
    sys.stdout.write(f"{render_pairs(describe())}\n\n{text}\n")
    return 0


def _contest(arena: Arena, works: Sequence[Work], names: Sequence[str], *, repeats: int) -> tuple[str, bool]:
    """The tables, and whether lambda-pack has figures in all of them."""
    tools = [TOOLS[name](arena.programs) for name in names]
    titles = {tool.name: tool.title for tool in tools}
    contest = Contest(tools, arena.target, repeats, arena.scratch, arena.environment, _tell)
    papers = {}
    for work in works:
        _tell(f"resolving {work.name} and packing it once")
        papers[work.name] = arena.papers(work)
    heats = [contest.heat(work, papers[work.name], condition) for work in works for condition in CONDITIONS]
    jobs = {
        (tool.name, condition): contest.job(tool, works[0], papers[works[0].name], condition=condition)
        for tool in tools
        for condition in CONDITIONS
        if not condition.is_cold
    }
    last = next((work for work in works if work.name == COMPOSED_WORK), works[-1])
    parts = [
        f"## Whole runs\n\nMedian of {repeats} (fastest to slowest), **times as long as lambda-pack**.",
        render_heats(heats, titles),
        "## Bars",
        render_bars(heats, titles),
        _small_races(arena, last, papers[last.name], repeats=repeats),
        "## Commands",
        render_commands(tools, jobs, arena.programs, checkout=CHECKOUT),
    ]
    return "\n\n".join(parts), all(not run.failure for heat in heats for run in heat.runs if run.tool == "ours")


def _small_races(arena: Arena, work: Work, papers: Papers, *, repeats: int) -> str:
    _tell(f"composing {work.name}, and starting")
    environment = with_caches(arena.environment, arena.scratch / "caches" / "papers")
    folder = arena.scratch / "wheels"
    wheels = fetch_wheels(papers, arena.target, arena.programs, folder=folder, environment=environment)
    python = arena.programs.product / "python"
    composing = measure_composing(work.name, wheels, python, repeats=repeats, environment=environment)
    starts = measure_starts(arena.programs, arena.scratch, environment)
    parts = ["## Composing alone", render_composing(composing), "## Starting", render_starts(starts)]
    return "\n\n".join(parts)


def _parser(description: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--repeats", type=_positive, default=5, metavar="COUNT", help="default: %(default)s")
    parser.add_argument("--runtime", default="python3.13", help="default: %(default)s")
    parser.add_argument("--architecture", default="x86_64", help="default: %(default)s")
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


def _question(options: argparse.Namespace) -> Question:
    index = index_of(os.environ, options.index_url)  # noqa: TID251  # a front-end's part
    return Question(options.runtime, options.architecture, index)


def _tell(text: str) -> None:
    sys.stderr.write(f"benchmarks: {text}\n")
    sys.stderr.flush()
