"""The results as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from benchmarks.bars import Judged
from benchmarks.composing import Composing
from benchmarks.figures import Spread
from benchmarks.memory import Memory
from benchmarks.results import Heat, Run
from benchmarks.start_up import Start

__all__ = [
    "render_bars",
    "render_composing",
    "render_heats",
    "render_memory",
    "render_pairs",
    "render_starts",
    "render_table",
]

_OURS = "ours"


def render_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; the first column is words, the others are figures.

    >>> print(render_table(["work", "ours"], [["S", "0.1 s"]]))
    | work | ours |
    |---|---:|
    | S | 0.1 s |
    """
    lines = [head, *rows]
    body = [f"| {' | '.join(line)} |" for line in lines]
    body.insert(1, f"|---|{'---:|' * (len(head) - 1)}")
    return "\n".join(body)


def render_heats(heats: Sequence[Heat], titles: Mapping[str, str]) -> str:
    """Seconds, with how many times longer than ours each took; below, what is not as it should be.

    `titles` are the tools' by their names, in the order of the columns.
    """
    rows = [[f"{heat.work.name} {heat.condition.title}", *(_cell(heat, name) for name in titles)] for heat in heats]
    table = render_table(["work and condition", *titles.values()], rows)
    said: dict[str, list[str]] = {}
    for heat in heats:
        for note in _notes(heat, titles):
            said.setdefault(note, []).append(f"{heat.work.name} {heat.condition.title}")
    notes = [f"- {'; '.join(places)}: {note}" for note, places in said.items()]
    return "\n\n".join([table, "\n".join(notes)] if notes else [table])


def _cell(heat: Heat, tool: str) -> str:
    run = heat.run_of(tool)
    if run is None:
        return "-"
    ratio = heat.ratio(tool, _OURS)
    times = f", **{_factor(ratio.median)}**" if ratio and tool != _OURS else ""
    return f"{_seconds(Spread.of(run.seconds))}{times}{' †' if _is_odd(heat, run) else ''}"


def _is_odd(heat: Heat, run: Run) -> bool:
    ours = heat.run_of(_OURS)
    return ours is not None and run.distributions != ours.distributions


def _notes(heat: Heat, titles: Mapping[str, str]) -> Iterator[str]:
    ours = heat.run_of(_OURS)
    for run in heat.runs:
        if run.failure:
            # The rest of it quotes a program, and may hold paths of this machine; it was told while it happened.
            yield f"{titles[run.tool]} has no figures: {run.failure.splitlines()[0]}"
        elif ours and _is_odd(heat, run):
            counts = f"{run.distributions} packages, lambda-pack's {ours.distributions}"
            yield f"† the zip of {titles[run.tool]} has {counts}"


def render_bars(judged: Iterable[Judged]) -> str:
    """What must be reached, and what was."""
    rows = []
    for bar in judged:
        room = "" if bar.room is None else f"{bar.room:.2f}"
        outcome = "-" if bar.room is None else "met" if bar.room >= 1 else "**missed**"
        rows.append([bar.title, bar.limit, bar.measured, room, outcome])
    return render_table(["bar", "limit", "measured", "times as good as the bar", ""], rows)


def render_composing(composing: Composing) -> str:
    """Composing against `cat`, and the memory it took."""
    ratio = composing.ratio
    rows = [
        [f"compose {composing.work}, {composing.size / 1e6:.0f} MB", _milliseconds(composing.compose)],
        ["`cat` of the wheels", _milliseconds(composing.cat)],
        ["ratio", f"{ratio.median:.2f} ({ratio.least:.2f} to {ratio.most:.2f})"],
        ["peak memory", f"{composing.peak / 1e6:.0f} MB"],
        ["peak memory less the mapped files", f"{(composing.peak - composing.mapped) / 1e6:.0f} MB"],
    ]
    return render_table(["composing", "measured"], rows)


def render_memory(memories: Iterable[Memory]) -> str:
    """What a whole pack takes of memory, by work."""
    rows = [[row.work, f"{row.size / 1e6:.1f} MB", f"{row.largest / 1e6:.0f} MB"] for row in memories]
    return render_table(["work", "zip", "most memory at a time, beside mapped files"], rows)


def render_starts(starts: Sequence[Start]) -> str:
    """Milliseconds of each start, and how many beyond bare Python."""
    bare, *others = starts
    rows = [[f"`{bare.title}`", _milliseconds(bare.whole), ""]]
    rows += [[f"`{start.title}`", _milliseconds(start.whole), _milliseconds(start.beyond)] for start in others]
    return render_table(["start", "in all", "beyond bare Python"], rows)


def render_pairs(pairs: Iterable[tuple[str, str]]) -> str:
    """A list of words and what they are."""
    return "\n".join(f"- {word}: {text}" for word, text in pairs)


def _seconds(spread: Spread) -> str:
    return f"{_short(spread.median)} s ({_short(spread.least)} to {_short(spread.most)})"


def _short(seconds: float) -> str:
    """Three figures that mean something: 0.067, 2.25, 13.3."""
    digits = 3 if seconds < 1 else 2 if seconds < 10 else 1  # noqa: PLR2004  # where a figure becomes longer
    return f"{seconds:.{digits}f}"


def _factor(factor: float) -> str:
    return f"{factor:.1f}x" if factor < 10 else f"{factor:.0f}x"  # noqa: PLR2004  # where a figure becomes longer


def _milliseconds(spread: Spread) -> str:
    return f"{spread.median * 1000:.0f} ms ({spread.least * 1000:.0f} to {spread.most * 1000:.0f})"
