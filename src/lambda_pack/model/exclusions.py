"""What a resolver must not choose, beyond what the requirements say: versions, and pairs of versions."""

from __future__ import annotations

from msgspec import Struct
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from lambda_pack.model.packages import Pin

__all__ = ["NO_EXCLUSIONS", "Conflict", "Exclusions"]


class Conflict(Struct, frozen=True):
    """A version that works only beside versions of another package that meet a requirement.

    A resolver treats the requirement as if the version had declared it. `requirement` is a line such as 'numpy<2';
    `detail` says why, in words that follow the pin ('was compiled for numpy 1, …'). `metadata` is the METADATA of the
    version's wheel: uv replaces what a version declares as a whole.
    """

    pin: Pin
    requirement: str
    detail: str
    metadata: bytes = b""

    def excludes(self, pin: Pin) -> bool:
        """Return whether the pin is a version of the other package that does not meet the requirement."""
        requirement = Requirement(self.requirement)
        is_other = canonicalize_name(requirement.name) == pin.name and pin.version is not None
        return is_other and not requirement.specifier.contains(str(pin.version), prereleases=True)


class Exclusions(Struct, frozen=True):
    """Versions that must not be chosen, and versions that may be chosen only beside certain others.

    Two equal values are one question to a resolver, so that its answer can be kept.
    """

    pins: frozenset[Pin] = frozenset()
    conflicts: frozenset[Conflict] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.pins or self.conflicts)

    @property
    def names(self) -> frozenset[NormalizedName]:
        """The packages that have an exclusion."""
        return frozenset(one.name for one in self.pins) | frozenset(one.pin.name for one in self.conflicts)

    def versions(self, name: NormalizedName) -> tuple[Version, ...]:
        """The versions of a package that must not be chosen, the newest first."""
        found = (pin.version for pin in self.pins if pin.name == name and pin.version is not None)
        return tuple(sorted(found, reverse=True))

    def of(self, name: NormalizedName) -> Exclusions:
        """Only those of one package."""
        return Exclusions(
            frozenset(pin for pin in self.pins if pin.name == name),
            frozenset(one for one in self.conflicts if one.pin.name == name),
        )

    def without(self, name: NormalizedName) -> Exclusions:
        """All but those of one package."""
        own = self.of(name)
        return Exclusions(self.pins - own.pins, self.conflicts - own.conflicts)

    def beyond(self, before: Exclusions) -> str:
        """Say on one line what was not excluded before: the newest version of each package, and how many more.

        >>> Exclusions(frozenset({Pin.parse("numpy", "2.4"), Pin.parse("numpy", "2.3")})).beyond(NO_EXCLUSIONS)
        'without numpy 2.4 (and 1 more)'
        """
        new = Exclusions(self.pins - before.pins, self.conflicts - before.conflicts)
        parts = []
        for name in sorted(new.names):
            versions = new.versions(name)
            more = f" (and {len(versions) - 1} more)" if len(versions) > 1 else ""
            parts += [f"{name} {versions[0]}{more}"] if versions else []
            parts += sorted(f"{one.pin} beside anything but {one.requirement}" for one in new.of(name).conflicts)
        return f"without {', '.join(parts)}" if parts else "with fewer exclusions"

    def __or__(self, other: Exclusions) -> Exclusions:
        return Exclusions(self.pins | other.pins, self.conflicts | other.conflicts)


NO_EXCLUSIONS = Exclusions()
"""What the first run of a resolver is asked with."""
