"""Between a lock (`packaging.pylock.Pylock`, PEP 751) and our values."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias, cast
from urllib.parse import urljoin, urlsplit

from msgspec.structs import replace
from packaging.markers import Marker
from packaging.pylock import Package, PackageArchive, PackageDirectory, PackageSdist, PackageVcs, PackageWheel, Pylock
from packaging.specifiers import SpecifierSet
from packaging.utils import InvalidSdistFilename, parse_sdist_filename
from packaging.version import Version

from lambda_pack.errors import UsageError
from lambda_pack.model.packages import Checkout, Folder, Hashes, Offer, Pin, Sdist, Wheel
from lambda_pack.model.patch_levels import patch_levels
from lambda_pack.model.targets import Target
from lambda_pack.model.urls import filename_of, has_token, masked, path_of, without_credentials

__all__ = ["CREATOR", "about_tokens", "lock_of", "offers_of", "package_of", "pins_of"]

CREATOR = "lambda-pack"
"""What a lock of ours says about who made it."""

_File: TypeAlias = PackageWheel | PackageSdist | PackageArchive


def pins_of(lock: Pylock, target: Target) -> tuple[Package, ...]:
    """The lock's packages that the target needs, by their markers.

    Raises:
        UsageError: the lock is for other Pythons, or gives two packages of one name to this target.
    """
    _check_scope(lock, target)
    environment: dict[str, str | AbstractSet[str]] = dict(cast("dict[str, str]", target.environment))
    environment |= {"extras": frozenset(), "dependency_groups": frozenset(lock.default_groups or ())}
    needed = tuple(
        package
        for package in lock.packages
        if package.marker is None or package.marker.evaluate(environment, context="lock_file")
    )
    names = [package.name for package in needed]
    for package in needed:
        if names.count(package.name) > 1:
            raise UsageError(
                f"the lock gives more than one {package.name!r} to {target}; lock again with one version each"
            )
        if not target.runtime.admits(package.requires_python):
            raise UsageError(
                f"{package.name!r} in the lock requires Python {package.requires_python}; {_python(target)}"
            )
    return needed


def _check_scope(lock: Pylock, target: Target) -> None:
    if not target.runtime.admits(lock.requires_python):
        raise UsageError(f"the lock requires Python {lock.requires_python}; {_python(target)}")
    scopes = lock.environments or ()
    if scopes and not any(_could_hold(marker, target) for marker in scopes):
        listed = " or ".join(f"({marker})" for marker in scopes)
        raise UsageError(f"the lock is for {listed}, not for {target}; lock again for this target")


def _could_hold(marker: Marker, target: Target) -> bool:
    """Whether a lock's scope takes the target in, at any patch level of its Python."""
    environment = cast("dict[str, str]", target.environment)
    return any(
        marker.evaluate({**environment, "python_full_version": version, "implementation_version": version})
        for version in patch_levels(str(marker), target.runtime.python)
    )


def _python(target: Target) -> str:
    return f"{target.runtime.name} has {{}}.{{}}: lock again for it, or choose another".format(*target.runtime.python)


def offers_of(package: Package, folder: Path) -> tuple[Offer, ...]:
    """The files of a locked package; relative paths begin at `folder`, where the lock is."""
    pin = Pin(package.name, package.version)
    return tuple(_offers(package, pin, folder))


def _offers(package: Package, pin: Pin, folder: Path) -> Iterator[Offer]:
    index = package.index and without_credentials(package.index)
    for wheel in package.wheels or ():
        url, hashes = _url(wheel, folder, package.index), _hashes(wheel.hashes)
        parsed, uploaded = Wheel.parse(url, filename=wheel.filename, hashes=hashes), _aware(wheel.upload_time)
        yield replace(parsed, size=wheel.size, index=index, uploaded=uploaded)
    if sdist := package.sdist:
        url = _url(sdist, folder, package.index)
        uploaded = _aware(sdist.upload_time)
        yield Sdist(pin, sdist.filename, url, _hashes(sdist.hashes), sdist.size, index=index, uploaded=uploaded)
    if archive := package.archive:
        url = _url(archive, folder, None)
        hashes = _hashes(archive.hashes)
        if urlsplit(url).path.endswith(".whl"):
            yield replace(Wheel.parse(url, hashes=hashes), size=archive.size, is_exact=True)
        else:
            inner = archive.subdirectory
            yield Sdist(pin, filename_of(url), url, hashes, archive.size, subdirectory=inner, is_exact=True)
    if vcs := package.vcs:
        url = vcs.url or _below(folder, vcs.path).as_uri()
        yield Checkout(pin, vcs.type, url, vcs.commit_id, vcs.subdirectory)
    if directory := package.directory:
        yield Folder(pin, str(_below(folder, directory.path)), directory.subdirectory)


