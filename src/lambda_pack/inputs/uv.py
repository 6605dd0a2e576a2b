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
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name

from lambda_pack.errors import UsageError
from lambda_pack.inputs.documents import check_told, read_toml, shown, understood
from lambda_pack.inputs.manifest import named_lines
from lambda_pack.inputs.manifest_sources import sources_of
from lambda_pack.inputs.reading import Reading
from lambda_pack.inputs.uv_freshness import difference
from lambda_pack.inputs.uv_packages import edges_of, locked_package, place_of
from lambda_pack.looks import seen
from lambda_pack.model.locked import Locked
from lambda_pack.model.requirements import Requested
from lambda_pack.model.selection import Selection

__all__ = ["read_uv_lock"]

_FORMAT = 1
"""The newest version of the format that is understood; uv raises it where older programs would read nonsense."""
_WHAT_NOW = "lock again with `uv lock`"


def read_uv_lock(
    path: Path, selection: Selection, environ: Mapping[str, str], *, project: Path | None = None
) -> Reading:
    """The lock, for the project in one folder of its workspace (by default its root), or for a script.

    Raises:
        UsageError: it cannot be read, is of a newer format, or has no such project, group or extra.
    """
    content = read_toml(path, what_now=_WHAT_NOW)
    with understood(path, what_now=_WHAT_NOW):
        if content["version"] != _FORMAT:
            raise UsageError(
                f"{shown(path).as_posix()!r} has the format {content['version']!r}, and lambda-pack knows {_FORMAT}; "
                "update lambda-pack, or export it: uv export --format pylock.toml -o pylock.toml"
            )
        packages = [locked_package(entry) for entry in content.get("package", ())]
        start = _start(content, path, project or path.parent)
        start.check(selection, path)
        lock = Locked(
            packages=tuple(packages),
            roots=tuple(start.roots(selection)),
            is_graph=True,
            extras=frozenset(_conflict_names(start.names, selection)),
            environments=tuple(Marker(text) for text in content.get("supported-markers", ())),
            requires_python=SpecifierSet(content["requires-python"]) if "requires-python" in content else None,
        )
        stale = difference(content, path.absolute().parent)
    for locked in packages:
        check_told(locked.package, path)
    is_there = start.manifest.suffix == ".toml" and seen(start.manifest).is_file()
    root = read_toml(start.manifest, what_now="correct it") if is_there else {}
    return Reading(
        folder=path.absolute().parent,
        lock=lock,
        name=start.names[0] if len(start.names) == 1 else None,
        stale=stale,
        sources=tuple(source.url for source in sources_of(root, environ)),
    )


class _Start(Struct, frozen=True):
    """Where the graph is entered: what the wanted projects ask for, by group and extra; `manifest` has the lines."""

    manifest: Path
    names: tuple[str, ...]
    main: tuple[Mapping[str, Any], ...]
    extras: Mapping[NormalizedName, tuple[Mapping[str, Any], ...]] = field(default_factory=dict)
    groups: Mapping[NormalizedName, tuple[Mapping[str, Any], ...]] = field(default_factory=dict)

    def check(self, selection: Selection, path: Path) -> None:
        selection.check(groups=self.groups, extras=self.extras, where=repr(shown(path).as_posix()))

    def roots(self, selection: Selection) -> Iterator[Requested]:
        edges = list(self.main if selection.takes_main else ())
        edges += [edge for name in sorted(selection.all_extras) for edge in self.extras[name]]
        edges += [edge for name in sorted(selection.all_groups) for edge in self.groups[name]]
        text = seen(self.manifest).read_text("utf-8") if seen(self.manifest).is_file() else ""
        lines = named_lines(self.manifest, text, [edge["name"] for edge in edges])
        for edge, requirement in zip(edges, edges_of(edges), strict=True):
            yield Requested(lines[edge["name"]], requirement)


def _start(content: Mapping[str, Any], path: Path, project: Path) -> _Start:
    entries = {place: entry for entry in content.get("package", ()) if (place := place_of(entry)) is not None}
    declared = content.get("manifest", {})
    folder = path.absolute().parent
    here = Path(os.path.relpath(project.absolute(), folder)).as_posix()
    if path.name.endswith(".py.lock"):
        return _Start(
            path.with_suffix(""), (path.name.removesuffix(".py.lock"),), tuple(declared.get("requirements", ()))
        )
    if here in entries:
        return _of_project(entries[here], project / "pyproject.toml")
    members = [entry for entry in entries.values() if entry["name"] in declared.get("members", ())]
    if here != "." or not members:
        raise UsageError(f"{shown(path).as_posix()!r} has no project in {here!r}; {_WHAT_NOW}")
    # A root that is no project itself stands for all members of its workspace.
    groups = {canonicalize_name(name): tuple(rows) for name, rows in declared.get("dependency-groups", {}).items()}
    own = tuple({"name": entry["name"]} for entry in members)
    return _Start(project / "pyproject.toml", tuple(entry["name"] for entry in members), own, {}, groups)


def _of_project(entry: Mapping[str, Any], manifest: Path) -> _Start:
    def by_name(
        table: Mapping[str, Iterable[Mapping[str, Any]]],
    ) -> dict[NormalizedName, tuple[Mapping[str, Any], ...]]:
        return {canonicalize_name(name): tuple(rows) for name, rows in table.items()}

    # Those that ask for nothing are only named.
    metadata = entry.get("metadata", {})
    return _Start(
        manifest,
        (entry["name"],),
        tuple(entry.get("dependencies", ())),
        by_name({**dict.fromkeys(metadata.get("provides-extras", ()), ()), **entry.get("optional-dependencies", {})}),
        by_name({**dict.fromkeys(metadata.get("requires-dev", {}), ()), **entry.get("dev-dependencies", {})}),
    )


def _conflict_names(names: Iterable[str], selection: Selection) -> Iterator[str]:
    """What uv calls extras and groups in the markers of packages that depend on which of several is chosen."""
    for name in names:
        yield from (f"extra-{len(name)}-{name}-{extra}" for extra in selection.all_extras)
        yield from (f"group-{len(name)}-{name}-{group}" for group in selection.all_groups)
        if selection.takes_main:
            yield f"project-{len(name)}-{name}"
