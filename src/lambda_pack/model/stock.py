"""The stock: what is needed, what is on offer, what was tried. Immutable; the rest is computed, never re-scanned."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from packaging.utils import NormalizedName
from packaging.version import Version

from lambda_pack.model.packages import Offer, Pin, Source, Wheel
from lambda_pack.model.targets import Target
from lambda_pack.model.verdicts import Fits, Verdict, judge, preference

__all__ = ["Accepted", "Attempt", "HeldBack", "Stock"]


@dataclass(frozen=True, slots=True)
class Accepted:
    """A wheel whose verdict does not follow from its tags: built here, or known to misstate itself."""

    wheel: Wheel
    verdict: Fits


@dataclass(frozen=True, slots=True)
class Attempt:
    """One failed try to get a fitting wheel: `command` as it was run, `log` the end of its output, both masked."""

    pin: Pin
    step: int
    detail: str
    command: str = ""
    log: str = ""


@dataclass(frozen=True, slots=True)
class HeldBack:
    """A package packed in an older version than the newest allowed, and why."""

    name: NormalizedName
    newest: Version
    chosen: Version
    why: str


@dataclass(frozen=True, slots=True)
class Stock:
    """What is known about a closure on a target.

    `closure` is in the resolver's order. `offers` holds every file heard of, of any version; `stock + x` adds what is new.
    """

    target: Target
    closure: tuple[Pin, ...] = ()
    offers: frozenset[Offer] = frozenset()
    accepted: tuple[Accepted, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    held_back: tuple[HeldBack, ...] = ()
    _chosen: dict[Pin, tuple[Wheel, Fits]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        best: dict[Pin, tuple[Wheel, Fits]] = {}
        wanted = frozenset(self.closure)
        accepted = {item.wheel: item.verdict for item in self.accepted}
        for wheel in (*accepted, *(offer for offer in self.offers if isinstance(offer, Wheel))):
            if wheel.pin not in wanted:
                continue
            verdict = accepted.get(wheel) or judge(wheel, self.target)
            if not isinstance(verdict, Fits):
                continue
            rival = best.get(wheel.pin)
            if rival is None or preference(wheel, verdict) < preference(*rival):
                best[wheel.pin] = wheel, verdict
        object.__setattr__(self, "_chosen", best)

    @property
    def chosen(self) -> tuple[tuple[Wheel, Fits], ...]:
        """The best fitting wheel of each pin that has one, in the closure's order."""
        return tuple(self._chosen[pin] for pin in self.closure if pin in self._chosen)

    @property
    def unmet(self) -> tuple[Pin, ...]:
        """The rest: pins without a fitting wheel, in the closure's order."""
        return tuple(pin for pin in self.closure if pin not in self._chosen)

    def wheels(self, pin: Pin) -> tuple[tuple[Wheel, Verdict], ...]:
        """Every wheel heard of for a pin, with its verdict, by file name."""
        found = (offer for offer in self.offers if isinstance(offer, Wheel) and offer.pin == pin)
        return tuple((wheel, judge(wheel, self.target)) for wheel in sorted(found, key=lambda wheel: wheel.filename))

    def source(self, pin: Pin) -> Source | None:
        """What the pin can be built from, if anything."""
        found = (offer for offer in self.offers if not isinstance(offer, Wheel) and offer.pin == pin)
        return min(found, key=lambda source: source.filename, default=None)

    def __add__(self, found: Iterable[Offer | Accepted | Attempt]) -> Stock:
        items = tuple(found)
        return replace(
            self,
            offers=self.offers | {item for item in items if not isinstance(item, Accepted | Attempt)},
            accepted=self.accepted + tuple(item for item in items if isinstance(item, Accepted)),
            attempts=self.attempts + tuple(item for item in items if isinstance(item, Attempt)),
        )
