"""The packages of a uv.lock, one by one."""

from __future__ import annotations

import json
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
from lambda_pack.model.locked import Dependency, LockedPackage
from lambda_pack.model.urls import filename_of

__all__ = ["asked_by_name", "edges_of", "locked_package", "place_of"]


def place_of(entry: Mapping[str, Any]) -> str | None:
    """The folder of a package on this disk, relative to the lock; None for all others."""
    source = entry.get("source", {})
    return next((source[kind] for kind in ("virtual", "editable", "directory") if kind in source), None)


def locked_package(entry: Mapping[str, Any]) -> LockedPackage:
    """Return one `[[package]]`, with what it and its extras require.

    Its `resolution-markers` are left out: they say which fork of the resolution it came from, and dependencies name
    version and source where there are several.

    Raises:
        UsageError: its source is of an unknown kind.
    """
    version = Version(entry["version"]) if "version" in entry else None
    requires = list(edges_of(entry.get("dependencies", ())))
    for extra, edges in entry.get("optional-dependencies", {}).items():
        requires += edges_of(edges, extra=canonicalize_name(extra))
    fields = _fields(entry, version)
    # The backend says the version of what is built from a tree.
    known = None if fields.keys() & {"vcs", "directory"} else version
    package = Package(name=canonicalize_name(entry["name"]), version=known, **fields)
    source = entry.get("source", {})
    return LockedPackage(package, requires=tuple(requires), is_virtual="virtual" in source, source=_source_key(source))


def edges_of(edges: Iterable[Mapping[str, Any]], *, extra: str | None = None) -> Iterator[Dependency]:
    """Return what one package asks others for; where a name has several versions or sources, it says which is meant."""
    for edge in edges:
        requirement = Requirement(edge["name"])
        requirement.extras = set(map(canonicalize_name, edge.get("extra", edge.get("extras", ()))))
        if "version" in edge:
            # `==` would take a local version (2.0+cpu) as well.
            requirement.specifier = SpecifierSet(f"==={edge['version']}")
        requirement.marker = Marker(edge["marker"]) if edge.get("marker") else None
        yield Dependency(requirement, _source_key(edge["source"]) if "source" in edge else None, extra)


def asked_by_name(rows: Iterable[Mapping[str, Any]], packages: Iterable[Mapping[str, Any]]) -> Iterator[Dependency]:
    """Return the requirements of a script, or of a root that is no project: those name no version.

    Where the lock has several versions, each is meant in the forks of the resolution that it came from, as in
    `find_by_markers` of uv 0.13.
    """
    entries = list(packages)
    for row in rows:
        same = [entry for entry in entries if canonicalize_name(entry["name"]) == canonicalize_name(row["name"])]
        if len(same) < 2:  # noqa: PLR2004  # one version needs no choice
            yield from edges_of([{"name": row["name"], "extras": row.get("extras", ()), "marker": row.get("marker")}])
            continue
        for entry in same:
            forks = either(entry.get("resolution-markers", ()))
            said = [f"({marker})" for marker in (row.get("marker"), forks) if marker]
            exact = {key: entry[key] for key in ("name", "version", "source") if key in entry}
            yield from edges_of([{**exact, "extras": row.get("extras", ()), "marker": " and ".join(said)}])


def _source_key(source: Mapping[str, Any]) -> str:
    """Return a source as one text, to compare."""
    return json.dumps(source, sort_keys=True)


def _fields(entry: Mapping[str, Any], version: Version | None) -> dict[str, Any]:
    rows = [*entry.get("wheels", ()), *([entry["sdist"]] if "sdist" in entry else [])]
    hashes = [row["hash"] for row in rows if row.get("hash") is not None][:1]
    match entry.get("source", {}):
        case {"registry": str(registry)}:
            is_remote = "://" in registry
            files = files_of(_entries(rows, folder="" if is_remote else registry), version)
            return {**files, "index": registry if is_remote else None}
        case {"git": str(url)}:
            return _checkout(url, str(entry["name"]))
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


def _checkout(url: str, name: str) -> dict[str, Any]:
    """Return the parts of what uv writes as `https://…/a.git?subdirectory=x&rev=v1#COMMIT`.

    Raises:
        UsageError: it is an archive inside the repository, or its commit is not said.
    """
    parts = urlsplit(url)
    said = parse_qs(parts.query)
    if "path" in said or not parts.fragment:
        what = f"the file {said['path'][0]!r} of a repository" if "path" in said else "a repository without a commit"
        raise UsageError(f"{name!r} is {what} in the lock, which cannot be fetched; export the lock with `uv export`")
    inner = said.get("subdirectory", [None])[0]
    return repository(urlunsplit(parts._replace(query="", fragment="")), parts.fragment, inner)


def _entries(rows: Iterable[Mapping[str, Any]], *, folder: str) -> Iterator[FileEntry]:
    for row in rows:
        url, path = row.get("url"), row.get("path")
        filename = row.get("filename") or filename_of(url or path or "")
        yield FileEntry(filename, row.get("hash"), url, f"{folder}/{path}" if path else None, row.get("size"))
