"""The stock: what is needed, what is on offer, what was tried. Immutable; the rest is computed, never re-scanned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from types import MappingProxyType

from msgspec import Struct, field
from msgspec.structs import force_setattr, replace
from packaging.utils import NormalizedName
from packaging.version import Version

from lambda_pack.model.building import Build, BuildLimits
from lambda_pack.model.exclusions import Conflict
from lambda_pack.model.findings import Finding, WheelAudit
from lambda_pack.model.packages import Folder, Offer, Pin, Source, Wheel
from lambda_pack.model.targets import Target
from lambda_pack.model.verdicts import Fits, Misfit, Verdict, judge, preference

__all__ = ["Accepted", "Attempt", "HeldBack", "Stock"]


class Accepted(Struct, frozen=True):
    """A wheel whose verdict does not follow from its tags alone: built here, or known to misstate itself.

    `pin` is what it answers; the wheel's own pin has the version that its backend said. `build` says how it was made.
    """

    pin: Pin
    wheel: Wheel
    verdict: Fits
    build: Build | None = None


class Attempt(Struct, frozen=True):
    """One failed try to get a fitting wheel.

    `command` is as it was run and `log` the end of its output, both masked. `wheel` is what came out, where something
    did that does not fit, and `build` how. `timed_out` says that the build was ended at its time limit.
    `limits` are those that lambda-pack added, for an old source.
    """

    pin: Pin
    step: int
    detail: str
    command: str = ""
    log: str = ""
    wheel: Wheel | None = None
    build: Build | None = None
    timed_out: bool = False
    limits: BuildLimits | None = None


class HeldBack(Struct, frozen=True):
    """A package packed in an older version than the newest allowed, and why.

    `required_by` and `origin` are as in `lambda_pack.model.report.Unmet`. `uploaded` are the days when an index got the
    newest version and the chosen one, where it says so.
    """

    name: NormalizedName
    newest: Version
    chosen: Version
    why: str
    required_by: tuple[NormalizedName, ...] = ()
    origin: str | None = None
    uploaded: tuple[date, date] | None = None

    @property
    def lag(self) -> str | None:
        """How far behind it is, where that is so far that a user has to know: a major version, or more than two years.

        >>> HeldBack(NormalizedName("numpy"), Version("2.5.5"), Version("1.26.4"), "").lag
        'older by a major version'
        >>> HeldBack(NormalizedName("pytz"), Version("2026.1"), Version("2025.2"), "").lag
        """
        newest, chosen = self.newest, self.chosen
        steps = newest.major - chosen.major
        is_by_year = min(newest.major, chosen.major) >= _FIRST_YEAR
        days = (self.uploaded[0] - self.uploaded[1]).days if self.uploaded else 0
        found = []
        if newest.epoch > chosen.epoch or (steps and not is_by_year):
            found.append("a major version" if steps <= 1 else f"{steps} major versions")
        if days > _LONG or (is_by_year and steps > _YEARS):
            found.append(f"{days // 365 if self.uploaded else steps} years")
        return f"older by {' and '.join(found)}" if found else None


# Some packages number by the year: a new one is no new major version.
_FIRST_YEAR = 1990
_YEARS = 2
_LONG = _YEARS * 365  # in days


class Stock(Struct, frozen=True):
    """What is known about a closure on a target.

    `closure` is in the resolver's order. `offers` holds every file heard of, of any version. `obstacles` are the
    pins of the closure that the resolver must not see, because with them it finds no closure at all. `unloadable` are
    wheels that do not fit by what their files need, whatever their tags say, by pin and file name; `conflicts` are
    versions that load only beside certain versions of other packages. `resolver_runs` counts the questions that a
    resolver was asked. `audits` is what
    came of looking into those chosen last, and `own_findings` into the user's own code beside them. `left_out` are pins
    that were resolved and that nobody wants packed.
    """

    target: Target
    closure: tuple[Pin, ...] = ()
    offers: frozenset[Offer] = frozenset()
    accepted: tuple[Accepted, ...] = ()
    attempts: tuple[Attempt, ...] = ()
    held_back: tuple[HeldBack, ...] = ()
    obstacles: frozenset[Pin] = frozenset()
    unloadable: Mapping[tuple[Pin, str], Misfit] = field(default_factory=lambda: MappingProxyType({}))
    conflicts: frozenset[Conflict] = frozenset()
    resolver_runs: int = 0
    audits: tuple[tuple[Wheel, WheelAudit], ...] = ()
    own_findings: tuple[Finding, ...] = ()
    left_out: tuple[Pin, ...] = ()
    _chosen: Mapping[Pin, tuple[Wheel, Fits]] = MappingProxyType({})

    def __post_init__(self) -> None:
        wanted = frozenset(self.closure)
        offered = (offer for offer in self.offers if isinstance(offer, Wheel) and offer.pin in wanted)
        judged = ((wheel.pin, wheel, self.judge(wheel)) for wheel in offered)
        accepted = (item for item in self.accepted if (item.wheel.pin, item.wheel.filename) not in self.unloadable)
        found: list[tuple[Pin, Wheel, Fits]] = [(item.pin, item.wheel, item.verdict) for item in accepted]
        found += [(pin, wheel, verdict) for pin, wheel, verdict in judged if isinstance(verdict, Fits)]
        best: dict[Pin, tuple[Wheel, Fits]] = {}
        for pin, wheel, verdict in found:
            if pin not in best or preference(wheel, verdict) > preference(*best[pin]):
                best[pin] = wheel, verdict
        force_setattr(self, "_chosen", best)

    def judge(self, wheel: Wheel) -> Verdict:
        """The verdict on a wheel: by its tags, unless its files are known to contradict them."""
        return self.unloadable.get((wheel.pin, wheel.filename)) or judge(wheel, self.target)

    @property
    def chosen(self) -> tuple[tuple[Wheel, Fits], ...]:
        """The best fitting wheel of each pin that has one, in the closure's order."""
        return tuple(self._chosen[pin] for pin in self.closure if pin in self._chosen)

    @property
    def unmet(self) -> tuple[Pin, ...]:
        """The rest: pins without a fitting wheel, in the closure's order."""
        return tuple(pin for pin in self.closure if pin not in self._chosen)

    @property
    def sources(self) -> tuple[Source, ...]:
        """What the rest can be built from, one source for each pin that has any."""
        return tuple(source for pin in self.unmet if (source := self.source(pin)))

    @property
    def origins(self) -> tuple[tuple[Wheel, Offer], ...]:
        """Each chosen wheel with what it came from: itself, or the source it was built from."""
        answered = {item.wheel: item.pin for item in self.accepted if item.wheel not in self.offers}
        found = ((wheel, self.source(answered[wheel]) if wheel in answered else None) for wheel, _ in self.chosen)
        return tuple((wheel, source or wheel) for wheel, source in found)

    def versions(self, name: NormalizedName) -> Mapping[Version, tuple[tuple[Wheel, Verdict], ...]]:
        """The wheels heard of for every version of a package, each with its verdict."""
        found: dict[Version, tuple[tuple[Wheel, Verdict], ...]] = {}
        wheels = [offer for offer in self.offers if isinstance(offer, Wheel) and offer.pin.name == name]
        for wheel in sorted(wheels, key=_order):
            if wheel.pin.version is not None:
                found[wheel.pin.version] = (*found.get(wheel.pin.version, ()), (wheel, self.judge(wheel)))
        return found

    def fitting_versions(self, name: NormalizedName) -> tuple[Version, ...]:
        """The versions of a package that have a fitting wheel."""
        versions = self.versions(name).items()
        return tuple(version for version, wheels in versions if any(isinstance(verdict, Fits) for _, verdict in wheels))

    def wheels(self, pin: Pin) -> tuple[tuple[Wheel, Verdict], ...]:
        """Every wheel heard of for a pin, with its verdict, by file name."""
        return self.versions(pin.name).get(pin.version, ()) if pin.version is not None else ()

    def best(self, pin: Pin) -> Wheel | None:
        """Return the fitting wheel that would be chosen of a version, in the closure or not."""
        fitting = [(wheel, verdict) for wheel, verdict in self.wheels(pin) if isinstance(verdict, Fits)]
        return max(fitting, key=lambda item: preference(*item), default=(None,))[0]

    def source(self, pin: Pin) -> Source | None:
        """What the pin can be built from, if anything; refused sources do not count."""
        found = (offer for offer in self.offers if not isinstance(offer, Wheel) and offer.pin == pin)
        return min((source for source in found if source.refused is None), key=_order, default=None)

    def __add__(self, found: Iterable[Offer | Accepted | Attempt]) -> Stock:
        """With what was found; a file heard of before stays as it was first heard of, a failure is kept once."""
        items = tuple(found)
        known = {(offer.pin, offer.filename) for offer in self.offers}
        offers = (item for item in items if not isinstance(item, Accepted | Attempt))
        return replace(
            self,
            offers=self.offers | {offer for offer in offers if (offer.pin, offer.filename) not in known},
            accepted=self.accepted + tuple(item for item in items if isinstance(item, Accepted)),
            attempts=tuple(dict.fromkeys((*self.attempts, *(item for item in items if isinstance(item, Attempt))))),
        )


def _order(offer: Offer) -> tuple[str, str]:
    """By file name; two indexes may both have one, and a set has no order that stays."""
    return offer.filename, "" if isinstance(offer, Folder) else offer.url
