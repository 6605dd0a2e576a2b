"""Step 3: a compatible wheel for the rest: another file of the version, or the newest older version that has one."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from types import MappingProxyType

from msgspec.structs import replace
from packaging.utils import NormalizedName
from packaging.version import Version

from lambda_pack.errors import UnmetDependencies
from lambda_pack.model.packages import Pin, Sdist, Wheel
from lambda_pack.model.permissions import permitted
from lambda_pack.model.requirements import Requirements
from lambda_pack.model.stock import HeldBack, Stock
from lambda_pack.model.verdicts import closest
from lambda_pack.pipeline.audits import Auditing, accept_stricter_tags, refuse_by_contents
from lambda_pack.pipeline.closure import stock_of
from lambda_pack.ports import Ports

__all__ = ["find_compatible_wheels"]

_NOTHING: Mapping[NormalizedName, Version] = MappingProxyType({})


def find_compatible_wheels(
    stock: Stock, requirements: Requirements, ports: Ports, *, may_hold_back: bool, auditing: Auditing
) -> Stock:
    """The stock with every file on offer for the rest and, where an older version fits, a closure that uses it.

    Each round holds the rest back to the newest older versions with a fitting wheel and resolves again, until nothing
    changes. Then what is chosen is audited: a wheel that will not load is one without which the rounds go on. A package
    that the requirements do not allow to be older stays as it is: to be accepted where only its tag asks for more
    than its files do, else to be built (docs/adr/0005).
    """
    newest, at_most = stock, _NOTHING
    fixed: frozenset[NormalizedName] = frozenset()
    while True:
        stock = _with_index_files(stock, requirements, ports)
        wishes = {name: version for name, version in _wishes(stock, requirements, at_most) if name not in fixed}
        if not wishes or not may_hold_back:
            audited = refuse_by_contents(stock, ports, auditing)
            if audited.chosen != stock.chosen:
                stock = audited
                continue
            vain = at_most.keys() & {pin.name for pin in audited.unmet}
            released, at_most = _released(audited, requirements, ports, at_most=at_most, names=vain)
            if released is not None:
                stock, fixed = released, fixed | vain
                continue
            known = replace(newest, unloadable=stock.unloadable) + stock.offers
            held_back = tuple(_held_back(known, stock, at_most))
            return accept_stricter_tags(replace(audited, held_back=held_back), ports, auditing)
        granted, held = _granted(stock, requirements, ports, {**at_most, **wishes})
        if granted is None:
            granted, held = _first_granted(stock, requirements, ports, at_most=at_most, wishes=wishes)
        fixed |= wishes.keys() - held.keys()
        at_most = held
        stock = stock if granted is None else granted


def _with_index_files(stock: Stock, requirements: Requirements, ports: Ports) -> Stock:
    names = [pin.name for pin in stock.unmet if _is_from_index(stock, pin)]
    if not names:
        return stock
    return stock + permitted(ports.index.files(names), requirements, pins=stock.closure)


def _is_from_index(stock: Stock, pin: Pin) -> bool:
    """Whether other files may stand in: a file named by its URL, a checkout or a folder is an exact wish."""
    own = [offer for offer in stock.offers if offer.pin == pin]
    return pin.version is not None and all(isinstance(one, Wheel | Sdist) and not one.is_exact for one in own)


def _wishes(
    stock: Stock, requirements: Requirements, at_most: Mapping[NormalizedName, Version]
) -> Iterator[tuple[NormalizedName, Version]]:
    """For each unmet package, the newest version below its pin that the user's own lines allow and that fits.

    It is below what was wished for before: a resolver may know several versions that count as that one (`2.0+cpu`
    and `2.0+cu128`), and the rounds must end.
    """
    for pin in stock.unmet:
        if pin.version is None or not _is_from_index(stock, pin):
            continue
        below = min(pin.version, at_most.get(pin.name, pin.version))
        fitting = (
            version
            for version in stock.fitting_versions(pin.name)
            if version < below
            and (not version.is_prerelease or _allows_prereleases(pin.name, pin.version, requirements))
        )
        older = sorted(requirements.allowed(pin.name).filter(fitting, prereleases=True), reverse=True)
        if older:
            yield pin.name, older[min(_stride(stock, pin.name), len(older)) - 1]


def _allows_prereleases(name: NormalizedName, chosen: Version, requirements: Requirements) -> bool:
    """Where nothing is said, a resolver that chose a pre-release lets them in: there is nothing else."""
    allowed = requirements.files.allows_prereleases(name)
    return chosen.is_prerelease if allowed is None else allowed


def _stride(stock: Stock, name: NormalizedName) -> int:
    """How many versions to go back: one, but each after the second that had to be fetched to be refused doubles it.

    A package whose binaries have needed too much for years would be fetched in every version else.
    """
    refused = len({pin for pin, _ in stock.unloadable if pin.name == name})
    return 1 << max(0, refused - 2)


def _granted(
    stock: Stock, requirements: Requirements, ports: Ports, at_most: Mapping[NormalizedName, Version]
) -> tuple[Stock | None, Mapping[NormalizedName, Version]]:
    obstacles = frozenset(pin for pin in stock.obstacles if pin.name not in at_most)
    try:
        lock = ports.resolver.resolve(stock.target, at_most=at_most, without=[pin.name for pin in obstacles])
    except UnmetDependencies:
        return None, at_most
    found = stock_of(lock, requirements, stock.target)
    closure = (*found.closure, *(pin for pin in stock.closure if pin in obstacles))
    known = replace(found, closure=closure, obstacles=obstacles, attempts=stock.attempts, unloadable=stock.unloadable)
    return known + stock.offers, at_most


def _released(
    stock: Stock,
    requirements: Requirements,
    ports: Ports,
    *,
    at_most: Mapping[NormalizedName, Version],
    names: Collection[NormalizedName],
) -> tuple[Stock | None, Mapping[NormalizedName, Version]]:
    """The closure without holding back what did not fit any better for it: an old version would only be explained."""
    if not names:
        return None, at_most
    return _granted(stock, requirements, ports, {name: at_most[name] for name in at_most.keys() - set(names)})


def _first_granted(
    stock: Stock,
    requirements: Requirements,
    ports: Ports,
    *,
    at_most: Mapping[NormalizedName, Version],
    wishes: Mapping[NormalizedName, Version],
) -> tuple[Stock | None, Mapping[NormalizedName, Version]]:
    """The wishes one at a time, each on top of those granted before it: one impossible wish must not spoil the rest."""
    granted: Stock | None = None
    for name, version in wishes.items() if len(wishes) > 1 else ():
        answer, held = _granted(granted or stock, requirements, ports, {**at_most, name: version})
        if answer is not None:
            granted, at_most = answer, held
    return granted, at_most


def _held_back(newest: Stock, final: Stock, at_most: Mapping[NormalizedName, Version]) -> Iterator[HeldBack]:
    chosen = {pin.name: pin.version for pin in final.closure}
    for pin in newest.closure:
        version = chosen.get(pin.name)
        if version is None or pin.version is None or version >= pin.version:
            continue
        if pin in newest.unmet:
            misfit = closest(verdict for _, verdict in newest.wheels(pin))
            why = f"{pin} {misfit.detail}" if misfit else f"{pin} is only on offer as source"
        else:
            others = ", ".join(sorted(at_most.keys() - {pin.name}))
            why = f"{pin} does not go with what is held back: {others}"
        yield HeldBack(pin.name, pin.version, version, why)
