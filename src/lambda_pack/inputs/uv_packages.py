"""The packages of a uv.lock, one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

from packaging.markers import Marker
from packaging.pylock import Package
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from lambda_pack.errors import UsageError
from lambda_pack.inputs.locked_files import FileEntry, archive, either, files_of, place, repository
from lambda_pack.model.locked import LockedPackage
from lambda_pack.model.urls import filename_of

__all__ = ["edges_of", "locked_package", "place_of"]


def place_of(entry: Mapping[str, Any]) -> str | None:
    """The folder of a package on this disk, relative to the lock; None for all others."""
    source = entry.get("source", {})
    return next((source[kind] for kind in ("virtual", "editable", "directory") if kind in source), None)


def locked_package(entry: Mapping[str, Any]) -> LockedPackage:
    """One `[[package]]`, with what it requires: that of an extra under the marker that METADATA would give it.

    Raises:
        UsageError: its source is of a kind that nobody here knows.
    """
    version = Version(entry["version"]) if "version" in entry else None
    requires = list(edges_of(entry.get("dependencies", ())))
    for extra, edges in entry.get("optional-dependencies", {}).items():
        requires += edges_of(edges, extra=extra)
    fields = _fields(entry, version)
    # The backend says the version of what is built from a tree.
    known = None if fields.keys() & {"vcs", "directory"} else version
    marker = either(entry.get("resolution-markers", ()))
    package = Package(name=canonicalize_name(entry["name"]), version=known, marker=marker, **fields)
    return LockedPackage(package, requires=tuple(requires), is_virtual="virtual" in entry.get("source", {}))


def edges_of(edges: Iterable[Mapping[str, Any]], *, extra: str | None = None) -> Iterator[Requirement]:
    """What one package asks others for; where a name has several versions, the edge says which one it means."""
    for edge in edges:
        requirement = Requirement(edge["name"])
        requirement.extras = set(edge.get("extra", edge.get("extras", ())))
        if "version" in edge:
            # `==` would take a local version (2.0+cpu) as well.
            requirement.specifier = SpecifierSet(f"==={edge['version']}")
        said = [f"({edge['marker']})"] if edge.get("marker") else []
        said += [f"extra == '{extra}'"] if extra else []
        requirement.marker = Marker(" and ".join(said)) if said else None
        yield requirement


def _fields(entry: Mapping[str, Any], version: Version | None) -> dict[str, Any]:
    rows = [*entry.get("wheels", ()), *([entry["sdist"]] if "sdist" in entry else [])]
    hashes = [row["hash"] for row in rows if row.get("hash")][:1]
    match entry.get("source", {}):
        case {"registry": str(registry)}:
            is_remote = "://" in registry
            files = files_of(_entries(rows, folder="" if is_remote else registry), version)
            return {**files, "index": registry if is_remote else None}
        case {"git": str(url)}:
            return _checkout(url)
        case {"url": str(url)}:
            return archive(url=url, hashes=hashes, subdirectory=entry["source"].get("subdirectory"))
        case {"path": str(path)}:
            return place(path, hashes, entry["source"].get("subdirectory"))
        case {"directory": str(path)} | {"editable": str(path)}:
            return place(path)
        case {"virtual": _}:
            return {}
        case source:
            raise UsageError(f"{entry['name']!r} has a source of an unknown kind, {source!r}; lock again, or export it")


def _checkout(url: str) -> dict[str, Any]:
    """The parts of what uv writes as `https://…/a.git?subdirectory=x&rev=v1#COMMIT`."""
    parts = urlsplit(url)
    inner = parse_qs(parts.query).get("subdirectory", [None])[0]
    return repository(urlunsplit(parts._replace(query="", fragment="")), parts.fragment, inner)


def _entries(rows: Iterable[Mapping[str, Any]], *, folder: str) -> Iterator[FileEntry]:
    for row in rows:
        url, path = row.get("url"), row.get("path")
        filename = row.get("filename") or filename_of(url or path or "")
        yield FileEntry(filename, row.get("hash"), url, f"{folder}/{path}" if path else None, row.get("size"))
