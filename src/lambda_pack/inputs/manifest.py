"""A project's manifest: what it asks for directly, by groups and extras, each with its line."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from msgspec import Struct, field
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import InvalidVersion, Version

from lambda_pack.inputs.documents import line_of, shown
from lambda_pack.inputs.self_references import SelfReferences
from lambda_pack.model.requirements import Origin, Requested
from lambda_pack.model.selection import Selection

__all__ = ["Manifest", "Source", "chosen", "extras_asked_for", "named_lines", "origin_of", "self_references"]


class Source(Struct, frozen=True):
    """An index that a manifest names in the section of a tool; `url` may hold a login.

    A default takes the public index's place. `priority` is poetry's word, `only` and `never` are pdm's patterns of
    normalized names. A flat one is a page of links, or a folder.
    """

    name: str
    url: str
    is_default: bool = False
    is_explicit: bool = False
    tool: str = ""
    priority: str = ""
    is_flat: bool = False
    only: tuple[str, ...] = ()
    never: tuple[str, ...] = ()


class Manifest(Struct, frozen=True):
    """What is written; `content` is the document itself."""

    path: Path
    text: str
    content: Mapping[str, Any]
    name: str | None = None
    main: tuple[Requested, ...] = ()
    extras: Mapping[NormalizedName, tuple[Requested, ...]] = field(default_factory=lambda: MappingProxyType({}))
    groups: Mapping[NormalizedName, tuple[Requested, ...]] = field(default_factory=lambda: MappingProxyType({}))


def chosen(manifest: Manifest, selection: Selection) -> tuple[Requested, ...]:
    """The direct dependencies that a selection takes; requirements on the project itself are resolved inside of it.

    Raises:
        UsageError: the manifest has no group or extra of a name.
    """
    where = repr(shown(manifest.path).as_posix())
    selection.check(groups=manifest.groups, extras=manifest.extras, where=where)
    return self_references(manifest).resolved(_named(manifest, selection))


def extras_asked_for(manifest: Manifest, selection: Selection) -> frozenset[NormalizedName]:
    """The extras that a selection names, and those that it leads to through requirements on the project itself."""
    return selection.all_extras | self_references(manifest).extras_in(_named(manifest, selection))


def _named(manifest: Manifest, selection: Selection) -> list[Requested]:
    """The lines that a selection names, without names that the manifest does not have."""
    found = list(manifest.main if selection.takes_main else ())
    for extra in sorted(selection.all_extras):
        found += manifest.extras.get(extra, ())
    for group in sorted(selection.all_groups):
        found += manifest.groups.get(group, ())
    return found


def self_references(manifest: Manifest) -> SelfReferences:
    """What replaces the manifest's requirements on its own project."""
    return SelfReferences(
        manifest.name,
        manifest.path.parent,
        version=_version(manifest.content),
        main=manifest.main,
        extras=manifest.extras,
    )


def _version(content: Mapping[str, Any]) -> Version | None:
    """Return the version that a pyproject.toml states; None where its backend finds it out.

    That of `[tool.poetry]` does not count: plugins replace it.
    """
    stated = content.get("project", {}).get("version")
    try:
        return Version(str(stated)) if stated else None
    except InvalidVersion:
        return None


def named_lines(path: Path, text: str, names: Iterable[str]) -> dict[str, Origin]:
    """Where each of these packages is written first, in quotes or as a key: what a reader is pointed to."""
    return {name: origin_of(path, text, _spelled(name)) for name in names}


def origin_of(path: Path, text: str, *patterns: str) -> Origin:
    """The line of the last of the patterns, each looked for behind the one before it."""
    return Origin(shown(path).as_posix(), line_of(text, *patterns))


def _spelled(name: str) -> str:
    """In any spelling that is normalized to this name, behind a quote or at the beginning of a line."""
    loose = "[-_.]+".join(re.escape(part) for part in canonicalize_name(name).split("-"))
    return rf"(?i)(?:[\"']|^\s*){loose}(?![-_.\w])"
