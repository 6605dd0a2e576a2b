"""poetry.lock, versions 1.0 to 2.x: file names and digests, no URLs.

Since 2.1 each package says for which groups and under which condition it is needed; before that, the manifest's own
requirements have to be followed from package to package.

Facts: `poetry.packages.locker` of poetry 2.5, and locks that poetry 1.8 and 2.x wrote.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import Version

from lambda_pack.errors import UsageError
from lambda_pack.inputs.documents import check_told, read_toml, shown, understood
from lambda_pack.inputs.locked_files import newer_format
from lambda_pack.inputs.manifest import Manifest, chosen
from lambda_pack.inputs.manifest_sources import sources_of
from lambda_pack.inputs.poetry_constraints import python_marker
from lambda_pack.inputs.poetry_packages import LockContent, locked_package
from lambda_pack.inputs.pyproject import project_name, read_manifest
from lambda_pack.inputs.reading import Reading
from lambda_pack.model.locked import Locked, LockedPackage
from lambda_pack.model.requirements import Requested
from lambda_pack.model.selection import Selection

__all__ = ["read_poetry_lock"]

_NEWEST_MAJOR = 2
_SELF_CONTAINED = Version("2.1")
_NEWEST = _SELF_CONTAINED
_WHAT_NOW = "lock again with `poetry lock`"


def read_poetry_lock(path: Path, selection: Selection, environ: Mapping[str, str]) -> Reading:
    """The lock, with the pyproject.toml beside it.

    Raises:
        UsageError: it cannot be read, is of a newer format, or has no group or extra of a name.
    """
    content = read_toml(path, what_now=_WHAT_NOW)
    beside = path.parent / "pyproject.toml"
    document = read_toml(beside, what_now="correct it") if beside.is_file() else {}
    with understood(path, what_now=_WHAT_NOW):
        metadata = content["metadata"]
        version = Version(metadata["lock-version"])
        _check_version(version, path)
        sources = {source.name: source.url for source in sources_of(document, environ)}
        packages = _packages(LockContent(content, sources), selection, version)
        manifest = _manifest(beside, is_needed=version < _SELF_CONTAINED)
        roots = _roots(manifest, selection, content, path, is_graph=version < _SELF_CONTAINED)
        python = python_marker(metadata["python-versions"])
        stale = _staleness(metadata.get("content-hash"), document, beside)
    for locked in packages:
        check_told(locked.package, path)
    lock = Locked(
        packages=packages,
        roots=roots,
        is_graph=version < _SELF_CONTAINED,
        # In a graph the manifest's lines are chosen by extra, and "extra" in a marker is one of the package's parent.
        extras=frozenset() if version < _SELF_CONTAINED else selection.all_extras,
        environments=(python,) if python else (),
    )
    return Reading(
        folder=path.absolute().parent,
        lock=lock,
        name=project_name(document),
        stale=stale,
        sources=tuple(sources.values()),
        warnings=(newer_format(path, version, _NEWEST, "poetry export"),) if version > _NEWEST else (),
    )


def _check_version(version: Version, path: Path) -> None:
    if version.major not in range(1, _NEWEST_MAJOR + 1):
        raise UsageError(
            f"{shown(path).as_posix()!r} has the format {version}, and lambda-pack knows 1.0 to {_NEWEST_MAJOR}.x; "
            "update lambda-pack, or export it: poetry export --output requirements.txt"
        )


def _packages(content: LockContent, selection: Selection, version: Version) -> tuple[LockedPackage, ...]:
    if version < _SELF_CONTAINED:
        return tuple(locked_package(entry, content, None) for entry in content.entries)
    groups = selection.all_groups | ({"main"} if selection.takes_main else frozenset())
    found = ((entry, groups & set(map(canonicalize_name, entry.get("groups", ())))) for entry in content.entries)
    return tuple(locked_package(entry, content, wanted) for entry, wanted in found if wanted)


def _manifest(path: Path, *, is_needed: bool) -> Manifest | None:
    """The manifest; where the lock stands for itself, one that we cannot read only costs the lines."""
    if not path.is_file():
        return None
    try:
        return read_manifest(path)
    except UsageError:
        if is_needed:
            raise
        return None


def _roots(
    manifest: Manifest | None, selection: Selection, content: Mapping[str, Any], path: Path, *, is_graph: bool
) -> tuple[Requested, ...]:
    if manifest is not None:
        return chosen(manifest, selection)
    if is_graph:
        raise UsageError(
            f"{shown(path).as_posix()!r} needs the pyproject.toml that it was made from beside it; "
            "put it there, or lock with poetry 2 or newer"
        )
    groups = {name for entry in content["package"] for name in entry.get("groups", ())}
    selection.check(groups=groups, extras=content.get("extras", {}), where=repr(shown(path).as_posix()))
    return ()


def _staleness(said: str | None, document: Mapping[str, Any], manifest: Path) -> str | None:
    if said is None or not document or said in set(_content_hashes(document)):
        return None
    return f"{shown(manifest).as_posix()!r} has changed since the lock was made (content-hash)"


def _content_hashes(document: Mapping[str, Any]) -> Iterator[str]:
    """What poetry would write; before 2.3 it left out the dependency groups of PEP 735."""
    project, own = document.get("project", {}), document.get("tool", {}).get("poetry", {})
    of_project = {
        key: project[key] for key in ("requires-python", "dependencies", "optional-dependencies") if key in project
    }
    none: dict[str, Any] = {}
    for groups in (document.get("dependency-groups", {}), none):
        is_standard = bool(of_project or groups)
        legacy = ("dependencies", "source", "extras", "dev-dependencies")
        of_poetry = {key: own.get(key) for key in legacy if key in own or not is_standard}
        of_poetry |= {"group": own["group"]} if "group" in own else {}
        relevant: dict[str, Any] = {"project": of_project} if of_project else {}
        relevant |= {"dependency-groups": groups} if groups else {}
        relevant = {**relevant, "tool": {"poetry": of_poetry}} if relevant else of_poetry
        yield hashlib.sha256(json.dumps(relevant, sort_keys=True, default=str).encode()).hexdigest()
