"""Whether a uv.lock still says what the manifests of its projects say.

uv.lock has no hash of the manifest; it repeats each project's requirements instead. Markers are not compared: uv
rewrites them in ways of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from lambda_pack.inputs.documents import shown
from lambda_pack.inputs.manifest import Manifest
from lambda_pack.inputs.pyproject import read_manifest
from lambda_pack.inputs.uv_packages import place_of
from lambda_pack.looks import seen
from lambda_pack.model.requirements import Requested

__all__ = ["difference"]

_Wish: TypeAlias = tuple[str, str, frozenset[str], SpecifierSet | None]
"""Group (empty for dependencies and extras), name, extras, and versions; None where a place is named instead."""


def difference(content: Mapping[str, Any], folder: Path) -> str | None:
    """How the lock differs from the manifest of a project in it, if it does."""
    for entry in content.get("package", ()):
        place = place_of(entry)
        path = folder / (place or "") / "pyproject.toml"
        if place is None or "metadata" not in entry or not seen(path).is_file():
            continue
        manifest = read_manifest(path)
        written, locked = frozenset(_written(manifest)), frozenset(_locked(entry["metadata"]))
        for group, name, _, _ in sorted(written ^ locked, key=str):
            where = f"the group {group!r} of " if group else ""
            return f"{name!r} in {where}{shown(path).as_posix()!r} is not what the lock has"
    return None


def _written(manifest: Manifest) -> Iterator[_Wish]:
    lines = [*manifest.main, *(line for extra in manifest.extras.values() for line in extra)]
    yield from _wishes("", lines)
    for group, listed in manifest.groups.items():
        yield from _wishes(group, listed)


def _wishes(group: str, lines: Iterable[Requested]) -> Iterator[_Wish]:
    for line in lines:
        if line.requirement is not None and line.name is not None:
            extras = frozenset(map(canonicalize_name, line.requirement.extras))
            yield group, line.name, extras, None if line.requirement.url else line.requirement.specifier


def _locked(metadata: Mapping[str, Any]) -> Iterator[_Wish]:
    groups = {"": metadata.get("requires-dist", ()), **metadata.get("requires-dev", {})}
    for group, rows in groups.items():
        for row in rows:
            is_placed = row.keys() & {"git", "url", "path", "directory", "editable", "virtual"}
            specifier = None if is_placed else SpecifierSet(row.get("specifier", ""))
            extras = frozenset(map(canonicalize_name, row.get("extras", ())))
            yield canonicalize_name(group) if group else "", canonicalize_name(row["name"]), extras, specifier
