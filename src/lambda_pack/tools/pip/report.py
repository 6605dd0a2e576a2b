"""pip's installation report (version 1, https://pip.pypa.io/en/stable/reference/installation-report/) as a lock."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from packaging.markers import Environment
from packaging.pylock import (
    Package,
    PackageArchive,
    PackageDirectory,
    PackageSdist,
    PackageVcs,
    PackageWheel,
    Pylock,
)
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from lambda_pack.errors import LambdaPackError
from lambda_pack.model.urls import filename_of, path_of, without_credentials

__all__ = ["read_report"]


def read_report(
    report: Mapping[str, Any], environment: Environment, pages: Mapping[str, str] = MappingProxyType({})
) -> Pylock:
    """The closure, in pip's order; each package has the one file that pip chose. Local paths are absolute.

    `pages` has, by the URL of a file, the page that names it.

    Raises:
        LambdaPackError: pip writes its report differently now.
    """
    if report.get("version") != "1":
        raise LambdaPackError(f"pip's report has version {report.get('version')!r}, not '1'; use --resolver uv")
    items = report["install"]
    names = frozenset(canonicalize_name(item["metadata"]["name"]) for item in items)
    return Pylock(
        lock_version=Version("1.0"),
        created_by=f"pip {report['pip_version']}",
        packages=[_package(item, names, environment, pages) for item in items],
    )


def _package(
    item: Mapping[str, Any], names: frozenset[NormalizedName], environment: Environment, pages: Mapping[str, str]
) -> Package:
    metadata = item["metadata"]
    requires_python = metadata.get("requires_python")
    return Package(
        name=canonicalize_name(metadata["name"]),
        version=Version(metadata["version"]),
        requires_python=SpecifierSet(requires_python) if requires_python else None,
        dependencies=[{"name": name} for name in _dependencies(item, names, environment)] or None,
        index=_index(pages.get(item["download_info"]["url"]), canonicalize_name(metadata["name"])),
        **_origin(item["download_info"], is_direct=item["is_direct"]),
    )


def _index(page: str | None, name: NormalizedName) -> str | None:
    """The index that a page belongs to: the page itself where it is a place of `--find-links`."""
    if page is None:
        return None
    parts = page.rstrip("/").removesuffix("/index.html").rpartition("/")
    return without_credentials(f"{parts[0]}/" if parts[2] == name else page)


def _origin(info: Mapping[str, Any], *, is_direct: bool) -> dict[str, Any]:
    url, subdirectory = info["url"], info.get("subdirectory")
    if "vcs_info" in info:
        vcs = info["vcs_info"]
        checkout = PackageVcs(
            type=vcs["vcs"],
            url=url,
            requested_revision=vcs.get("requested_revision"),
            commit_id=vcs["commit_id"],
            subdirectory=subdirectory,
        )
        return {"vcs": checkout}
    if "dir_info" in info:
        path = path_of(url).as_posix()
        return {"directory": PackageDirectory(path=path, subdirectory=subdirectory)}
    hashes = _hashes(info["archive_info"])
    if is_direct:
        return {"archive": PackageArchive(url=url, hashes=hashes, subdirectory=subdirectory)}
    filename = filename_of(url)
    if filename.endswith(".whl"):
        return {"wheels": [PackageWheel(name=filename, url=url, hashes=hashes)]}
    return {"sdist": PackageSdist(name=filename, url=url, hashes=hashes)}


def _hashes(archive: Mapping[str, Any]) -> dict[str, str]:
    return dict(archive.get("hashes") or {})


def _dependencies(
    item: Mapping[str, Any], names: frozenset[NormalizedName], environment: Environment
) -> Iterator[NormalizedName]:
    """Who of the closure is asked for by whom, as far as pip says which extras were asked for."""
    lines: Sequence[str] = item["metadata"].get("requires_dist") or ()
    seen: set[NormalizedName] = set()
    for requirement in map(Requirement, lines):
        name, marker = canonicalize_name(requirement.name), requirement.marker
        extras = ("", *(item.get("requested_extras") or ()))
        applies = marker is None or any(marker.evaluate(_with_extra(environment, extra)) for extra in extras)
        if applies and name in names and name not in seen:
            seen.add(name)
            yield name


def _with_extra(environment: Environment, extra: str) -> dict[str, str]:
    return {**{name: str(value) for name, value in environment.items()}, "extra": extra}
