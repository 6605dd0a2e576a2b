"""Who pulled a package in: the shortest way from a requirement to it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name

from lambda_pack.model.packages import Checkout, Folder, Offer, Sdist, Wheel
from lambda_pack.model.requirements import Origin, Requested
from lambda_pack.model.targets import Target
from lambda_pack.model.urls import without_credentials

__all__ = ["Chain", "dependencies_in", "find_chains", "with_names"]


class Chain(Struct, frozen=True):
    """The names from a requirement down to a package, both included, and the line that the first was written on."""

    names: tuple[NormalizedName, ...]
    origin: Origin

    def __str__(self) -> str:
        """For readers: 'requirements.txt:3: pandas → numpy'."""
        return f"{self.origin}: {' → '.join(self.names)}"


def dependencies_in(metadata: bytes) -> tuple[Requirement, ...]:
    """The `Requires-Dist` of a METADATA file; entries that are not requirements are passed over, as installers do."""
    from packaging.metadata import parse_email

    raw, _ = parse_email(metadata)
    found = []
    for text in raw.get("requires_dist", []):
        try:
            found.append(Requirement(text))
        except InvalidRequirement:
            continue
    return tuple(found)


def with_names(requested: Iterable[Requested], offers: Iterable[Offer]) -> tuple[Requested, ...]:
    """The lines, those without a name (`./project`) given the one of the project that was found there."""
    names = {place: offer.pin.name for offer in offers for place in _places(offer)}
    return tuple(_with_name(line, names) for line in requested)


def _places(offer: Offer) -> Iterator[str]:
    match offer:
        case Folder(path=path):
            yield Path(path).as_uri()
        case Checkout(system=system, url=url):
            yield f"{system}+{without_credentials(url)}"
        case Wheel(url=url) | Sdist(url=url):
            yield without_credentials(url)


def _with_name(line: Requested, names: Mapping[str, NormalizedName]) -> Requested:
    if line.requirement is not None or line.url is None:
        return line
    place = without_credentials(line.url)
    # A checkout's line may go on with '@' and a revision.
    name = names.get(place) or names.get(place.rpartition("@")[0])
    if name is None:
        return line
    requirement = Requirement(name)
    requirement.extras = set(line.extras)
    return replace(line, requirement=requirement)


def find_chains(
    requested: Iterable[Requested], requires: Mapping[NormalizedName, tuple[Requirement, ...]], target: Target
) -> Mapping[NormalizedName, Chain]:
    """The shortest chain to every package that the requirements reach; `requires` holds what each package asks for."""
    chains: dict[NormalizedName, Chain] = {}
    waiting: deque[tuple[NormalizedName, frozenset[str], Chain]] = deque()
    for line in requested:
        if line.requirement is not None and line.name is not None and line.counts_on(target):
            waiting.append((line.name, frozenset(line.requirement.extras), Chain((line.name,), line.origin)))
    seen: set[tuple[NormalizedName, frozenset[str]]] = set()
    while waiting:
        name, extras, chain = waiting.popleft()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        chains.setdefault(name, chain)
        for child in requires.get(name, ()):
            if target.satisfies(child.marker, extras):
                child_name = canonicalize_name(child.name)
                below = Chain((*chain.names, child_name), chain.origin)
                waiting.append((child_name, frozenset(child.extras), below))
    return chains
