"""Who pulled a package in: the shortest way from a requirement to it."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name

from lambda_pack.model.requirements import Origin, Requested
from lambda_pack.model.targets import Target

__all__ = ["Chain", "dependencies_in", "find_chains"]


@dataclass(frozen=True, slots=True)
class Chain:
    """The names from a requirement down to a package, both included, and the line that the first was written on."""

    names: tuple[NormalizedName, ...]
    origin: Origin

    def __str__(self) -> str:
        """For readers: 'requirements.txt:3: pandas → numpy'."""
        return f"{self.origin}: {' → '.join(self.names)}"


def dependencies_in(metadata: bytes) -> tuple[Requirement, ...]:
    """The `Requires-Dist` of a METADATA file; entries that are not requirements are passed over, as installers do."""
    from packaging.metadata import parse_email  # noqa: PLC0415  # start-up stays light

    raw, _ = parse_email(metadata)
    found = []
    for text in raw.get("requires_dist", []):
        try:
            found.append(Requirement(text))
        except InvalidRequirement:
            continue
    return tuple(found)


def find_chains(
    requested: Iterable[Requested], requires: Mapping[NormalizedName, tuple[Requirement, ...]], target: Target
) -> Mapping[NormalizedName, Chain]:
    """The shortest chain to every package that the requirements reach; `requires` holds what each package asks for."""
    chains: dict[NormalizedName, Chain] = {}
    waiting: deque[tuple[NormalizedName, frozenset[str], Chain]] = deque()
    for line in requested:
        if line.requirement is not None and line.name is not None and target.satisfies(line.requirement.marker):
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
