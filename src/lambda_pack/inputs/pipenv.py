"""Pipfile.lock: versions and digests by category; neither file names nor URLs, and only for the machine that locked.

Facts: `pipenv.vendor.plette` and `pipenv.utils.locking` of pipenv 2026.10, and locks that it wrote.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec.structs import replace
from packaging.markers import Marker
from packaging.pylock import Package
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from lambda_pack.errors import UsageError
from lambda_pack.inputs.documents import check_told, read_json, read_toml, shown, understood
from lambda_pack.inputs.locked_files import archive, either, hash_pairs, place, repository
from lambda_pack.inputs.manifest import named_lines
from lambda_pack.inputs.manifest_sources import expanded
from lambda_pack.inputs.reading import Reading
from lambda_pack.model.locked import Locked, LockedPackage
from lambda_pack.model.requirements import Requested
from lambda_pack.model.selection import Selection

__all__ = ["read_pipfile_lock"]

_NEWEST = 6
_WHAT_NOW = "lock again with `pipenv lock`"
# What the Pipfile, its lock and the command line call the two categories that are always there.
_CATEGORIES = {"packages": "default", "dev-packages": "develop", "dev": "develop"}
_MARKERS = (
    "implementation_name",
    "implementation_version",
    "os_name",
    "platform_machine",
    "platform_python_implementation",
    "platform_release",
    "platform_system",
    "platform_version",
    "python_full_version",
    "python_version",
    "sys_platform",
)


def read_pipfile_lock(path: Path, selection: Selection, environ: Mapping[str, str]) -> Reading:
    """The lock, with the Pipfile beside it where there is one; categories are chosen as groups.

    Raises:
        UsageError: it cannot be read, is of a newer format, or has no such category.
    """
    content = read_json(path, what_now=_WHAT_NOW)
    with understood(path, what_now=_WHAT_NOW):
        meta = content["_meta"]
        if meta["pipfile-spec"] > _NEWEST:
            raise UsageError(
                f"{shown(path).as_posix()!r} has the format {meta['pipfile-spec']}, and lambda-pack knows {_NEWEST}; "
                "update lambda-pack, or export it: pipenv requirements > requirements.txt"
            )
        there = [name for name in content if name != "_meta"]
        selection.check(groups=(*there, *_CATEGORIES), extras=(), where=repr(shown(path).as_posix()))
        names = (*(("default",) if selection.takes_main else ()), *sorted(selection.all_groups))
        wanted = dict.fromkeys(_CATEGORIES.get(name, name) for name in names)
        sources = {row["name"]: expanded(row["url"], environ) for row in meta["sources"]}
        main = next(iter(sources.values()), None)
        categories = [content[name] for name in there if canonicalize_name(name) in wanted]
        packages = _merged(
            _package(name, entry, sources.get(entry.get("index"), main))
            for category in categories
            for name, entry in category.items()
        )
    for locked in packages:
        check_told(locked.package, path)
    pipfile = path.with_name("Pipfile")
    return Reading(
        folder=path.absolute().parent,
        lock=Locked(packages, tuple(_roots(pipfile, wanted))),
        stale=_staleness(meta.get("hash", {}).get("sha256"), pipfile),
        sources=tuple(sources.values()),
    )


def _merged(packages: Iterable[LockedPackage]) -> tuple[LockedPackage, ...]:
    """Return each package once, under the condition of any of its categories.

    Categories are locked apart, so two may have different versions: both are kept, and refused where both count.
    """
    found: dict[str, list[tuple[LockedPackage, list[Marker | None]]]] = {}
    for one in packages:
        bare = replace(one, package=dataclasses.replace(one.package, marker=None))
        same_name = found.setdefault(one.package.name, [])
        markers = next((markers for other, markers in same_name if other == bare), None)
        if markers is None:
            same_name.append((bare, [one.package.marker]))
        else:
            markers.append(one.package.marker)
    return tuple(
        replace(one, package=dataclasses.replace(one.package, marker=either(markers)))
        for same_name in found.values()
        for one, markers in same_name
    )


def _package(name: str, entry: Mapping[str, Any], index: str | None) -> LockedPackage:
    hashes, inner, version = entry.get("hashes", ()), entry.get("subdirectory"), None
    if "git" in entry:
        fields = repository(entry["git"], entry["ref"], inner)
    elif "path" in entry:
        fields = place(entry["path"], hashes[:1], inner)
    elif "file" in entry:
        fields = archive(url=entry["file"], hashes=hashes[:1], subdirectory=inner)
    else:
        fields = {"index": index}
        # '*' is what pipenv writes for a package that the machine which locked does not need.
        exact = str(entry.get("version", "*"))
        version = Version(exact.removeprefix("==")) if exact.startswith("==") else None
    said = [entry["markers"]] if entry.get("markers") else []
    said += [f"{variable} {entry[variable]}" for variable in _MARKERS if variable in entry]
    marker = Marker(" and ".join(f"({text})" for text in said)) if said else None
    package = Package(name=canonicalize_name(name), version=version, marker=marker, **fields)
    return LockedPackage(package, hash_pairs(hashes))


def _roots(pipfile: Path, categories: Mapping[str, None]) -> Iterator[Requested]:
    """The packages that the Pipfile names."""
    if not pipfile.is_file():
        return
    content = read_toml(pipfile, what_now="correct it")
    for section, table in content.items():
        if canonicalize_name(_CATEGORIES.get(section, section)) in categories and isinstance(table, dict):
            for name, origin in named_lines(pipfile, pipfile.read_text("utf-8"), table).items():
                yield Requested(origin, Requirement(canonicalize_name(name)))


def _staleness(said: str | None, pipfile: Path) -> str | None:
    if said is None or not pipfile.is_file():
        return None
    content = read_toml(pipfile, what_now="correct it")
    relevant: dict[str, Any] = {
        "_meta": {"sources": content.get("source", []), "requires": content.get("requires", {})},
        "default": content.get("packages", {}),
        "develop": content.get("dev-packages", {}),
    }
    known = {"source", "packages", "dev-packages", "requires", "scripts", "pipfile", "pipenv", "default", "develop"}
    relevant |= {name: table for name, table in content.items() if name not in known}
    text = json.dumps(relevant, sort_keys=True, separators=(",", ":"), default=str)
    if hashlib.sha256(text.encode()).hexdigest() == said:
        return None
    return f"{shown(pipfile).as_posix()!r} has changed since the lock was made (_meta.hash)"
