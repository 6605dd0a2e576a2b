"""pdm.lock, versions 4.x: files by name, or by URL with the strategy `static_urls`.

With the strategy `inherit_metadata`, pdm's default, each package says for which groups and under which condition it is
needed; without it the manifest's own requirements have to be followed.

Facts: pdm's documentation, "Lockfile", `pdm.project.lockfile` of pdm 2.29, and locks that pdm 2.26 wrote.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from packaging.markers import Marker
from packaging.pylock import Package
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from lambda_pack.errors import UsageError
from lambda_pack.inputs.documents import check_told, read_toml, shown, understood
from lambda_pack.inputs.locked_files import FileEntry, archive, files_of, newer_format, place, repository
from lambda_pack.inputs.manifest import Manifest, chosen
from lambda_pack.inputs.pyproject import read_manifest, reading_of
from lambda_pack.inputs.reading import Reading
from lambda_pack.inputs.requirements import RequirementsFile
from lambda_pack.model.locked import Dependency, Locked, LockedPackage
from lambda_pack.model.selection import Selection
from lambda_pack.model.urls import filename_of

__all__ = ["read_pdm_lock"]

_MAJOR = 4
_NEWEST = Version("4.5.1")
_WHAT_NOW = "lock again with `pdm lock`"


def read_pdm_lock(path: Path, selection: Selection, environ: Mapping[str, str]) -> Reading:
    """The lock, with the pyproject.toml beside it, which names the indexes.

    Raises:
        UsageError: it cannot be read, is of another format, or has no group or extra of a name.
    """
    content = read_toml(path, what_now=_WHAT_NOW)
    manifest = read_manifest(path.parent / "pyproject.toml")
    with understood(path, what_now=_WHAT_NOW):
        metadata = content["metadata"]
        version = Version(metadata["lock_version"])
        _check_version(version, path)
        is_graph = "inherit_metadata" not in metadata.get("strategy", ())
        there = metadata.get("groups", ())
        selection.check(groups=there, extras=there, where=repr(shown(path).as_posix()))
        wanted = selection.all_groups | selection.all_extras | ({"default"} if selection.takes_main else frozenset())
        packages = tuple(_packages(content, None if is_graph else wanted))
        environments = tuple(_environments(metadata.get("targets", ())))
    for locked in packages:
        check_told(locked.package, path)
    lock = Locked(packages, chosen(manifest, selection), is_graph=is_graph, environments=environments)
    named = reading_of(manifest, Selection(), environ)
    is_newer = version.release[:2] > _NEWEST.release[:2]
    return Reading(
        folder=path.absolute().parent,
        # The lock does not say which index a file is on.
        written=RequirementsFile(indexes=named.written.indexes),
        lock=lock,
        name=manifest.name,
        stale=_staleness(metadata.get("content_hash"), manifest),
        sources=named.sources,
        warnings=(newer_format(path, version, _NEWEST, "pdm export"),) if is_newer else (),
    )


def _check_version(version: Version, path: Path) -> None:
    if version.major != _MAJOR:
        raise UsageError(
            f"{shown(path).as_posix()!r} has the format {version}, and lambda-pack knows {_MAJOR}.x; "
            f"{'update lambda-pack' if version.major > _MAJOR else 'lock again with a newer pdm'}, "
            "or export it: pdm export -f pylock -o pylock.toml"
        )


def _packages(content: Mapping[str, Any], groups: frozenset[str] | None) -> Iterator[LockedPackage]:
    """The packages of these groups; None where the lock does not say any. Those with extras only add requirements."""
    entries = content.get("package", ())
    of_extras = [entry for entry in entries if entry.get("extras")]
    for entry in entries:
        if entry.get("extras") or (groups is not None and not groups & set(map(canonicalize_name, entry["groups"]))):
            continue
        fields = _fields(entry, _files(entry, content))
        version = None if fields.keys() & {"vcs", "directory"} else Version(entry["version"])
        package = Package(
            name=canonicalize_name(entry["name"]),
            version=version,
            marker=Marker(entry["marker"]) if entry.get("marker") else None,
            requires_python=SpecifierSet(entry.get("requires_python", "")),
            **fields,
        )
        same = [other for other in of_extras if other["name"] == entry["name"] and other["version"] == entry["version"]]
        yield LockedPackage(package, requires=tuple(map(Dependency, _requires(entry, same))))


def _requires(entry: Mapping[str, Any], with_extras: Iterable[Mapping[str, Any]]) -> Iterator[Requirement]:
    yield from map(Requirement, entry.get("dependencies", ()))
    for other in with_extras:
        for text in other.get("dependencies", ()):
            requirement = Requirement(text)
            if canonicalize_name(requirement.name) == canonicalize_name(entry["name"]):
                continue
            said = [f"({requirement.marker})"] if requirement.marker else []
            for extra in other["extras"]:
                child = Requirement(text)
                child.marker = Marker(" and ".join([*said, f'extra == "{extra}"']))
                yield child


def _files(entry: Mapping[str, Any], content: Mapping[str, Any]) -> Iterable[Mapping[str, str]]:
    """The files of a package, wherever this version of the format keeps them."""
    if "files" in entry:
        return tuple(entry["files"])
    return tuple(content["metadata"].get("files", {}).get(f"{entry['name']} {entry['version']}", ()))


def _fields(entry: Mapping[str, Any], files: Iterable[Mapping[str, str]]) -> dict[str, Any]:
    hashes, inner = [file["hash"] for file in files if file.get("hash") is not None][:1], entry.get("subdirectory")
    if "git" in entry:
        return repository(entry["git"], entry["revision"], inner)
    if "path" in entry:
        return place(entry["path"], hashes, inner)
    if "url" in entry:
        return archive(url=entry["url"], hashes=hashes, subdirectory=inner)
    named = (FileEntry(file.get("file") or filename_of(file["url"]), file["hash"], file.get("url")) for file in files)
    return files_of(named, Version(entry["version"]))


def _environments(targets: Iterable[Mapping[str, str]]) -> Iterator[Marker]:
    """What the lock was made for: Pythons and platforms."""
    for target in targets:
        said = [
            f'python_full_version {one.operator} "{one.version}"'
            for one in sorted(SpecifierSet(target.get("requires_python", "")), key=str)
        ]
        platform = target.get("platform", "")
        said += [f'sys_platform == "{system}"' for begin, system in _SYSTEMS.items() if platform.startswith(begin)]
        said += [f'platform_machine == "{name}"' for end, name in _MACHINES.items() if platform.endswith(end)]
        if not said:
            return
        yield Marker(" and ".join(said))


# pdm's names of platforms: https://pdm-project.org/en/latest/usage/lock-targets/, read 2026-11.
_SYSTEMS = {"linux": "linux", "manylinux": "linux", "musllinux": "linux", "macos": "darwin", "windows": "win32"}
_MACHINES = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "aarch64", "arm64": "aarch64"}


def _staleness(said: str | None, manifest: Manifest) -> str | None:
    if not said or said in {f"sha256:{digest}" for digest in _content_hashes(manifest.content)}:
        return None
    return f"{shown(manifest.path).as_posix()!r} has changed since the lock was made (content_hash)"


def _content_hashes(document: Mapping[str, Any]) -> Iterator[str]:
    """What pdm would write; before 2.17 it did so without normalizing the names of groups."""
    project, own = document.get("project", {}), document.get("tool", {}).get("pdm", {})
    for spelled in (canonicalize_name, str):
        groups: dict[str, list[Any]] = {}
        for table in (document.get("dependency-groups", {}), own.get("dev-dependencies", {})):
            for group, lines in table.items():
                groups[spelled(group)] = [*groups.get(spelled(group), ()), *lines]
        relevant = {
            "sources": own.get("source", []),
            "dependencies": project.get("dependencies", []),
            "dev-dependencies": groups,
            "optional-dependencies": project.get("optional-dependencies", {}),
            "requires-python": project.get("requires-python", ""),
            "resolution": own.get("resolution", {}),
        }
        yield hashlib.sha256(json.dumps(relevant, sort_keys=True, default=str).encode()).hexdigest()
