"""From an arena to the parts of the results."""

from __future__ import annotations

import platform
from collections.abc import Callable, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from benchmarks.arena import Arena
from benchmarks.bars import COMPOSED_WORK, UNCHANGED_WORK, SmallRaces, judge
from benchmarks.commands import render_commands
from benchmarks.composing import fetch_wheels, measure_composing
from benchmarks.conditions import CONDITIONS, Condition
from benchmarks.contest import Contest
from benchmarks.environments import CHECKOUT
from benchmarks.jobs import Job
from benchmarks.loopback import LATENCY, serve
from benchmarks.memory import measure_memory
from benchmarks.papers import Papers
from benchmarks.plans import Plan
from benchmarks.results import Heat
from benchmarks.start_up import measure_starts
from benchmarks.surroundings import with_caches
from benchmarks.tables import render_bars, render_composing, render_heats, render_memory, render_starts
from benchmarks.tools import TOOLS
from benchmarks.unchanged import measure_unchanged
from benchmarks.works import WORKS, Work

__all__ = ["Races", "render_small_races", "run_section", "run_small_races", "titles_of"]

# Where the network is the question, others than the closest peer only take time.
_LOOPBACK_WORKS = ("S", "M")
_LOOPBACK_TOOLS = ("ours", "anew", "uv")
# From the smallest to the largest: the memory of a pack should not tell them apart.
_MEMORY_WORKS = ("S", "M", "L")


class Races(Struct, frozen=True):
    """What takes part; `tell` hears of every run while it happens."""

    works: tuple[Work, ...]
    tools: tuple[str, ...]
    plan: Plan
    tell: Callable[[str], None]

    def here(self, machine: str) -> Races:
        """Without the works that have to be built for another machine than this one."""
        works = tuple(work for work in self.works if not work.needs_building or machine == platform.machine())
        for work in self.works:
            if work not in works:
                self.tell(f"{work.name} is left out: its packages are built, and this is no {machine}")
        return replace(self, works=works)


def titles_of(tools: Sequence[str], arena: Arena) -> dict[str, str]:
    """The tools' titles by their names."""
    return {name: TOOLS[name](arena.programs).title for name in tools}


def run_section(
    arena: Arena, races: Races, indexes: Sequence[str], *, is_first: bool
) -> tuple[tuple[Heat, ...], list[str]]:
    """The heats against the index as it is, and the parts of the text about this architecture.

    What hardly depends on the architecture, and with it the bars, is measured with the first.

    Raises:
        Failed: a work could not be resolved, or lambda-pack not pack it.
    """
    titles, architecture = titles_of(races.tools, arena), arena.target.architecture
    heats: tuple[Heat, ...] = ()
    commands, parts = "", list[str]()
    if "default" in indexes:
        heats, commands = _contest(arena, races)
        said = f"Median of {races.plan.repeats} (fastest to slowest), **times as long as lambda-pack**."
        parts += [f"## Whole runs, {architecture}\n\n{said}", render_heats(heats, titles)]
    if "loopback" in indexes:
        parts += [f"## Against a loopback index, {architecture}", _loopback(arena, races)]
    if is_first:
        small = run_small_races(arena, races.works, repeats=races.plan.repeats, tell=races.tell)
        parts += ["## Bars", render_bars(judge(heats, small, titles)), render_small_races(small)]
    return heats, [*parts, f"## Commands, {architecture}", commands] if commands else parts


