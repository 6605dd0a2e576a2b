"""Resolving from a lock: every version is decided already; an index only says where files are."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from msgspec import Struct
from packaging.pylock import Package, PackageSdist, PackageWheel, Pylock
from packaging.utils import NormalizedName
from packaging.version import Version

from lambda_pack.errors import IntegrityError, UnmetDependencies, UsageError
from lambda_pack.model.exclusions import NO_EXCLUSIONS, Exclusions
from lambda_pack.model.locked import Locked, LockedPackage, needed
from lambda_pack.model.locks import CREATOR
from lambda_pack.model.packages import Offer, Sdist, Wheel
from lambda_pack.model.targets import Target
from lambda_pack.ports import Index

__all__ = ["LockedResolver"]


class LockedResolver(Struct, frozen=True):
    """A lock in the place of a resolver.

    `index_at` gives the index with a URL, or for None those of the user's settings; it is asked only about files that
    the lock has no URL of.
    """

    lock: Locked
    index_at: Callable[[str | None], Index]

    def resolve(
        self, target: Target, *, exclusions: Exclusions = NO_EXCLUSIONS, without: Collection[NormalizedName] = ()
    ) -> Pylock:
        """See `lambda_pack.ports.Resolver`; a lock has one version of each package, so nothing can be left out.

        Raises:
            UsageError: the lock has no version of a package that the target needs.
            IntegrityError: an index has files of a version, and none with the digests of the lock.
        """
        if exclusions or without:
            raise UnmetDependencies(
                f"the lock has one version of {', '.join(sorted({*exclusions.names, *without}))} for {target}"
            )
        packages = needed(self.lock, target)
        _check_versions(packages, target)
        return Pylock(
            lock_version=Version("1.0"),
            environments=self.lock.environments or None,
            requires_python=self.lock.requires_python,
            created_by=CREATOR,
            # Which of them count is decided.
            packages=[replace(package, marker=None) for package in self._completed(packages)],
        )

    def _completed(self, packages: Sequence[LockedPackage]) -> list[Package]:
        by_index: dict[str | None, list[NormalizedName]] = {}
        for locked in packages:
            if not _is_complete(locked):
                by_index.setdefault(locked.package.index, []).append(locked.package.name)
        offers = {index: self.index_at(index).files(names) for index, names in by_index.items()}
        return [
            locked.package if _is_complete(locked) else _completed(locked, offers[locked.package.index])
            for locked in packages
        ]


def _is_complete(locked: LockedPackage) -> bool:
    """Whether nothing is left to ask: every file has a place, or it is no file of an index at all."""
    package = locked.package
    if package.vcs or package.directory or package.archive:
        return True
    places = [wheel.url or wheel.path for wheel in package.wheels or ()]
    places += [package.sdist.url or package.sdist.path] if package.sdist else []
    return bool(places) and all(places)


def _check_versions(packages: Sequence[LockedPackage], target: Target) -> None:
    """Refuse packages without a version: pipenv writes none for what the machine that locks does not need."""
    missing = [one.package.name for one in packages if not _is_complete(one) and one.package.version is None]
    if missing:
        raise UsageError(
            f"the lock has no version of {', '.join(missing)} for {target}: it was made on a machine that does not "
            "need them; lock on one that does, or pin them in the manifest without a marker and lock again"
        )


def _completed(locked: LockedPackage, offers: Sequence[Offer]) -> Package:
    """The package with the places of its files; those that the index no longer has are left out."""
    package = locked.package
    files = [file for file in offers if isinstance(file, Wheel | Sdist) and file.pin.name == package.name]
    if locked.hashes:
        return _by_digest(package, [file for file in files if file.pin.version == package.version], locked)
    found = {file.filename: file for file in files}
    wheels = [
        replace(wheel, url=found[wheel.filename].url, size=found[wheel.filename].size)
        for wheel in package.wheels or ()
        if wheel.filename in found
    ]
    sdist = package.sdist
    if sdist is not None:
        place = found.get(sdist.filename)
        sdist = replace(sdist, url=place.url, size=place.size) if place else None
    return replace(package, wheels=wheels or None, sdist=sdist, index=None)


def _by_digest(package: Package, files: Sequence[Wheel | Sdist], locked: LockedPackage) -> Package:
    promised = [(file, dict(set(file.hashes) & set(locked.hashes))) for file in files]
    same = [(file, hashes) for file, hashes in promised if hashes]
    if files and not same:
        raise IntegrityError(
            f"none of the {len(files)} files on offer for {package.name}=={package.version} has a digest of the lock; "
            "find out who changed what, and only then lock again"
        )
    wheels = [
        PackageWheel(name=file.filename, url=file.url, size=file.size, hashes=hashes)
        for file, hashes in same
        if isinstance(file, Wheel)
    ]
    sdists = [
        PackageSdist(name=file.filename, url=file.url, size=file.size, hashes=hashes)
        for file, hashes in same
        if isinstance(file, Sdist)
    ]
    return replace(package, wheels=wheels or None, sdist=sdists[0] if sdists else None, index=None)
