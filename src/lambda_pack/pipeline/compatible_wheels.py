"""Step 3: the newest versions whose wheels fit, found by excluding from the resolver's answer what does not.

**What is known.** A version *fits* where one of its wheels does. By tags that is known of every version at once, as
soon as the indexes' lists of files are read. By contents it is known only of versions that an answer contained: their
wheels are fetched and audited beside the rest of that answer. Both kinds of knowledge only grow. A finding that other
versions of another package would mend is not a misfit but a *conflict* of a pair.

**What is asked.** The resolver is asked for a closure without a set of exclusions: versions known not to fit, and
conflicts. Each set is asked once; its answer is kept. Exclusions are made only for packages of which an answer
contained a misfit, and only where an older version that fits is left, or any where there is no source: a package that
has none is *given up*, its exclusions are dropped, and it stays in the newest version, to be built or explained
(docs/adr/0003).

**Why it ends.** An answer that respects its exclusions contains no excluded version. So each round either finds no
misfit among packages that are not given up, and ends; or excludes at least one more version or conflict; or gives a
package up. Versions, conflicts and packages are finite. Where the resolver finds no closure, the packages whose
exclusions are new are tried one at a time, on top of what is granted, and at least one of them is given up. A package
that was given up for want of a closure is reconsidered, once, when the exclusions of another one are dropped. With n
packages that have exclusions, v versions that do not fit and c conflicts, at most v + c + 4n rounds find a closure, and
at most 3n find none and take n + 2 runs each: 1 + v + c + n(3n + 10) runs of the resolver. In practice it is one for
each package, and one for each version refused by contents. A resolver that ignores an exclusion loses it: the package
is given up.

**What a round costs.** A run of the resolver, which need not ask the indexes again (see
`lambda_pack.tools.uv_resolver`), beside one download and its audit: the newest version that is left is fetched before
the resolver has chosen it, from the third one on also the next. Of the lists of files only what is new is added and
judged: all files of what is unmet, and where indexes are merged those of the versions chosen.

**What is fetched.** One version of a package at a time, so that none is fetched in vain. After the eighth that is
refused by contents, versions are passed over in growing numbers: they are excluded, too, though nothing is known of
them. As soon as an older one fits, or there is no closure, they are looked at one by one after all, so that the newest
that fits is found; where the oldest is refused, too, the package is given up, and the rest are never fetched.

**What is found.** Where nothing is given up, the answer is the one that the resolver would give if misfits were not on
the index at all: to exclude what an answer does not contain cannot change the answer of a resolver that takes the best
of what is left. Where a package is given up, its newest version is explained with what asks for it
(`lambda_pack.pipeline.explanations`). docs/adr/0008 compares this with an index that hides what does not fit.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from msgspec.structs import replace
from packaging.utils import NormalizedName
from packaging.version import Version

from lambda_pack.errors import UnmetDependencies
from lambda_pack.model.choices import AuditMode
from lambda_pack.model.exclusions import NO_EXCLUSIONS, Conflict, Exclusions
from lambda_pack.model.packages import Offer, Pin, Sdist, Wheel
from lambda_pack.model.permissions import permitted
from lambda_pack.model.requirements import Requirements
from lambda_pack.model.stock import HeldBack, Stock
from lambda_pack.model.verdicts import closest
from lambda_pack.pipeline.audits import Auditing, accept_stricter_tags, refuse_by_contents
from lambda_pack.pipeline.closure import stock_of
from lambda_pack.ports import Ports

__all__ = ["find_compatible_wheels"]

# Of a package whose contents are refused, every one of the newest versions; a download each.
_LOOKED_INTO = 8


def find_compatible_wheels(
    stock: Stock, requirements: Requirements, ports: Ports, *, may_hold_back: bool, auditing: Auditing
) -> Stock:
    """Return the stock of the newest closure whose wheels fit, with every file on offer for what is still unmet.

    With `may_hold_back` false only other wheels of the same versions are taken. A package that stays unmet is accepted
    where only its tag asks for more than its files do, else left to be built (docs/adr/0005).

    Raises:
        IndexUnavailable, IntegrityError: see the ports.
    """
    looks_inside = auditing.mode is not AuditMode.OFF
    search = _Search(stock, requirements, ports, may_hold_back=may_hold_back, looks_inside=looks_inside)
    while True:
        stock = _with_index_files(stock, requirements, ports)
        wanted = search.exclusions_for(stock)
        if wanted != search.asked:
            stock = search.resolved(stock, wanted)
            continue
        audited = refuse_by_contents(stock, ports, auditing, can_ask=search.can_ask)
        is_done = (audited.unloadable, audited.conflicts) == (stock.unloadable, stock.conflicts)
        if is_done and not search.looks_closer(stock):
            break
        stock = audited
    held_back = tuple(search.held_back(stock))
    return accept_stricter_tags(replace(audited, held_back=held_back, resolver_runs=search.runs), ports, auditing)


def _with_index_files(stock: Stock, requirements: Requirements, ports: Ports) -> Stock:
    """Return the stock with every file of what is unmet, and of the closure's versions where indexes are merged."""
    exact = {offer.pin for offer in stock.offers if _is_exact(offer)}
    pins = frozenset(pin for pin in stock.closure if pin.version is not None and pin not in exact)
    unmet = {pin.name for pin in stock.unmet if pin in pins}
    split = frozenset[NormalizedName]()
    if requirements.indexes.may_split_versions:
        # A resolver lists the files of one index, and another may have a better one of the same version.
        split = ports.index.split(pin.name for pin in pins)
    if not unmet and not split:
        return stock
    with ports.narrator.span(f"the pages of {len(unmet | split)} packages on the index"):
        listed = ports.index.files(unmet | split)
    files = (file for file in listed if file.pin.name in unmet or file.pin in pins)
    # An index lists thousands of files, and in most rounds all of them are known.
    known = {(offer.pin, offer.filename) for offer in stock.offers}
    new = [file for file in files if (file.pin, file.filename) not in known]
    return stock + permitted(new, requirements, pins=stock.closure) if new else stock