def _contest(arena: Arena, races: Races) -> tuple[tuple[Heat, ...], str]:
    """Every work under every condition: the heats, and the exact commands.

    Raises:
        Failed: a work could not be resolved, or lambda-pack not pack it.
    """
    tools = [TOOLS[name](arena.programs) for name in races.tools]
    contest = Contest(tools, arena.target, races.plan, arena.scratch, arena.environment, races.tell)
    papers = {}
    for work in races.works:
        races.tell(f"resolving {work.name} for {arena.target.architecture} and packing it once")
        papers[work.name] = arena.papers(work)
    heats = [contest.heat(work, papers[work.name], condition) for work in races.works for condition in CONDITIONS]
    first = races.works[0]
    jobs: dict[tuple[str, Condition], Job] = {
        (tool.name, condition): contest.job(tool, first, papers[first.name], condition=condition)
        for tool in tools
        for condition in CONDITIONS
        if not condition.is_cold
    }
    return tuple(heats), render_commands(tools, jobs, arena.programs, checkout=CHECKOUT)


def _loopback(arena: Arena, races: Races) -> str:
    """The same small works against an index on this machine, as a table.

    Raises:
        Failed: the wheels could not be fetched, or a program failed.
    """
    works = tuple(work for work in races.works if work.name in _LOOPBACK_WORKS)
    tools = tuple(name for name in races.tools if name in _LOOPBACK_TOOLS)
    if not works or not tools:
        return "Nothing that was chosen takes part."
    shelf = arena.scratch / "shelf"
    for work in works:
        races.tell(f"fetching {work.name} for the loopback index")
        _wheels(arena, arena.papers(work), shelf)
    with serve(shelf) as url:
        environment = {**arena.environment, "PIP_INDEX_URL": url, "UV_DEFAULT_INDEX": url}
        there = replace(arena, environment=environment, scratch=arena.scratch / "loopback")
        heats, _ = _contest(there, replace(races, works=works, tools=tools))
    said = f"An index on this machine, with metadata files, HTTP caching and {LATENCY * 1000:.0f} ms for each request."
    return f"{said}\n\n{render_heats(heats, titles_of(tools, arena))}"


def run_small_races(arena: Arena, works: Sequence[Work], *, repeats: int, tell: Callable[[str], None]) -> SmallRaces:
    """Composing the work of the bar, else the last one; starting; packing what has not changed; and memory.

    Raises:
        Failed: one of the programs did.
    """
    names = [work.name for work in works]
    composed = WORKS[COMPOSED_WORK if COMPOSED_WORK in names else names[-1]]
    tell(f"composing {composed.name}, and starting")
    wheels = _wheels(arena, arena.papers(composed), arena.scratch / "wheels")
    python = arena.programs.product / "python"
    environment = with_caches(arena.environment, arena.scratch / "caches" / "papers")
    composing = (
        measure_composing(composed.name, wheels, python, repeats=repeats, environment=environment) if wheels else None
    )
    starts = measure_starts(arena.programs, arena.scratch, environment)
    unchanged = None
    if UNCHANGED_WORK in names:
        tell(f"packing {UNCHANGED_WORK} again and again")
        job = _locked_job(arena, UNCHANGED_WORK, "unchanged")
        unchanged = measure_unchanged(arena.programs, job, repeats=repeats, environment=arena.environment)
    jobs = {name: _locked_job(arena, name, "memory") for name in _MEMORY_WORKS if name in names}
    memory = measure_memory(jobs, arena.programs, arena.environment, tell=tell)
    return SmallRaces(composing, starts, unchanged, memory)


def _locked_job(arena: Arena, work: str, race: str) -> Job:
    papers, folder = arena.papers(WORKS[work]), arena.scratch / race / work
    return Job(arena.target, papers.pins, papers.pylock, folder / "job", folder / "cache")


def render_small_races(races: SmallRaces) -> str:
    """Composing, memory and starting as tables."""
    parts = ["## Composing alone", render_composing(races.composing)] if races.composing else []
    parts += ["## Memory", render_memory(races.memory)] if races.memory else []
    return "\n\n".join([*parts, "## Starting", render_starts(races.starts)])


def _wheels(arena: Arena, papers: Papers, folder: Path) -> tuple[Path, ...]:
    environment = with_caches(arena.environment, arena.scratch / "caches" / "papers")
    return fetch_wheels(papers, arena.target, arena.programs, folder=folder, environment=environment)
