"""What a lock file says, in one form for every format; its files may have no URL yet."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Literal, cast

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

__all__ = ["Dependency", "Locked", "LockedPackage", "conflict_name", "needed"]


class Dependency(Struct, frozen=True):
    """What a package of a lock asks for.

    `source` names the source of the package that is meant, where a lock has one version from several sources; None
    where the requirement alone says it. `extra` is the extra of its parent that asks for it, if one does.
    """

    requirement: Requirement
    source: str | None = None
    extra: str | None = None


class LockedPackage(Struct, frozen=True):
    """One package of a lock.

    Files in `package` that have neither URL nor path are on `package.index`, or where no index is named on those of
    the user's settings; `hashes` are those of files whose very names the lock leaves out. `requires` is what it asks
    for, where the lock says that. A virtual one has no files ever: only what it requires counts. `source` is what
    dependencies name it by, besides name and version.
    """

    package: Package
    hashes: Hashes = ()
    requires: tuple[Dependency, ...] = ()
    is_virtual: bool = False
    source: str | None = None


class Locked(Struct, frozen=True):
    """A lock, for one selection of groups and extras.

    A package counts where its marker holds for `extras` and `groups`. With `is_graph` it must also be reached from
    `start` (by default the `roots`, the direct dependencies) along what the packages require; otherwise the roots only
    explain who wanted what. Projects in `own` are the user's, started from and not packed because they ask for extras
    of themselves. `conflicts` are the sets of extras, groups and projects of which one at most may be active, as
    `conflict_name` and the markers of such a lock have them.
    """

    packages: tuple[LockedPackage, ...]
    roots: tuple[Requested, ...] = ()
    is_graph: bool = False
    extras: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    environments: tuple[Marker, ...] = ()
    requires_python: SpecifierSet | None = None
    start: tuple[Dependency, ...] | None = None
    own: frozenset[NormalizedName] = frozenset()
    conflicts: tuple[frozenset[str], ...] = ()

    @property
    def entry(self) -> tuple[Dependency, ...]:
        """The dependencies that a graph is entered by."""
        if self.start is not None:
            return self.start
        return tuple(Dependency(root.requirement) for root in self.roots if root.requirement is not None)

    def requires_of(self, target: Target) -> Mapping[NormalizedName, tuple[Requirement, ...]]:
        """Return what each package needed on the target asks for; empty where the lock does not say.

        Conditions on conflicting extras are decided here: only the lock knows what their names mean.
        """
        active = _Graph.of(self, target).active if self.conflicts else self.extras
        return {
            locked.package.name: tuple(_explained(locked, target, self, active))
            for locked in needed(self, target)
            if locked.requires
        }


def conflict_name(kind: Literal["extra", "group", "project"], package: str, name: str = "") -> str:
    """Return the name that uv gives to a package's extra or group, or to a project, in the markers of a lock.

    Fact: `universal_marker.rs` of uv 0.13.

    >>> conflict_name("extra", "lib", "old")
    'extra-3-lib-old'
    """
    return "-".join(filter(None, (kind, str(len(package)), package, name)))


def needed(lock: Locked, target: Target) -> tuple[LockedPackage, ...]:
    """The packages of a lock that the target needs, in the lock's order.

    Raises:
        UsageError: the lock does not have what its own direct dependencies ask for, or extras that exclude each other
            are wanted together.
    """
    if not lock.is_graph:
        return tuple(one for one in lock.packages if _holds(one.package.marker, target, lock) and not one.is_virtual)
    graph = _Graph.of(lock, target)
    # With `--only-group` uv counts no project as wanted, whatever the group asks for (`detect_conflicts` of uv 0.13).
    has_main = any(name.startswith("project-") for name in lock.extras)
    reached = {conflict_name("project", lock.packages[position].package.name) for position in graph.reached}
    _check_conflicts(lock, graph.active | (reached if has_main else frozenset()))
    if graph.missing:
        raise UsageError(f"the lock has no package for {', '.join(map(repr, graph.missing))}; lock again")
    return tuple(one for position, one in enumerate(lock.packages) if position in graph.reached and not one.is_virtual)


class _Graph(Struct, frozen=True):
    """What the start of a lock leads to on a target: positions of packages, active extras, and what is not there."""

    reached: frozenset[int]
    active: frozenset[str]
    missing: tuple[str, ...]

    @classmethod
    def of(cls, lock: Locked, target: Target) -> _Graph:
        """Follow the dependencies.

        A marker may ask whether an extra that conflicts with another is active anywhere, also one that a package far
        away asks for. So whenever a dependency brings such an extra, everything is followed again with it, until no
        more come; uv's `installable.rs` does so in two passes. There are at most as many rounds as names in conflict.
        """
        in_conflict = frozenset(name for names in lock.conflicts for name in names)
        active = lock.extras
        while True:
            reached: set[int] = set()
            missing: dict[str, None] = {}
            found = frozenset[str]()
            for position, brought in _steps(lock, target, active, missing):
                found = (brought & in_conflict) - active
                if found:
                    break
                if position is not None:
                    reached.add(position)
            if not found:
                return cls(frozenset(reached), active, tuple(missing))
            active |= found


def _steps(
    lock: Locked, target: Target, active: frozenset[str], missing: dict[str, None]
) -> Iterator[tuple[int | None, frozenset[str]]]:
    """Yield each package that is reached, with the conflict names of the extras it is asked for with.

    The position is None where only extras of the user's own project are asked for. Names of packages that are not
    there are added to `missing`.
    """
    by_name: dict[NormalizedName, list[int]] = {}
    for position, locked in enumerate(lock.packages):
        if _holds(locked.package.marker, target, lock):
            by_name.setdefault(locked.package.name, []).append(position)
    waiting: deque[tuple[int | None, Dependency]] = deque(
        (None, one) for one in lock.entry if _applies(one, target, lock, active)
    )
    seen: set[tuple[int, frozenset[str]]] = set()
    while waiting:
        parent, wanted = waiting.popleft()
        name, extras = canonicalize_name(wanted.requirement.name), frozenset(wanted.requirement.extras)
        found = _position(wanted, by_name.get(name, ()), lock.packages)
        if found is None:
            missing[str(wanted.requirement)] = None
            continue
        is_itself = found == parent or (parent is None and name in lock.own)
        yield None if is_itself else found, frozenset(conflict_name("extra", name, extra) for extra in extras)
        if (found, extras) not in seen:
            seen.add((found, extras))
            children = lock.packages[found].requires
            waiting.extend((found, child) for child in children if _applies(child, target, lock, active, extras))


def _check_conflicts(lock: Locked, active: frozenset[str]) -> None:
    for names in lock.conflicts:
        together = sorted(names & active)
        if len(together) > 1:
            listed = " and ".join(map(repr, map(_spelled, together)))
            raise UsageError(f"{listed} exclude each other in the lock's conflicts; choose one of them")


def _spelled(name: str) -> str:
    """Return what a conflict name stands for, for readers.

    >>> _spelled("extra-3-lib-old"), _spelled("group-3-app-dev"), _spelled("project-3-app")
    ('lib[old]', 'app:dev', 'app')
    """
    kind, length, rest = name.split("-", 2)
    package, below = rest[: int(length)], rest[int(length) + 1 :]
    return {"extra": f"{package}[{below}]", "group": f"{package}:{below}"}.get(kind, package)


def _position(wanted: Dependency, positions: Iterable[int], packages: Sequence[LockedPackage]) -> int | None:
    """The package that answers: of several versions the one that the specifier allows, from the source that is said."""
    for position in positions:
        locked = packages[position]
        version = locked.package.version
        if wanted.source is not None and wanted.source != locked.source:
            continue
        # A folder's or a checkout's version is what its backend will say.
        if version is None or wanted.requirement.specifier.contains(version, prereleases=True):
            return position
    return None


def _explained(locked: LockedPackage, target: Target, lock: Locked, active: frozenset[str]) -> Iterator[Requirement]:
    for one in locked.requires:
        extras = frozenset([one.extra] if one.extra else [])
        if not lock.conflicts:
            yield _under(one.requirement, one.requirement.marker, one.extra)
        elif _applies(one, target, lock, active, extras):
            yield _under(one.requirement, None, one.extra)


def _under(requirement: Requirement, marker: Marker | None, extra: str | None) -> Requirement:
    said = [f"({marker})"] if marker else []
    said += [f'extra == "{extra}"'] if extra else []
    copy = Requirement(str(requirement))
    copy.marker = Marker(" and ".join(said)) if said else None
    return copy


def _applies(
    dependency: Dependency,
    target: Target,
    lock: Locked,
    active: frozenset[str],
    extras: AbstractSet[str] = frozenset(),
) -> bool:
    """Whether a dependency counts, of a package that was asked for with `extras`.

    The extras that it asks for itself are active in its own marker: uv writes `lib[old]; extra == 'extra-3-lib-old'`.
    """
    if dependency.extra is not None and dependency.extra not in extras:
        return False
    wanted = dependency.requirement
    name = canonicalize_name(wanted.name)
    own = {conflict_name("extra", name, extra) for extra in wanted.extras}
    return _holds(wanted.marker, target, lock, active | extras | own)


def _holds(marker: Marker | None, target: Target, lock: Locked, extras: AbstractSet[str] = frozenset()) -> bool:
    """Whether a marker holds on the target; `extras` are active besides those of the lock."""
    if marker is None:
        return True
    environment: dict[str, str | AbstractSet[str]] = dict(cast("dict[str, str]", target.environment))
    wanted = lock.extras | extras
    # Locks of other tools say `extra`, PEP 751 says `extras`; several may be wanted at once.
    environment |= {"extra": wanted, "extras": wanted, "dependency_groups": lock.groups}
    return marker.evaluate(environment, context="lock_file")
