"""Step 1: everything that is needed, and what to do when the resolver finds no closure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import cast

from msgspec import Struct
from msgspec.structs import replace
from packaging.pylock import Package, Pylock
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name, parse_wheel_filename
from packaging.version import Version

from lambda_pack.errors import ConflictingRequirements, IndexUnavailable, UnmetDependencies
from lambda_pack.model.chains import dependencies_in
from lambda_pack.model.forbidden import forbidden_sources
from lambda_pack.model.locks import offers_of, pins_of
from lambda_pack.model.packages import Offer, Pin, Sdist, Source, Wheel
from lambda_pack.model.permissions import permitted
from lambda_pack.model.requirements import Requirements
from lambda_pack.model.stock import Accepted, Attempt, Stock
from lambda_pack.model.targets import Target
from lambda_pack.model.urls import without_credentials
from lambda_pack.model.verdicts import Fits, judge
from lambda_pack.ports import Index, Ports

__all__ = ["resolve_everything", "stock_of"]


def resolve_everything(requirements: Requirements, target: Target, ports: Ports) -> Stock:
    """The closure and its files.

    Where the resolver finds none, the packages that stand in its way are looked for, left out, and come back as unmet
    pins: the rest is still decided, and each of them gets its own explanation.

    Raises:
        UnmetDependencies: the requirements contradict each other.
    """
    try:
        with ports.narrator.span(f"the resolver, which asks {_asked(requirements)}"):
            lock = ports.resolver.resolve(target)
    except UnmetDependencies as refusal:
        return _without_obstacles(requirements, target, ports, refusal)
    return replace(stock_of(lock, requirements, target), resolver_runs=1)


def _asked(requirements: Requirements) -> str:
    """Return the hosts of the indexes, for people; no login is in them."""
    indexes = requirements.indexes
    named = [re.split(r"[/?#]", without_credentials(url).partition("://")[2])[0] for url in indexes.urls]
    own = [] if indexes.index_url or indexes.no_index else ["the public index"]
    return ", ".join(dict.fromkeys([*own, *filter(None, named)])) or "no index"


def stock_of(lock: Pylock, requirements: Requirements, target: Target) -> Stock:
    """The lock's packages for the target, with the files it knows; and what no resolver was allowed to see."""
    forbidden = forbidden_sources(requirements)
    names = {source.pin.name for source in forbidden}
    packages = [package for package in pins_of(lock, target) if package.name not in names]
    found = (offer for package in packages for offer in offers_of(package, requirements.folder))
    offers = (*(_as_promised(offer, requirements) for offer in found), *forbidden)
    closure = [Pin(package.name, package.version or _version_of(package)) for package in packages]
    closure += [source.pin for source in forbidden]
    wanted = tuple(pin for pin in closure if requirements.packs(pin.name))
    left_out = tuple(pin for pin in closure if pin.name in requirements.left_out)
    return Stock(target, wanted, frozenset(permitted(offers, requirements)), left_out=left_out)


def _as_promised(offer: Offer, requirements: Requirements) -> Offer:
    """A file named by URL, with the user's own hashes only: a resolver fills in those of what it was sent itself."""
    if isinstance(offer, Wheel | Sdist) and offer.is_exact and requirements.requested:
        return replace(offer, hashes=requirements.hashes(offer.pin.name))
    return offer


def _version_of(package: Package) -> Version | None:
    """A lock may leave a version to the names of the wheels (PEP 751); a folder's or checkout's is not known yet."""
    return next((parse_wheel_filename(wheel.filename)[1] for wheel in package.wheels or ()), None)


def _without_obstacles(requirements: Requirements, target: Target, ports: Ports, refusal: UnmetDependencies) -> Stock:
    obstacles: dict[Pin, tuple[Offer, ...]] = {}
    failures: tuple[Attempt, ...] = ()
    lock, latest, runs = None, refusal, 1
    while lock is None:
        # Each turn leaves at least one more package out.
        found, failed = _obstacles(latest, requirements, target, ports)
        if not found.keys() - obstacles.keys():
            raise _with_lines(refusal, requirements)
        obstacles, failures = {**found, **obstacles}, (*failures, *failed)
        runs += 1
        try:
            lock = ports.resolver.resolve(target, without=[pin.name for pin in obstacles])
        except UnmetDependencies as again:
            latest = again
    stock = stock_of(lock, requirements, target)
    offers = tuple(offer for found in obstacles.values() for offer in found)
    closure = (*stock.closure, *(pin for pin in obstacles if requirements.packs(pin.name)))
    return replace(stock, closure=closure, obstacles=frozenset(obstacles), resolver_runs=runs) + offers + failures


def _with_lines(refusal: UnmetDependencies, requirements: Requirements) -> UnmetDependencies:
    """Return the refusal with the user's own lines that the end of its log is about, and where they stand."""
    # pip tells before what it has looked at; these two lines come by two streams, in either order.
    begins = [place for line in ("Cannot install ", "The conflict is caused") if (place := refusal.log.find(line)) >= 0]
    log = refusal.log[min(begins, default=0) :]
    written = (*requirements.requested, *requirements.constraints)
    named = [line for line in written if line.name and re.search(_spelled(line.name), log, re.IGNORECASE)]
    if not named or refusal.missing or refusal.sources is not None:
        return refusal
    lines = tuple(dict.fromkeys((str(line), str(line.origin)) for line in named))
    return ConflictingRequirements(str(refusal), log=refusal.log, lines=lines)


