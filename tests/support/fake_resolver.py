"""A small honest resolver: newest first, backtracking, markers evaluated for the target."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from urllib.parse import urlsplit
from urllib.request import url2pathname

from msgspec import Struct, field
from msgspec.structs import replace
from packaging.pylock import Package, PackageArchive, PackageDirectory, PackageSdist, PackageVcs, PackageWheel, Pylock
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from lambda_pack.errors import UnmetDependencies
from lambda_pack.model.exclusions import NO_EXCLUSIONS, Exclusions
from lambda_pack.model.packages import Pin, Sdist
from lambda_pack.model.requirements import Requested, Requirements
from lambda_pack.model.targets import Target
from lambda_pack.model.verdicts import Fits, judge
from tests.support.fakes import INDEX, Release, Shelf

__all__ = ["Direct", "FakeResolver"]

# As `lambda_pack.tools.uv_resolver` asks uv to see it.
_NEWEST_GLIBC = (2, 40)


class Direct(Struct, frozen=True, kw_only=True):
    """What a requirement points at: an archive, with `commit` a checkout, or a folder where `url` is one's `file:`.

    `sha256` is None where nobody promised it.
    """

    url: str
    name: str
    version: str | None = None
    requires: tuple[str, ...] = ()
    commit: str | None = None
    sha256: str | None = None


class _Candidate(Struct, frozen=True):
    """One version that may be chosen, and what it asks for."""

    version: Version | None
    package: Package
    requires: tuple[Requirement, ...]


class _State(Struct, frozen=True):
    """A search so far: which requirements are still to look at, what was looked at, is chosen, and is asked of each.

    The markers of `waiting` are settled already.
    """

    waiting: tuple[Requirement, ...]
    limits: Mapping[NormalizedName, SpecifierSet]
    chosen: Mapping[NormalizedName, _Candidate] = field(default_factory=dict)
    seen: frozenset[tuple[NormalizedName, frozenset[str]]] = frozenset()


class FakeResolver(Struct, frozen=True):
    """Resolves the requirements over a shelf, as uv would at its newest platform.

    A version counts where one of its files might do there. With `hides_misfits` it lists, as uv does for a platform,
    only the wheels that would do; else every file of the version.
    """

    requirements: Requirements
    shelf: Shelf
    directs: tuple[Direct, ...] = ()
    hides_misfits: bool = False

    def resolve(
        self, target: Target, *, exclusions: Exclusions = NO_EXCLUSIONS, without: Collection[NormalizedName] = ()
    ) -> Pylock:
        limits = {
            name: SpecifierSet(",".join(f"!={version}" for version in exclusions.versions(name)))
            for name in exclusions.names
        }
        for line in self.requirements.constraints:
            if line.requirement is not None and line.name is not None and target.satisfies(line.requirement.marker):
                limits[line.name] = limits.get(line.name, SpecifierSet()) & line.requirement.specifier
        asked = map(self._asked, self.requirements.requested)
        state = _State(tuple(one for one in asked if target.satisfies(one.marker)), limits)
        found = _Search(self, target, frozenset(without), exclusions).solved(state)
        if found is None:
            raise UnmetDependencies("no set of versions satisfies the requirements")
        packages = [found[name].package for name in sorted(found)]
        return Pylock(lock_version=Version("1.0"), created_by="a fake", packages=packages)

    def _asked(self, line: Requested) -> Requirement:
        if line.requirement is not None:
            return line.requirement
        row = self.direct(line.url or "")
        marker = f" ; {line.marker}" if line.marker else ""
        return Requirement(f"{row.name}[{','.join(sorted(line.extras))}] @ {line.url}{marker}")

    def direct(self, url: str) -> Direct:
        """What is known of the place that a requirement points at."""
        return next(row for row in self.directs if row.url == url.partition("#")[0])

    def url_of(self, name: NormalizedName, target: Target) -> str | None:
        """The place that the user's own lines give for a name."""
        asked = (self._asked(line) for line in self.requirements.requested)
        mine = (one.url for one in asked if canonicalize_name(one.name) == name and target.satisfies(one.marker))
        return next(filter(None, mine), None)


