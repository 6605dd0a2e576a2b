"""Who pulled a package in: the shortest way from a requirement to it."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Self, TypeAlias

from msgspec import Struct
from msgspec.structs import replace
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name

from lambda_pack.model.packages import Checkout, Folder, Offer, Sdist, Wheel
from lambda_pack.model.requirements import Origin, Requested
from lambda_pack.model.targets import Target
from lambda_pack.model.urls import without_credentials

__all__ = ["Chain", "Dependencies", "dependencies_in", "find_chains", "headers_of", "with_names"]


class Chain(Struct, frozen=True):
    """The names from a requirement down to a package, both included, and the line that the first was written on."""

    names: tuple[NormalizedName, ...]
    origin: Origin

    def __str__(self) -> str:
        """For readers: 'requirements.txt:3: pandas → numpy'."""
        return f"{self.origin}: {' → '.join(self.names)}"


_Step: TypeAlias = tuple[NormalizedName, frozenset[str], Chain]

_INSTALLED = Origin("what is installed", 0)


class Dependencies(Struct, frozen=True):
    """What the packages of a bundle require of each other on one target.

    `lines` are the user's own requirements, each with the name of its package; `requires` is what each package of the
    bundle asks for, whatever its markers say; `extras` are those that each package is asked for with.
    """

    lines: tuple[Requested, ...]
    requires: Mapping[NormalizedName, tuple[Requirement, ...]]
    extras: Mapping[NormalizedName, frozenset[str]]
    target: Target

    @classmethod
    def read(cls, lines: Iterable[Requested], metadata: Mapping[NormalizedName, bytes], target: Target) -> Self:
        """Read the METADATA of each package.

        Every package is taken to be installed, whether or not the lines lead to it: a lock may not say where to begin.
        """
        requested = tuple(lines)
        requires = {name: dependencies_in(text) for name, text in metadata.items()}
        installed: list[_Step] = [(name, frozenset(), Chain((name,), _INSTALLED)) for name in requires]
        extras: dict[NormalizedName, frozenset[str]] = {}
        for name, asked, _ in _walk([*_starts(requested, target), *installed], requires, target):
            extras[name] = extras.get(name, frozenset()) | asked
        return cls(requested, requires, extras, target)

    def of(self, name: NormalizedName) -> tuple[Requirement, ...]:
        """Return what a package asks for on the target, with the extras that it is itself asked for with."""
        extras = self.extras.get(name, frozenset())
        return tuple(line for line in self.requires.get(name, ()) if self.target.satisfies(line.marker, extras))

    def chains(self, lines: Iterable[Requested] | None = None) -> Mapping[NormalizedName, Chain]:
        """Return the shortest chain to every package that these lines reach, by default the user's own."""
        return find_chains(self.lines if lines is None else lines, self.requires, self.target)


def headers_of(metadata: bytes) -> bytes:
    """Return the headers of a METADATA file, each in one line, without the description that follows them."""
    headers = re.split(rb"\r?\n\r?\n", metadata, maxsplit=1)[0]
    return re.sub(rb"\r?\n[ \t]+", b" ", headers)


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
    lines = tuple(requested)
    if all(line.requirement is not None or line.url is None for line in lines):
        return lines
    names = {place: offer.pin.name for offer in offers for place in _places(offer)}
    return tuple(_with_name(line, names) for line in lines)


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
    for name, _, chain in _walk(_starts(requested, target), requires, target):
        chains.setdefault(name, chain)
    return chains


def _starts(requested: Iterable[Requested], target: Target) -> Iterator[_Step]:
    for line in requested:
        if line.requirement is not None and line.name is not None and line.counts_on(target):
            yield line.name, frozenset(line.requirement.extras), Chain((line.name,), line.origin)


def _walk(
    starts: Iterable[_Step], requires: Mapping[NormalizedName, tuple[Requirement, ...]], target: Target
) -> Iterator[_Step]:
    """Walk down from the starts, nearest first; each package comes once for each set of extras it is asked for with."""
    waiting = deque(starts)
    seen: set[tuple[NormalizedName, frozenset[str]]] = set()
    while waiting:
        name, extras, chain = waiting.popleft()
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        yield name, extras, chain
        for child in requires.get(name, ()):
            if target.satisfies(child.marker, extras):
                child_name = canonicalize_name(child.name)
                below = Chain((*chain.names, child_name), chain.origin)
                waiting.append((child_name, frozenset(child.extras), below))
