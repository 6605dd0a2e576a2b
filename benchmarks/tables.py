"""The results as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from benchmarks.bars import BARS, COMPOSED_WORK, LARGEST_COMPOSE_RATIO, LARGEST_MEMORY, LARGEST_START, Bar
from benchmarks.composing import Composing
from benchmarks.figures import Spread
from benchmarks.results import Heat, Run
from benchmarks.start_up import Start

__all__ = ["render_bars", "render_composing", "render_heats", "render_pairs", "render_starts", "render_table"]

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
    notes = [f"- {note}" for heat in heats for note in _notes(heat, titles)]
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
    where = f"{heat.work.name} {heat.condition.title}"
    ours = heat.run_of(_OURS)
    for run in heat.runs:
        if run.failure:
            # The rest of it quotes a program, and may hold paths of this machine; it was told while it happened.
            yield f"{where}: {titles[run.tool]} has no figures: {run.failure.splitlines()[0]}"
        elif ours and _is_odd(heat, run):
            counts = f"{run.distributions} packages, lambda-pack's {ours.distributions}"
            yield f"† {where}: the zip of {titles[run.tool]} has {counts}"


def render_bars(heats: Sequence[Heat], titles: Mapping[str, str], bars: Sequence[Bar] = BARS) -> str:
    """What must be reached, and what was."""
    rows = []
    for bar in bars:
        reached = bar.reached(heats)
        measured = "not measured" if reached is None else _factor(reached)
        outcome = "-" if reached is None else _verdict(is_met=reached >= bar.factor)
        against = f"{bar.work} {bar.condition.title}, against {titles.get(bar.rival, bar.rival)}"
        rows.append([against, _factor(bar.factor), measured, outcome])
    return render_table(["bar", "at least", "measured", ""], rows)


def render_composing(composing: Composing) -> str:
    """Composing against `cat`, and the memory it took."""
    own = composing.peak - composing.mapped
    is_judged = composing.work == COMPOSED_WORK  # on the smaller ones the headers weigh more
    rows = [
        [f"compose {composing.work}, {composing.size / 1e6:.0f} MB", _milliseconds(composing.compose), "", ""],
        ["`cat` of the wheels", _milliseconds(composing.cat), "", ""],
        [
            "ratio",
            f"{composing.ratio.median:.2f} ({composing.ratio.least:.2f} to {composing.ratio.most:.2f})",
            f"under {LARGEST_COMPOSE_RATIO}" if is_judged else "",
            _verdict(is_met=composing.ratio.median < LARGEST_COMPOSE_RATIO) if is_judged else "",
        ],
        ["peak memory", f"{composing.peak / 1e6:.0f} MB", "", ""],
        [
            "peak memory less the mapped files",
            f"{own / 1e6:.0f} MB",
            f"under {LARGEST_MEMORY / 1e6:.0f} MB",
            _verdict(is_met=own < LARGEST_MEMORY),
        ],
    ]
    return render_table(["composing", "measured", "bar", ""], rows)


def render_starts(starts: Sequence[Start]) -> str:
    """Milliseconds of each start, and how many beyond bare Python."""
    bare, *others = starts
    rows = [[f"`{bare.title}`", _milliseconds(bare.whole), "", ""]]
    for start in others:
        verdict = _verdict(is_met=start.beyond.median < LARGEST_START)
        rows.append([f"`{start.title}`", _milliseconds(start.whole), _milliseconds(start.beyond), verdict])
    return render_table(["start", "in all", "beyond bare Python", f"under {LARGEST_START * 1000:.0f} ms"], rows)


def render_pairs(pairs: Iterable[tuple[str, str]]) -> str:
    """A list of words and what they are."""
    return "\n".join(f"- {word}: {text}" for word, text in pairs)


def _verdict(*, is_met: bool) -> str:
    return "met" if is_met else "**missed**"


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
