"""What must be reached: one row for each bar. They come from the project's design for speed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from benchmarks.composing import Composing
from benchmarks.conditions import Condition
from benchmarks.figures import Spread
from benchmarks.memory import Memory
from benchmarks.results import Heat
from benchmarks.start_up import Start

__all__ = ["BARS", "COMPOSED_WORK", "UNCHANGED_WORK", "Bar", "Judged", "SmallRaces", "judge"]

COMPOSED_WORK = "L"
UNCHANGED_WORK = "M"
_LARGEST_COMPOSE_RATIO = 1.6  # composing that work, against `cat` of the same bytes
_LARGEST_MEMORY = 200_000_000  # bytes beyond the page cache while composing it
_LARGEST_START = 0.060  # seconds beyond bare Python, for --help and --version
_LARGEST_UNCHANGED = 0.100  # seconds of a whole process, where lock and tree are those of the last pack
_LARGEST_SMALL_PACK = 0.120  # seconds of a whole process: S, warm, from a lock


class Bar(Struct, frozen=True):
    """`rival` must take at least `factor` times as long as ours."""

    work: str
    condition: Condition
    rival: str
    factor: float

    def reached(self, heats: Sequence[Heat]) -> float | None:
        """The factor that was measured; None where it was not."""
        heat = _heat(heats, self.work, self.condition)
        ratio = heat.ratio(self.rival, "ours") if heat else None
        return ratio.median if ratio else None


_WARM_LOCKED = Condition(is_cold=False, is_locked=True)

BARS = (
    Bar("L", Condition(is_cold=False, is_locked=False), "uv", 20),
    Bar("L", _WARM_LOCKED, "uv", 60),
    Bar("M", _WARM_LOCKED, "uv", 25),
    Bar("M", Condition(is_cold=True, is_locked=False), "builders", 5),
    Bar("S", Condition(is_cold=True, is_locked=False), "uv", 1),
)


class SmallRaces(Struct, frozen=True):
    """What is measured beside the heats; `unchanged` are the seconds of a pack of which nothing has changed."""

    composing: Composing | None
    starts: tuple[Start, ...]
    unchanged: Spread | None
    memory: tuple[Memory, ...] = ()


class Judged(Struct, frozen=True):
    """A bar in words; `room` is how many times better than the bar: below 1 it is missed, None is not measured."""

    title: str
    limit: str
    measured: str
    room: float | None


def judge(
    heats: Sequence[Heat], races: SmallRaces, titles: Mapping[str, str], bars: Sequence[Bar] = BARS
) -> Iterator[Judged]:
    """Every bar, those that were not measured too; `titles` are the tools' by their names."""
    for bar in bars:
        reached = bar.reached(heats)
        title = f"{bar.work} {bar.condition.title}: {titles.get(bar.rival, bar.rival)} against lambda-pack"
        measured = "not measured" if reached is None else f"{reached:.1f} times"
        yield Judged(
            title, f"at least {bar.factor:g} times", measured, None if reached is None else reached / bar.factor
        )
    heat = _heat(heats, "S", _WARM_LOCKED)
    run = heat.run_of("ours") if heat else None
    small = Spread.of(run.seconds).median if run else None
    yield _seconds("S warm, locked: a whole lambda-pack", small, _LARGEST_SMALL_PACK)
    unchanged = races.unchanged.median if races.unchanged else None
    yield _seconds(f"{UNCHANGED_WORK} packed again, nothing changed", unchanged, _LARGEST_UNCHANGED)
    yield from _composing(races.composing)
    for start in races.starts[1:]:
        if start.title.startswith("./"):  # a second Python: it finds its environment first
            continue
        yield _seconds(f"`{start.title}` beyond bare Python", start.beyond.median, _LARGEST_START)


def _heat(heats: Sequence[Heat], work: str, condition: Condition) -> Heat | None:
    return next((heat for heat in heats if heat.work.name == work and heat.condition == condition), None)


def _seconds(title: str, measured: float | None, limit: float) -> Judged:
    under = f"under {limit * 1000:.0f} ms"
    if measured is None:
        return Judged(title, under, "not measured", None)
    # Against bare Python noise may win: no start is faster than a millisecond.
    return Judged(title, under, f"{measured * 1000:.0f} ms", limit / max(measured, 0.001))


def _composing(composing: Composing | None) -> Iterator[Judged]:
    """Only on the work of the bar: on the smaller ones the headers weigh more."""
    titles = (f"composing {COMPOSED_WORK} against `cat`", f"memory while composing {COMPOSED_WORK}, less mapped files")
    limits = (f"under {_LARGEST_COMPOSE_RATIO} times", f"under {_LARGEST_MEMORY / 1e6:.0f} MB")
    if composing is None or composing.work != COMPOSED_WORK:
        for title, limit in zip(titles, limits, strict=True):
            yield Judged(title, limit, "not measured", None)
        return
    ratio, own = composing.ratio.median, max(composing.peak - composing.mapped, 1)
    yield Judged(titles[0], limits[0], f"{ratio:.2f} times", _LARGEST_COMPOSE_RATIO / ratio)
    yield Judged(titles[1], limits[1], f"{own / 1e6:.0f} MB", _LARGEST_MEMORY / own)