def _spelled(name: NormalizedName) -> str:
    return rf"(?<![\w.-]){'[-_.]+'.join(map(re.escape, name.split('-')))}(?![\w-])"


def _obstacles(
    refusal: UnmetDependencies, requirements: Requirements, target: Target, ports: Ports
) -> tuple[Mapping[Pin, tuple[Offer, ...]], tuple[Attempt, ...]]:
    """What stands in the way, with its files, and what went wrong when it was built."""
    if refusal.failed:
        builds = cast("Sequence[tuple[Source, Sequence[Attempt]]]", refusal.failed)
        found = {source.pin: _files_of(source, requirements, ports.index) for source, _ in builds}
        return found, tuple(attempt for _, attempts in builds for attempt in attempts)
    leads = tuple(_leads(requirements, target, ports.index))
    obstacles = {lead.pin: lead.offers for lead in leads if not lead.is_usable}
    ports.narrator.note(f"no closure; in the way: {', '.join(map(str, obstacles)) or 'nothing that can be named yet'}")
    failures: tuple[Attempt, ...] = ()
    if not obstacles and refusal.sources is not None:
        # The resolver asks an sdist for its metadata by running its build backend: that too can fail.
        built = ports.builder.build([lead.source for lead in leads if lead.source], target, compiler=True)
        failures = tuple(outcome for outcome in built if not isinstance(outcome, Accepted))
        # What failed in one place may have been built in another.
        failed = {failure.pin for failure in failures} - {one.pin for one in built if isinstance(one, Accepted)}
        obstacles = {lead.pin: lead.offers for lead in leads if lead.pin in failed}
    return obstacles, failures


def _files_of(source: Source, requirements: Requirements, index: Index) -> tuple[Offer, ...]:
    """The source, and every other file of its version where an index has it: each gets its own explanation."""
    if not isinstance(source, Sdist) or source.is_exact:
        return (source,)
    listed = permitted(index.files([source.pin.name]), requirements, pins=[source.pin])
    return tuple(offer for offer in listed if offer.pin == source.pin) or (source,)


class _Lead(Struct, frozen=True):
    """A package met on the way down: the newest version asked for, and whether anything of it can be used."""

    pin: Pin
    offers: tuple[Offer, ...]
    is_usable: bool

    @property
    def source(self) -> Sdist | None:
        """What the newest version would be built from, where it has no other usable file."""
        usable = [offer for offer in self.offers if offer.pin == self.pin and offer.refused is None]
        if any(isinstance(offer, Wheel) for offer in usable):
            return None
        return next((offer for offer in usable if isinstance(offer, Sdist)), None)


def _leads(requirements: Requirements, target: Target, index: Index) -> Iterator[_Lead]:
    """Walk from the requirements down through the metadata of the newest versions, level by level."""
    level = _direct(requirements)
    seen: set[NormalizedName] = set()
    while level:
        names = [name for name in level if name not in seen and not requirements.is_local(name)]
        seen.update(names)
        offers = permitted(index.files(names), requirements)
        leads = [_lead(name, level[name], offers, target) for name in names]
        yield from leads
        level = _below(leads, target, index)


def _direct(requirements: Requirements) -> dict[NormalizedName, SpecifierSet]:
    """The names asked for by version, and what the user's lines allow of each."""
    asked = (line for line in requirements.requested if line.requirement is not None and line.requirement.url is None)
    return {line.name: requirements.allowed(line.name) for line in asked if line.name is not None}


def _lead(name: NormalizedName, allowed: SpecifierSet, offers: Iterable[Offer], target: Target) -> _Lead:
    own = tuple(offer for offer in offers if offer.pin.name == name)
    within = list(allowed.filter({offer.pin.version for offer in own if offer.pin.version is not None}))
    kept = tuple(offer for offer in own if offer.pin.version in within)
    newest: Version | None = max(within, default=None)
    return _Lead(Pin(name, newest), kept or own, any(_is_usable(offer, target) for offer in kept))


def _is_usable(offer: Offer, target: Target) -> bool:
    match offer:
        case Wheel():
            return isinstance(judge(offer, target), Fits)
        case Sdist():
            return offer.refused is None and target.runtime.admits(offer.requires_python)
        case _:
            return True


def _below(leads: list[_Lead], target: Target, index: Index) -> dict[NormalizedName, SpecifierSet]:
    """What the newest wheels ask for. Any version may do: an older parent may ask for less."""
    wheels = [wheel for lead in leads if (wheel := _readable(lead, target)) is not None]
    try:
        texts: Mapping[Wheel, bytes] = index.metadata(wheels)
    except IndexUnavailable:
        # Only an explanation would be lost.
        return {}
    children: list[Requirement] = [child for text in texts.values() for child in dependencies_in(text)]
    return {canonicalize_name(child.name): SpecifierSet() for child in children if target.satisfies(child.marker)}


def _readable(lead: _Lead, target: Target) -> Wheel | None:
    wheels = [offer for offer in lead.offers if isinstance(offer, Wheel) and _is_usable(offer, target)]
    return max(wheels, key=lambda wheel: wheel.pin.version or Version("0"), default=None)
