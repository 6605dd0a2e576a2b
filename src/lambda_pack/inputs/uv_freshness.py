"""Whether a uv.lock still says what the manifests of its projects say.

uv.lock has no hash of the manifest; it repeats each project's requirements instead. Markers are not compared: uv
rewrites them in ways of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name

from lambda_pack.inputs.documents import read_toml, shown, understood
from lambda_pack.inputs.groups import each_once
from lambda_pack.inputs.uv_packages import place_of

__all__ = ["difference"]

_Wish: TypeAlias = tuple[str, str, frozenset[str], SpecifierSet | None]
"""Group (empty for dependencies and extras), name, extras, and versions; None where a place is named instead."""


def difference(content: Mapping[str, Any], folder: Path) -> str | None:
    """Return how the lock differs from the manifest of a project in it, or of a root that is no project, if it does."""
    root = folder / "pyproject.toml"
    placed = _placed(_read(root)) if root.is_file() else frozenset()
    declared = content.get("manifest", {}).get("dependency-groups")
    projects = [(place, entry["metadata"]) for entry in content["package"] if (place := _place_with_metadata(entry))]
    if declared is not None and "." not in dict(projects):
        projects.append((".", {"requires-dev": declared}))
    for place, metadata in projects:
        path = folder / place / "pyproject.toml"
        if not path.is_file():
            continue
        document = _read(path)
        with understood(path, what_now="correct it"):
            own = _placed(document)
            # uv does not always follow the root's sources for a member, so of those either is right.
            loose = placed - own
            written, locked = frozenset(_written(document, own | loose)), frozenset(_locked(metadata, loose))
        # What the build backend says of dependencies is not known here.
        is_dynamic = bool(_DYNAMIC & set(document.get("project", {}).get("dynamic", ())))
        changed = (wish for wish in written ^ locked if wish[0] or not is_dynamic)
        for group, name, _, _ in sorted(changed, key=str):
            where = f"the group {group!r} of " if group else ""
            return f"{name!r} in {where}{shown(path).as_posix()!r} is not what the lock has"
    return None


def _place_with_metadata(entry: Mapping[str, Any]) -> str | None:
    return place_of(entry) if "metadata" in entry else None


def _read(path: Path) -> dict[str, Any]:
    return read_toml(path, what_now="correct it")


def _placed(document: Mapping[str, Any]) -> frozenset[NormalizedName]:
    """Return the packages whose source is a place, in some fork at least: the lock has no versions of those.

    What the root says of sources counts for its members, too.
    """
    found = set()
    for name, value in document.get("tool", {}).get("uv", {}).get("sources", {}).items():
        rows = value if isinstance(value, list) else [value]
        if any(row.keys() & {"git", "url", "path", "workspace"} for row in rows):
            found.add(canonicalize_name(name))
    return frozenset(found)


def _written(document: Mapping[str, Any], placed: frozenset[NormalizedName]) -> Iterator[_Wish]:
    project = document.get("project", {})
    extras = project.get("optional-dependencies", {})
    yield from _wishes(
        "", [*project.get("dependencies", ()), *(line for rows in extras.values() for line in rows)], placed
    )
    groups: dict[NormalizedName, Iterable[Any]] = {
        canonicalize_name(name): rows for name, rows in document.get("dependency-groups", {}).items()
    }
    for group, lines in _lines(groups).items():
        yield from _wishes(group, lines, placed)
    yield from _wishes("dev", document.get("tool", {}).get("uv", {}).get("dev-dependencies", ()), placed)


def _lines(groups: Mapping[NormalizedName, Iterable[Any]]) -> Mapping[NormalizedName, Iterable[str]]:
    """Return the requirements of each group (PEP 735), with those of the groups that it includes."""

    def lines_of(name: NormalizedName, include: Callable[[NormalizedName], Iterable[str]]) -> Iterator[str]:
        for line in groups.get(name, ()):
            if isinstance(line, str):
                yield line
            else:
                yield from include(canonicalize_name(line["include-group"]))

    return each_once(groups, lines_of, where="the dependency group")


def _wishes(group: str, lines: Iterable[str], placed: frozenset[NormalizedName]) -> Iterator[_Wish]:
    for requirement in map(Requirement, lines):
        name = canonicalize_name(requirement.name)
        is_placed = name in placed or requirement.url is not None
        extras = frozenset(map(canonicalize_name, requirement.extras))
        yield group, name, extras, None if is_placed else requirement.specifier


def _locked(metadata: Mapping[str, Any], loose: frozenset[NormalizedName]) -> Iterator[_Wish]:
    placed = loose | {canonicalize_name(row["name"]) for row in _rows(metadata) if row.keys() & _PLACES}
    for group, rows in _tables(metadata).items():
        for row in rows:
            name = canonicalize_name(row["name"])
            specifier = None if name in placed else SpecifierSet(row.get("specifier", ""))
            extras = frozenset(map(canonicalize_name, row.get("extras", ())))
            yield canonicalize_name(group) if group else "", name, extras, specifier


def _rows(metadata: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for rows in _tables(metadata).values():
        yield from rows


def _tables(metadata: Mapping[str, Any]) -> Mapping[str, Iterable[Mapping[str, Any]]]:
    return {
        "": metadata.get("requires-dist", ()),
        **metadata.get("requires-dev", metadata.get("dependency-groups", {})),
    }


_DYNAMIC = frozenset({"dependencies", "optional-dependencies"})
_PLACES = frozenset({"git", "url", "path", "directory", "editable", "virtual"})