class _Search(Struct, frozen=True):
    """One run of the resolver."""

    resolver: FakeResolver
    target: Target
    without: frozenset[NormalizedName]
    exclusions: Exclusions

    def solved(self, state: _State) -> Mapping[NormalizedName, _Candidate] | None:
        """The first choice, newest versions first, that contradicts nothing."""
        if not state.waiting:
            return state.chosen
        first, rest = state.waiting[0], state.waiting[1:]
        name = canonicalize_name(first.name)
        visit = (name, frozenset(first.extras))
        limits = {**state.limits, name: state.limits.get(name, SpecifierSet()) & first.specifier}
        known = state.chosen.get(name)
        if known and known.version and not limits[name].contains(known.version, prereleases=True):
            return None
        is_done = name in self.without or visit in state.seen
        state = replace(state, waiting=rest, limits=limits, seen=state.seen | {visit})
        if is_done:
            return self.solved(state)
        for candidate in [known] if known else self._candidates(name, first.url, limits[name]):
            below = tuple(one for one in candidate.requires if self.target.satisfies(one.marker, first.extras))
            fresh = tuple(one for one in below if not known or not self.target.satisfies(one.marker))
            chosen = {**state.chosen, name: candidate}
            found = self.solved(replace(state, waiting=(*rest, *fresh), chosen=chosen))
            if found is not None:
                return found
        return None

    def _candidates(self, name: NormalizedName, url: str | None, limits: SpecifierSet) -> Iterator[_Candidate]:
        url = url or self.resolver.url_of(name, self.target)
        if url is not None:
            candidate = _pointed_at(self.resolver.direct(url))
            if candidate.version is None or limits.contains(candidate.version, prereleases=True):
                yield candidate
            return
        releases = self.resolver.shelf.versions(name)
        usable = [version for version, rows in releases.items() if self._is_usable(rows, limits)]
        prereleases = self.resolver.requirements.files.allows_prereleases(name)
        for version in sorted(limits.filter(usable, prereleases=prereleases), reverse=True):
            yield self._released(name, version, releases[version])

    def _is_usable(self, rows: tuple[Release, ...], limits: SpecifierSet) -> bool:
        is_pinned = any(one.operator in {"==", "==="} and not one.version.endswith(".*") for one in limits)
        return any(self._does(file, row) for row in rows for file in row.files if is_pinned or row.yanked is None)

    def _does(self, filename: str, row: Release) -> bool:
        """Whether a file might do on the resolver's own idea of the target."""
        choice, python = self.resolver.requirements.files, self.target.runtime.python_full_version
        if row.requires_python is not None and not SpecifierSet(row.requires_python).contains(python):
            return False
        offer = self.resolver.shelf.offer(filename)
        if isinstance(offer, Sdist):
            return choice.allows_sdist(offer.pin.name)
        runtime = replace(self.target.runtime, glibc=_NEWEST_GLIBC)
        fits = isinstance(judge(offer, Target(runtime, self.target.architecture)), Fits)
        return fits and choice.allows_wheel(offer.pin.name)

    def _released(self, name: NormalizedName, version: Version, rows: tuple[Release, ...]) -> _Candidate:
        shelf, files = self.resolver.shelf, [(file, row) for row in rows for file in row.files]
        broken = next((row.metadata_fails for row in rows if row.metadata_fails is not None), None)
        if broken is not None and not any(file.endswith(".whl") for file, _ in files):
            raise UnmetDependencies(
                f"the metadata of {name} {version} could not be made", log=broken, sources=(f"{name}=={version}",)
            )
        wheels = [
            PackageWheel(name=file, url=INDEX + file, hashes=shelf.promised(file))
            for file, row in files
            if file.endswith(".whl") and (self._does(file, row) or not self.resolver.hides_misfits)
        ]
        sources = [file for file, _ in files if not file.endswith(".whl")]
        sdists = [PackageSdist(name=file, url=INDEX + file, hashes=shelf.promised(file)) for file in sources]
        package = Package(name=name, version=version, wheels=wheels, sdist=sdists[0] if sdists else None)
        return _Candidate(version, package, (*rows[0].requirements, *self._lacking(name, version)))

    def _lacking(self, name: NormalizedName, version: Version) -> Iterator[Requirement]:
        for conflict in self.exclusions.conflicts:
            if conflict.pin == Pin(name, version):
                yield Requirement(conflict.requirement)


def _pointed_at(row: Direct) -> _Candidate:
    name, version = canonicalize_name(row.name), Version(row.version) if row.version else None
    hashes = {"sha256": row.sha256} if row.sha256 else {}
    if row.commit is not None:
        system, _, url = row.url.partition("+")
        vcs = PackageVcs(type=system, url=url.rpartition("@")[0] or url, commit_id=row.commit)
        package = Package(name=name, version=version, vcs=vcs)
    elif row.url.startswith("file:"):
        path = url2pathname(urlsplit(row.url).path)
        package = Package(name=name, version=version, directory=PackageDirectory(path=path))
    else:
        package = Package(name=name, version=version, archive=PackageArchive(url=row.url, hashes=hashes))
    return _Candidate(version, package, tuple(map(Requirement, row.requires)))
