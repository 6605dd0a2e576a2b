"""The packages of a poetry.lock, one by one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct, field
from packaging.markers import Marker
from packaging.pylock import Package
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from lambda_pack.inputs.locked_files import FileEntry, archive, either, files_of, hash_pairs, place, repository
from lambda_pack.inputs.poetry_constraints import alternatives, locked_marker
from lambda_pack.inputs.poetry_manifest import marker_of
from lambda_pack.model.locked import Dependency, LockedPackage

__all__ = ["LockContent", "locked_package"]


class LockContent(Struct, frozen=True):
    """A poetry.lock; `sources` are the URLs of the manifest's sources by name, logins included."""

    content: Mapping[str, Any]
    sources: Mapping[str, str] = field(default_factory=dict)

    @property
    def entries(self) -> Iterable[Mapping[str, Any]]:
        """Each `[[package]]`."""
        entries: Iterable[Mapping[str, Any]] = self.content.get("package", ())
        return entries

    def files(self, entry: Mapping[str, Any]) -> Iterable[Mapping[str, str]]:
        """The files of a package, wherever this version of the format keeps them."""
        if "files" in entry:
            return tuple(entry["files"])
        return tuple(self.content["metadata"].get("files", {}).get(entry["name"], ()))

    def bare_hashes(self, entry: Mapping[str, Any]) -> Iterable[str]:
        """Digests without file names, as poetry 1.0 wrote them."""
        return tuple(self.content["metadata"].get("hashes", {}).get(entry["name"], ()))

    def versions(self, name: str) -> Iterator[Version]:
        """The versions of a package that are locked."""
        wanted = canonicalize_name(name)
        return (Version(entry["version"]) for entry in self.entries if canonicalize_name(entry["name"]) == wanted)


def locked_package(entry: Mapping[str, Any], content: LockContent, groups: Iterable[str] | None) -> LockedPackage:
    """One package, under the conditions that it has in these groups; None where the format does not say any."""
    source = entry.get("source", {})
    fields = _fields(entry, content, source)
    version = None if fields.keys() & {"vcs", "directory"} else Version(entry["version"])
    package = Package(
        name=canonicalize_name(entry["name"]),
        version=version,
        marker=None if groups is None else _marker(entry.get("markers"), groups),
        **fields,
    )
    bare = tuple(f"sha256:{digest}" for digest in content.bare_hashes(entry))
    return LockedPackage(package, hash_pairs(bare), tuple(map(Dependency, _requires(entry, content))))


def _fields(entry: Mapping[str, Any], content: LockContent, source: Mapping[str, Any]) -> dict[str, Any]:
    files, inner = content.files(entry), source.get("subdirectory")
    hashes = [file["hash"] for file in files][:1]
    match source.get("type"):
        case "git":
            return repository(source["url"], source["resolved_reference"], inner)
        case "url":
            return archive(url=source["url"], hashes=hashes, subdirectory=inner)
        case "file" | "directory":
            return place(source["url"], hashes, inner)
        case _:
            entries = [FileEntry(file["file"], file["hash"]) for file in files]
            # A source has a name in the manifest, and its login goes by that name.
            index = content.sources.get(source.get("reference", ""), source.get("url"))
            return {**files_of(entries, Version(entry["version"])), "index": index}


def _marker(said: object, groups: Iterable[str]) -> Marker | None:
    """`markers` is one text for all groups, or one for each group that has a condition."""
    if isinstance(said, Mapping):
        by_group = {canonicalize_name(group): locked_marker(text) for group, text in said.items()}
        return either(by_group.get(canonicalize_name(group)) for group in groups)
    return locked_marker(said) if isinstance(said, str) else None


def _requires(entry: Mapping[str, Any], content: LockContent) -> Iterator[Requirement]:
    extras = {canonicalize_name(extra): lines for extra, lines in entry.get("extras", {}).items()}
    for name, value in entry.get("dependencies", {}).items():
        for one in value if isinstance(value, list) else [value]:
            details = {"version": one} if isinstance(one, str) else one
            for marker in _conditions(name, details, extras):
                requirement = Requirement(canonicalize_name(name))
                requirement.extras = set(details.get("extras", ()))
                requirement.marker = marker
                requirement.specifier = _meant(name, str(details.get("version", "*")), content)
                yield requirement


def _conditions(
    name: str, details: Mapping[str, Any], extras: Mapping[NormalizedName, Iterable[str]]
) -> Iterator[Marker | None]:
    """The marker of a dependency; of an optional one that names no extra itself, one for each extra that lists it."""
    marker = marker_of(details)
    if not details.get("optional") or (marker is not None and "extra" in str(marker)):
        yield marker
        return
    for extra, lines in extras.items():
        if canonicalize_name(name) in {
            canonicalize_name(re.split(r"[\s\[(<>=!~;]", line, maxsplit=1)[0]) for line in lines
        }:
            yield Marker(f'extra == "{extra}"' if marker is None else f'({marker}) and extra == "{extra}"')


def _meant(name: str, constraint: str, content: LockContent) -> SpecifierSet:
    """The specifier that tells the locked versions of a name apart; empty where there is nothing to tell.

    A constraint with `||` has no specifier; among what is locked, the newest that it allows is meant.
    """
    versions = list(content.versions(name))
    if len(versions) < 2:  # noqa: PLR2004  # one version needs no choice
        return SpecifierSet()
    sets = alternatives(constraint)
    allowed = [version for version in versions if any(one.contains(version, prereleases=True) for one in sets)]
    if len(sets) == 1 or not allowed:
        return sets[0]
    return SpecifierSet(f"==={max(allowed)}")
