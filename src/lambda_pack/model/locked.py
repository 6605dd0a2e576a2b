"""What a lock file says, in one form for every format; its files may have no URL yet."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import cast

from msgspec import Struct
from packaging.markers import Marker
from packaging.pylock import Package
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name

from lambda_pack.errors import UsageError
from lambda_pack.model.packages import Hashes
from lambda_pack.model.requirements import Requested
from lambda_pack.model.targets import Target

__all__ = ["Locked", "LockedPackage", "needed"]


class LockedPackage(Struct, frozen=True):
    """One package of a lock.

    Files in `package` that have neither URL nor path are on `package.index`, or where no index is named on those of
    the user's settings; `hashes` are those of files whose very names the lock leaves out. `requires` is what it asks
    for, where the lock says that. A virtual one has no files ever: only what it requires counts.
    """

    package: Package
    hashes: Hashes = ()
    requires: tuple[Requirement, ...] = ()
    is_virtual: bool = False


class Locked(Struct, frozen=True):
    """A lock, for one selection of groups and extras.

    A package counts where its marker holds for `extras` and `groups`. With `is_graph` it must also be reached from
    `roots`, the direct dependencies, along what the packages require; otherwise the roots only explain who wanted what.
    """

    packages: tuple[LockedPackage, ...]
    roots: tuple[Requested, ...] = ()
    is_graph: bool = False
    extras: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    environments: tuple[Marker, ...] = ()
    requires_python: SpecifierSet | None = None

    def requires_of(self, target: Target) -> Mapping[NormalizedName, tuple[Requirement, ...]]:
        """What each package needed on the target asks for; empty where the lock does not say."""
        return {locked.package.name: locked.requires for locked in needed(self, target) if locked.requires}


def needed(lock: Locked, target: Target) -> tuple[LockedPackage, ...]:
    """The packages of a lock that the target needs, in the lock's order.

    Raises:
        UsageError: the lock does not have what its own direct dependencies ask for.
    """
    counting = [locked for locked in lock.packages if _holds(locked.package.marker, target, lock)]
    reached = frozenset(_reached(lock, counting, target) if lock.is_graph else range(len(counting)))
    chosen = (locked for position, locked in enumerate(counting) if position in reached)
    return tuple(locked for locked in chosen if not locked.is_virtual)


def _reached(lock: Locked, counting: list[LockedPackage], target: Target) -> Iterator[int]:
    """The positions of what the roots lead to."""
    by_name: dict[NormalizedName, list[int]] = {}
    for position, locked in enumerate(counting):
        by_name.setdefault(locked.package.name, []).append(position)
    roots = (root.requirement for root in lock.roots if root.requirement is not None)
    waiting = deque(root for root in roots if _holds(root.marker, target, lock))
    seen: set[tuple[int, frozenset[str]]] = set()
    missing: dict[str, None] = {}
    while waiting:
        wanted = waiting.popleft()
        found = _position(wanted, by_name.get(canonicalize_name(wanted.name), ()), counting)
        if found is None:
            missing[str(wanted)] = None
            continue
        extras = frozenset(wanted.extras)
        if (found, extras) in seen:
            continue
        seen.add((found, extras))
        yield found
        children = counting[found].requires
        waiting.extend(child for child in children if _holds(child.marker, target, lock, extras))
    if missing:
        raise UsageError(f"the lock has no package for {', '.join(map(repr, missing))}; lock again")


def _position(wanted: Requirement, positions: Iterable[int], counting: list[LockedPackage]) -> int | None:
    """The package that answers: of several versions the one that the specifier allows."""
    for position in positions:
        version = counting[position].package.version
        # A folder's or a checkout's version is what its backend will say.
        if version is None or wanted.specifier.contains(version, prereleases=True):
            return position
    return None


def _holds(marker: Marker | None, target: Target, lock: Locked, extras: frozenset[str] = frozenset()) -> bool:
    """Whether a marker holds on the target; `extras` are those that the parent was asked for with."""
    if marker is None:
        return True
    environment: dict[str, str | AbstractSet[str]] = dict(cast("dict[str, str]", target.environment))
    wanted = lock.extras | extras
    # Locks of other tools say `extra`, PEP 751 says `extras`; several may be wanted at once.
    environment |= {"extra": wanted, "extras": wanted, "dependency_groups": lock.groups}
    return marker.evaluate(environment, context="lock_file")