def _is_from_index(stock: Stock, pin: Pin) -> bool:
    """Whether other files may stand in: a file named by its URL, a checkout or a folder is an exact wish."""
    return pin.version is not None and not any(offer.pin == pin and _is_exact(offer) for offer in stock.offers)


def _is_exact(offer: Offer) -> bool:
    return not isinstance(offer, Wheel | Sdist) or offer.is_exact


class _Search:
    """What one search has asked and learnt. `asked` is what the closure in hand was resolved with."""

    def __init__(
        self, newest: Stock, requirements: Requirements, ports: Ports, *, may_hold_back: bool, looks_inside: bool
    ) -> None:
        """`newest` is the closure that was resolved with nothing excluded.

        `looks_inside` says that wheels are fetched and audited.
        """
        self.asked = NO_EXCLUSIONS
        self._newest = newest
        self._requirements = requirements
        self._ports = ports
        self._may_hold_back = may_hold_back
        self._looks_inside = looks_inside
        self._answers: dict[Exclusions, Stock | None] = {NO_EXCLUSIONS: newest}
        self._given_up: frozenset[NormalizedName] = frozenset()
        # Those given up because no closure was found; each is reconsidered once.
        self._refused: frozenset[NormalizedName] = frozenset()
        self._reconsidered: frozenset[NormalizedName] = frozenset()
        # Packages of which an answer contained a pre-release.
        self._young: frozenset[NormalizedName] = frozenset()
        # Packages of which no version is passed over any more.
        self._exact: frozenset[NormalizedName] = frozenset()
        self._runs = 0

    @property
    def runs(self) -> int:
        """How many times a resolver was asked, those included that were needed for the newest closure."""
        return self._newest.resolver_runs + self._runs

    def can_ask(self, stock: Stock, conflict: Conflict) -> bool:
        """Whether the resolver can be asked for a closure without this conflict, and was not asked in vain."""
        is_open = self._may_hold_back and conflict.pin.name not in self._given_up
        is_new = all((one.pin, one.requirement) != (conflict.pin, conflict.requirement) for one in self.asked.conflicts)
        return is_open and is_new and _is_from_index(stock, conflict.pin)

    def exclusions_for(self, stock: Stock) -> Exclusions:
        """Return what the resolver must not choose, by all that is known; packages without a way out are given up."""
        if not self._may_hold_back:
            return NO_EXCLUSIONS
        self._young |= {pin.name for pin in stock.closure if pin.version is not None and pin.version.is_prerelease}
        for pin in stock.unmet:
            if pin.name not in self._given_up and not self._has_way_out(stock, pin):
                self._give_up(pin.name)
        names = {pin.name for pin in stock.unmet} | self.asked.names
        names |= {conflict.pin.name for conflict in stock.conflicts}
        wanted = NO_EXCLUSIONS
        for name in names - self._given_up:
            wanted |= Exclusions(
                frozenset(self._misfits(stock, name)),
                frozenset(one for one in stock.conflicts if one.pin.name == name),
            )
        return wanted

    def resolved(self, stock: Stock, wanted: Exclusions) -> Stock:
        """Return the closure without these exclusions, or without as many of them as there is a closure for.

        What it is likely to contain is fetched while the resolver runs.
        """
        if self._looks_inside and wanted not in self._answers:
            self._ports.downloads.begin(self._likely(stock, wanted))
        found = self._answer(stock, wanted)
        if found is None:
            wanted, found = self._as_far_as_possible(stock, wanted)
        self.asked = wanted
        return _with_knowledge(found, stock)

    def held_back(self, final: Stock) -> Iterator[HeldBack]:
        """Yield each package that is older than in the newest closure, and why."""
        newest = replace(self._newest, unloadable=final.unloadable) + final.offers
        chosen = {pin.name: pin.version for pin in final.closure}
        for pin in newest.closure:
            version = chosen.get(pin.name)
            if version is not None and pin.version is not None and version < pin.version:
                yield HeldBack(pin.name, pin.version, version, self._why_held_back(newest, pin))

    def _why_held_back(self, newest: Stock, pin: Pin) -> str:
        if pin in newest.unmet:
            misfit = closest(verdict for _, verdict in newest.wheels(pin))
            return f"{pin} {misfit.detail}" if misfit else f"{pin} is only on offer as source"
        for conflict in sorted(self.asked.conflicts, key=lambda one: (one.pin.name, str(one.pin), one.requirement)):
            if conflict.pin == pin or conflict.excludes(pin):
                return f"{conflict.pin} {conflict.detail}"
        others = ", ".join(sorted(self.asked.names - {pin.name}))
        return f"{pin} does not go with what is held back: {others}"

    def _likely(self, stock: Stock, wanted: Exclusions) -> Iterator[Wheel]:
        """Yield a wheel of each package with new exclusions: of the newest version that is left, by what is known.

        Of a package that was refused twice by contents, the version after that is likely to be looked at as well.
        """
        for name in wanted.names:
            excluded = wanted.versions(name)
            if excluded != self.asked.versions(name):
                left = set(self._allowed(name, stock.fitting_versions(name))).difference(excluded)
                refused = {pin for pin, _ in stock.unloadable if pin.name == name}
                newest = sorted(left, reverse=True)[: 2 if len(refused) > 1 else 1]
                yield from filter(None, (stock.best(Pin(name, version)) for version in newest))

    def _has_way_out(self, stock: Stock, pin: Pin) -> bool:
        """Return whether a version that fits is left, by what is known, and can be asked for.

        An older one, or a newer one where there is no source: what caps the version, a release of another package,
        would have to be older, and older releases often lack a cap without working any better.
        """
        if pin.version is None or not _is_from_index(stock, pin) or pin in self.asked.pins:
            return False
        fitting = tuple(self._allowed(pin.name, stock.fitting_versions(pin.name)))
        is_older = any(version < pin.version for version in fitting)
        # What was passed over is newer than the oldest that was refused, and not known to fit.
        return is_older or (stock.source(pin) is None and bool(set(fitting) - self._passed_over(stock, pin.name)))

    def _misfits(self, stock: Stock, name: NormalizedName) -> Iterator[Pin]:
        """Yield the versions that do not fit and that the resolver might choose.

        Pre-releases that are not let in are among them: uv takes them where all other versions are excluded.
        """
        versions = {offer.pin.version for offer in stock.offers if offer.pin.name == name and offer.pin.version}
        fitting = set(self._allowed(name, stock.fitting_versions(name))) - self._passed_over(stock, name)
        variants = {Version(version.public) for version in fitting if version.local is not None}
        for version in self._requirements.allowed(name).filter(versions - fitting, prereleases=True):
            pin = Pin(name, version)
            # `!=2.8.0` keeps 2.8.0+cpu out as well, which is newer and so chosen first, unless it may not be.
            has_variant = version.local is None and version in variants
            if not has_variant or pin in stock.unmet or pin in self.asked.pins:
                yield pin

    def _passed_over(self, stock: Stock, name: NormalizedName) -> frozenset[Version]:
        """Return the versions that are excluded although nothing is known against them: each costs a download.

        After the eighth version refused by contents they are passed over in growing numbers, but never the oldest one.
        """
        refused = {pin.version for pin, _ in stock.unloadable if pin.name == name and pin.version is not None}
        if len(refused) <= _LOOKED_INTO or name in self._exact:
            return frozenset()
        fitting = sorted(self._allowed(name, stock.fitting_versions(name)), reverse=True)
        newer = [version for version in fitting if version > min(refused)]
        older = [version for version in fitting if version < min(refused)]
        return frozenset(newer + older[: min((1 << (len(refused) - _LOOKED_INTO)) - 1, len(older) - 1)])

    def looks_closer(self, stock: Stock) -> bool:
        """Return whether versions were passed over for the closure in hand; from now on they are not."""
        names = frozenset(name for name in self.asked.names if self._passed_over(stock, name))
        self._exact |= names
        return bool(names)

    def _allowed(self, name: NormalizedName, versions: Collection[Version]) -> Iterable[Version]:
        """Return those that the user's own lines allow, without pre-releases unless they are let in.

        A resolver that chose a pre-release lets them in: the user asked, or there is nothing else.
        """
        allowed = self._requirements.files.allows_prereleases(name)
        # Where nothing is said, a resolver that chose a pre-release lets them in: there is nothing else.
        is_let_in = name in self._young if allowed is None else allowed
        wanted = (version for version in versions if is_let_in or not version.is_prerelease)
        return self._requirements.allowed(name).filter(wanted, prereleases=True)

    def _as_far_as_possible(self, stock: Stock, wanted: Exclusions) -> tuple[Exclusions, Stock]:
        """Try the packages whose exclusions are new one at a time; give up those for which there is no closure.

        Where versions were passed over, there may be a closure with one of them: nothing is given up yet.
        """
        passed_over = frozenset(name for name in wanted.names if self._passed_over(stock, name))
        if passed_over:
            self._exact |= passed_over
            return self.asked, stock
        granted = NO_EXCLUSIONS
        for name in self.asked.names & wanted.names:
            granted |= self.asked.of(name)
        order = {pin.name: place for place, pin in enumerate(stock.closure)}
        new = [name for name in wanted.names if wanted.of(name) != self.asked.of(name)]
        for name in sorted(new, key=lambda one: (order.get(one, len(order)), one)):
            tried = granted | wanted.of(name)
            if self._answer(stock, tried) is None:
                granted = granted.without(name)
                self._refused |= {name}
                self._give_up(name)
            else:
                granted = tried
        found = self._answer(stock, granted)
        if found is None:
            # With more exclusions there was a closure: this resolver cannot be relied on to find one.
            self._given_up |= wanted.names
            return NO_EXCLUSIONS, self._newest
        return granted, found

    def _give_up(self, name: NormalizedName) -> None:
        is_dropped = name in self.asked.names
        again = self._refused - self._reconsidered - {name} if is_dropped else frozenset[NormalizedName]()
        self._given_up = (self._given_up - again) | {name}
        self._refused -= again
        self._reconsidered |= again

    def _answer(self, stock: Stock, exclusions: Exclusions) -> Stock | None:
        """Return the closure without these exclusions, None where there is none; the resolver runs where it is new."""
        if exclusions not in self._answers:
            # What the resolver must not see stays out, unless other versions of it are wanted.
            obstacles = frozenset(pin for pin in self._newest.obstacles if pin.name not in exclusions.names)
            self._runs += 1
            self._ports.narrator.working(f"resolver run {self.runs}: {exclusions.beyond(self.asked)}")
            try:
                with self._ports.narrator.span("the resolver, which looks for older versions"):
                    lock = self._ports.resolver.resolve(
                        stock.target, exclusions=exclusions, without=[pin.name for pin in obstacles]
                    )
            except UnmetDependencies:
                self._answers[exclusions] = None
            else:
                found = stock_of(lock, self._requirements, stock.target)
                closure = (*found.closure, *(pin for pin in self._newest.closure if pin in obstacles))
                self._answers[exclusions] = replace(found, closure=closure, obstacles=obstacles)
        return self._answers[exclusions]


def _with_knowledge(found: Stock, known: Stock) -> Stock:
    """Return a new closure with the files and verdicts that an earlier one brought."""
    kept = replace(found, attempts=known.attempts, unloadable=known.unloadable, conflicts=known.conflicts)
    return kept + known.offers
