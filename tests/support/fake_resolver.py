"""A small honest resolver: newest first, backtracking, markers evaluated for the target."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from packaging.pylock import Package, PackageArchive, PackageDirectory, PackageSdist, PackageVcs, PackageWheel, Pylock
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from lambda_pack.errors import UnmetDependencies
from lambda_pack.model.chains import active
from lambda_pack.model.requirements import Requested, Requirements
from lambda_pack.model.targets import Target
from tests.support.fakes import INDEX, Release, Shelf

__all__ = ["Direct", "FakeResolver"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Direct:
    """What a requirement points at: an archive, with `commit` a checkout, or a folder where `url` is one's `file:`.

    `sha256` is None where nobody promised it.
    """

    url: str
    name: str
    version: str | None = None
    requires: tuple[str, ...] = ()
    commit: str | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class _Candidate:
    """One version that may be chosen, and what it asks for."""

    version: Version | None
    package: Package
    requires: tuple[Requirement, ...]


@dataclass(frozen=True, slots=True)
class _State:
    """A search so far: what is chosen, what is asked of each name, and which requirements are still to look at."""

    waiting: tuple[Requirement, ...]
    chosen: Mapping[NormalizedName, _Candidate]
    limits: Mapping[NormalizedName, SpecifierSet]


@dataclass(frozen=True, slots=True)
class FakeResolver:
    """Resolves the requirements over a shelf, as uv would at its newest platform.

    A version counts where one of its files might do there. With `hides_misfits` it lists, as uv does for a platform,
    only the wheels that would do; else every file of the version.
    """

    requirements: Requirements
    shelf: Shelf
    directs: tuple[Direct, ...] = ()
    hides_misfits: bool = False

    def resolve(
        self, target: Target, *, at_most: Mapping[NormalizedName, Version], without: Collection[NormalizedName] = ()
    ) -> Pylock:
        limits = {name: SpecifierSet(f"<={version.public}") for name, version in at_most.items()}
        for line in self.requirements.constraints:
            if line.requirement is not None and line.name is not None:
                limits[line.name] = limits.get(line.name, SpecifierSet()) & line.requirement.specifier
        asked = tuple(self._asked(line) for line in self.requirements.requested)
        found = self._solved(_State(asked, {}, limits), target, frozenset(without))
        if found is None:
            raise UnmetDependencies("no set of versions satisfies the requirements")
        packages = [found[name].package for name in sorted(found)]
        return Pylock(lock_version=Version("1.0"), created_by="a fake", packages=packages)

    def _asked(self, line: Requested) -> Requirement:
        if line.requirement is not None:
            return line.requirement
        row = self._direct(line.url or "")
        marker = f" ; {line.marker}" if line.marker else ""
        return Requirement(f"{row.name}[{','.join(sorted(line.extras))}] @ {row.url}{marker}")

    def _direct(self, url: str) -> Direct:
        return next(row for row in self.directs if row.url == url.partition("#")[0])

    def _solved(
        self, state: _State, target: Target, without: Collection[NormalizedName]
    ) -> Mapping[NormalizedName, _Candidate] | None:
        if not state.waiting:
            return state.chosen
        first, rest = state.waiting[0], state.waiting[1:]
        name = canonicalize_name(first.name)
        # `extra` in a marker was settled when the requirement was queued.
        if name in without:
            return self._solved(replace(state, waiting=rest), target, without)
        limits = {**state.limits, name: state.limits.get(name, SpecifierSet()) & first.specifier}
        if name in state.chosen:
            options = [state.chosen[name]]
            options = [one for one in options if one.version is None or limits[name].contains(one.version, True)]  # noqa: FBT003  # packaging names it so
        else:
            options = list(self._candidates(first, limits[name], target))
        for option in options:
            waiting = (*rest, *(one for one in option.requires if active(one, target, first.extras)))
            if name in state.chosen:
                waiting = (*rest, *(one for one in waiting[len(rest) :] if _is_of_extra(one, target)))
            below = _State(waiting, {**state.chosen, name: option}, limits)
            found = self._solved(below, target, without)
            if found is not None:
                return found
        return None
