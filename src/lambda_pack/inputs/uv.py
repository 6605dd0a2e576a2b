"""uv.lock: a graph of packages for all platforms at once, forks told apart by markers.

Facts: uv's documentation, "Resolution" and "Locking and syncing", and locks that uv 0.13 wrote.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct, field
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name

from lambda_pack.errors import UsageError
from lambda_pack.inputs.documents import check_told, read_toml, shown, understood
from lambda_pack.inputs.manifest import Manifest, named_lines
from lambda_pack.inputs.manifest_indexes import project_indexes
from lambda_pack.inputs.manifest_sources import sources_of
from lambda_pack.inputs.reading import Reading
from lambda_pack.inputs.requirements import RequirementsFile
from lambda_pack.inputs.uv_format import check_format, normalized
from lambda_pack.inputs.uv_freshness import difference
from lambda_pack.inputs.uv_packages import asked_by_name, edges_of, locked_package, place_of
from lambda_pack.model.locked import Dependency, Locked, conflict_name
from lambda_pack.model.requirements import Requested
from lambda_pack.model.selection import Selection

__all__ = ["read_uv_lock"]

_WHAT_NOW = "lock again with `uv lock`"


def read_uv_lock(
    path: Path, selection: Selection, environ: Mapping[str, str], *, project: Path | None = None
) -> Reading:
    """The lock, for the project in one folder of its workspace (by default its root), or for a script.

    Raises:
        UsageError: it cannot be read, is of a newer format, or has no such project, group or extra.
    """
    with understood(path, what_now=_WHAT_NOW):
        content = normalized(read_toml(path, what_now=_WHAT_NOW))
        warnings = check_format(content, path)
        packages = [locked_package(entry) for entry in content["package"]]
        start = _start(content, path, project or path.parent)
        start.check(selection, path)
        lock = Locked(
            packages=tuple(packages),
            roots=tuple(start.roots(selection)),
            is_graph=True,
            extras=frozenset(start.active(selection)),
            environments=tuple(Marker(text) for text in content.get("supported-markers", ())),
            requires_python=SpecifierSet(content["requires-python"]) if "requires-python" in content else None,
            start=tuple(start.dependencies(selection)),
            own=frozenset(map(canonicalize_name, start.names)) if start.is_project else frozenset(),
            conflicts=tuple(frozenset(map(_conflict_item, items)) for items in content.get("conflicts", ())),
        )
        stale = difference(content, path.absolute().parent)
    for locked in packages:
        check_told(locked.package, path)
    is_there = start.manifest.suffix == ".toml" and start.manifest.is_file()
    root = read_toml(start.manifest, what_now="correct it") if is_there else {}
    return Reading(
        folder=path.absolute().parent,
        lock=lock,
        name=start.names[0] if len(start.names) == 1 else None,
        stale=stale,
        # The lock says where its files are; what builds require comes from the project's indexes.
        written=RequirementsFile(indexes=project_indexes(Manifest(start.manifest, "", root), selection, environ)),
        sources=tuple(source.url for source in sources_of(root, environ)),
        warnings=(*warnings, *_about_default_groups(start, selection, root, path)),
    )


class _Start(Struct, frozen=True):
    """Where the graph is entered: what the wanted projects ask for, by group and extra; `manifest` has the lines.

    `is_project` is False where all members of a workspace are wanted, or a script's requirements: then `main` is to be
    packed whatever its names are. `offered` has the extras of each project, `defaults` the groups that uv would sync.
    """

    manifest: Path
    names: tuple[str, ...]
    main: tuple[Dependency, ...]
    extras: Mapping[NormalizedName, tuple[Dependency, ...]] = field(default_factory=dict)
    groups: Mapping[NormalizedName, tuple[Dependency, ...]] = field(default_factory=dict)
    is_project: bool = False
    offered: Mapping[str, frozenset[NormalizedName]] = field(default_factory=dict)
    grouped: Mapping[str, frozenset[NormalizedName]] = field(default_factory=dict)
    defaults: frozenset[NormalizedName] = frozenset()

    def check(self, selection: Selection, path: Path) -> None:
        extras = {*self.extras, *(extra for offered in self.offered.values() for extra in offered)}
        selection.check(groups=self.groups, extras=extras, where=repr(shown(path).as_posix()))

    def dependencies(self, selection: Selection) -> Iterator[Dependency]:
        """Yield what the selection asks for."""
        yield from self.main if selection.takes_main else ()
        for extra in sorted(selection.all_extras):
            yield from self.extras.get(extra, ())
            for name, offered in self.offered.items():
                if not self.is_project and extra in offered:
                    yield from edges_of([{"name": name, "extra": [extra]}])
        for group in sorted(selection.all_groups):
            yield from self.groups[group]

    def roots(self, selection: Selection) -> Iterator[Requested]:
        """Yield the same with their lines; conditions on conflicts are left out, as the lock alone decides those."""
        wanted = list(self.dependencies(selection))
        text = self.manifest.read_text("utf-8") if self.manifest.is_file() else ""
        lines = named_lines(self.manifest, text, [one.requirement.name for one in wanted])
        for one in wanted:
            requirement = Requirement(str(one.requirement))
            if "extra" in str(requirement.marker):
                requirement.marker = None
            yield Requested(lines[requirement.name], requirement)

    def active(self, selection: Selection) -> Iterator[str]:
        """Yield what the selection activates, as the markers of the lock name it."""
        for name in self.names:
            if selection.takes_main:
                yield conflict_name("project", name)
            for extra in selection.all_extras & self.offered.get(name, frozenset()):
                yield conflict_name("extra", name, extra)
            for group in selection.all_groups & self.grouped.get(name, frozenset()):
                yield conflict_name("group", name, group)


def _start(content: Mapping[str, Any], path: Path, project: Path) -> _Start:
    entries = {place: entry for entry in content["package"] if (place := place_of(entry)) is not None}
    declared = content.get("manifest", {})
    folder = path.absolute().parent
    here = Path(os.path.relpath(project.absolute(), folder)).as_posix()
    if path.name.endswith(".py.lock"):
        asked = tuple(asked_by_name(declared.get("requirements", ()), content["package"]))
        return _Start(path.with_suffix(""), (path.name.removesuffix(".py.lock"),), asked)
    if here in entries:
        return _of_project(entries[here], project / "pyproject.toml")
    members = [entry for entry in entries.values() if entry["name"] in declared.get("members", ())]
    if here != "." or not members:
        raise UsageError(f"{shown(path).as_posix()!r} has no project in {here!r}; {_WHAT_NOW}")
    return _of_workspace(members, content, project / "pyproject.toml")


def _of_project(entry: Mapping[str, Any], manifest: Path) -> _Start:
    extras, groups = _extras_of(entry), _groups_of(entry)
    return _Start(
        manifest,
        (entry["name"],),
        tuple(edges_of(entry.get("dependencies", ()))),
        extras,
        groups,
        is_project=True,
        offered={entry["name"]: frozenset(extras)},
        grouped={entry["name"]: frozenset(groups)},
        defaults=frozenset(map(canonicalize_name, entry.get("default-groups", ()))),
    )


def _of_workspace(members: Iterable[Mapping[str, Any]], content: Mapping[str, Any], manifest: Path) -> _Start:
    """Return the start at a root that is no project itself: it stands for all members of its workspace."""
    members = tuple(members)
    declared = content.get("manifest", {}).get("dependency-groups", {})
    groups = {
        canonicalize_name(name): tuple(asked_by_name(rows, content["package"])) for name, rows in declared.items()
    }
    for entry in members:
        for name, rows in _groups_of(entry).items():
            groups[name] = (*groups.get(name, ()), *rows)
    return _Start(
        manifest,
        tuple(entry["name"] for entry in members),
        tuple(edges_of({"name": entry["name"]} for entry in members)),
        groups=groups,
        offered={entry["name"]: frozenset(_extras_of(entry)) for entry in members},
        grouped={entry["name"]: frozenset(_groups_of(entry)) for entry in members},
        defaults=frozenset(map(canonicalize_name, content.get("manifest", {}).get("default-groups", ()))),
    )


def _extras_of(entry: Mapping[str, Any]) -> dict[NormalizedName, tuple[Dependency, ...]]:
    """Return the extras of a project; those that ask for nothing are only named in its metadata."""
    named = dict.fromkeys(entry.get("metadata", {}).get("provides-extras", ()), ())
    return _by_name({**named, **entry.get("optional-dependencies", {})})


def _groups_of(entry: Mapping[str, Any]) -> dict[NormalizedName, tuple[Dependency, ...]]:
    named = dict.fromkeys(entry.get("metadata", {}).get("requires-dev", {}), ())
    return _by_name({**named, **entry.get("dev-dependencies", {})})


def _by_name(table: Mapping[str, Iterable[Mapping[str, Any]]]) -> dict[NormalizedName, tuple[Dependency, ...]]:
    return {canonicalize_name(name): tuple(edges_of(rows)) for name, rows in table.items()}


def _conflict_item(item: Mapping[str, str]) -> str:
    match item:
        case {"package": str(package), "extra": str(extra)}:
            return conflict_name("extra", package, extra)
        case {"package": str(package), "group": str(group)}:
            return conflict_name("group", package, group)
        case _:
            return conflict_name("project", item["package"])


def _about_default_groups(start: _Start, selection: Selection, root: Mapping[str, Any], path: Path) -> Iterator[str]:
    """Yield a warning about groups that `uv sync` would install and that were not asked for.

    "dev" is one without being named, and everybody knows what it is for.
    """
    said = root.get("tool", {}).get("uv", {}).get("default-groups", ())
    named = start.groups if said == "all" else frozenset(map(canonicalize_name, () if isinstance(said, str) else said))
    left = [
        name
        for name in sorted((start.defaults | frozenset(named)) - selection.all_groups - {canonicalize_name("dev")})
        if start.groups.get(name)
    ]
    if left and selection.takes_main:
        options = " ".join(f"--group {name}" for name in left)
        yield (
            f"{', '.join(map(repr, left))} are default groups of {shown(path).as_posix()!r} and not packed, "
            f"as groups are for development; pack them with {options}"
        )