def lock_of(origins: Iterable[tuple[Wheel, Offer]], target: Target, folder: Path) -> Pylock:
    """The lock that gives exactly this bundle again.

    `origins` has, for each package, the wheel that was packed and what it came from: the wheel itself, or the source
    it was built from. Files on this disk are named relative to `folder`, where the lock will lie.
    """
    marker = f"platform_machine == '{target.architecture.machine}' and sys_platform == 'linux'"
    major, minor = target.runtime.python
    packages = [package_of(wheel.pin, origin, folder) for wheel, origin in origins]
    return Pylock(
        lock_version=Version("1.0"),
        environments=[Marker(marker)],
        requires_python=SpecifierSet(f"=={major}.{minor}.*"),
        created_by=CREATOR,
        packages=sorted(packages, key=lambda package: package.name),
    )


def package_of(pin: Pin, origin: Offer, folder: Path) -> Package:
    """A package as a lock in `folder` names it: with the one file, or the tree, that it comes from."""
    path, url = _place(Path(origin.path).as_uri() if isinstance(origin, Folder) else origin.url, folder)
    match origin:
        case Wheel(hashes=hashes, size=size):
            wheel = PackageWheel(name=origin.filename, path=path, url=url, size=size, hashes=dict(hashes))
            return Package(name=pin.name, version=pin.version, wheels=[wheel])
        case Sdist(hashes=hashes, size=size, subdirectory=None) if _is_named_after(origin.filename, pin):
            sdist = PackageSdist(
                name=origin.filename,
                path=path,
                url=url,
                size=size,
                hashes=dict(hashes),
                # An old one may only build with the tools of that day.
                upload_time=origin.uploaded,
            )
            return Package(name=pin.name, version=pin.version, sdist=sdist)
        case Sdist(hashes=hashes, size=size, subdirectory=inner):
            archive = PackageArchive(path=path, url=url, size=size, hashes=dict(hashes), subdirectory=inner)
            return Package(name=pin.name, version=pin.version, archive=archive)
        case Checkout(system=system, commit=commit, subdirectory=inner):
            vcs = PackageVcs(type=system, path=path, url=url, commit_id=commit, subdirectory=inner)
            return Package(name=pin.name, version=pin.version, vcs=vcs)
        case Folder(subdirectory=inner):
            directory = PackageDirectory(path=path or "", subdirectory=inner)
            return Package(name=pin.name, version=pin.version, directory=directory)


def _is_named_after(filename: str, pin: Pin) -> bool:
    """Whether an archive may be called an sdist in a lock: PEP 751 holds the name of one to PEP 625."""
    try:
        return parse_sdist_filename(filename) == (pin.name, pin.version)
    except InvalidSdistFilename:
        return False


def _place(url: str, folder: Path) -> tuple[str | None, str | None]:
    """Path and URL, one of them None: a path for what lies on this disk."""
    if url.startswith("file:"):
        return _relative(path_of(url), folder), None
    return None, without_credentials(url)


def _relative(path: Path, folder: Path) -> str:
    """Relative with forward slashes, as PEP 751 wants; absolute where there is no relative way (another drive)."""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:
        return path.as_posix()


def _url(file: _File, folder: Path, index: str | None) -> str:
    """Absolute: PEP 751 lets a path be relative to the lock and a URL relative to its index."""
    if file.url:
        return urljoin(index or "", file.url)
    return _below(folder, file.path).as_uri()


def _below(folder: Path, path: str | None) -> Path:
    """Absolute, but no symlink followed: the last segment is a file's name, which says what the file is."""
    return Path(os.path.normpath((folder / (path or "")).absolute()))


def _aware(uploaded: datetime | None) -> datetime | None:
    """With its time zone: PEP 751 wants UTC, and TOML also has times without any."""
    return uploaded.replace(tzinfo=UTC) if uploaded is not None and uploaded.tzinfo is None else uploaded


def _hashes(hashes: Mapping[str, str]) -> Hashes:
    return tuple(sorted((algorithm.lower(), digest.lower()) for algorithm, digest in hashes.items()))


def about_tokens(offers: Iterable[Offer]) -> Iterator[str]:
    """Yield a warning where a lock names URLs that hold tokens or signatures: without them nothing is found there."""
    urls = [offer.url for offer in offers if not isinstance(offer, Folder) and has_token(offer.url)]
    if urls:
        yield (
            f"the lock has a token or signature in {len(urls)} URLs, such as {masked(urls[0])!r}: who can read the "
            "lock can fetch these files with it; keep the lock private, or use an index with a login"
        )
