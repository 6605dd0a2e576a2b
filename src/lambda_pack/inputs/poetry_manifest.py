"""Poetry's own sections of pyproject.toml."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name

from lambda_pack.errors import UsageError
from lambda_pack.inputs.groups import each_once
from lambda_pack.inputs.manifest import Manifest, origin_of
from lambda_pack.inputs.manifest_sources import url_of
from lambda_pack.inputs.poetry_constraints import alternatives, locked_marker, python_marker
from lambda_pack.model.requirements import Origin, Requested

__all__ = ["marker_of", "poetry_extras", "poetry_groups", "poetry_main"]


def poetry_main(manifest: Manifest) -> tuple[Requested, ...]:
    """What `[tool.poetry.dependencies]` asks for unconditionally.

    Beside `[project]` that table only says where its dependencies come from.
    """
    if "dependencies" in manifest.content.get("project", {}):
        return ()
    table = _section(manifest).get("dependencies", {})
    return tuple(_requested(manifest, table, r"^\[tool\.poetry\.dependencies\]", optional=False))


def poetry_extras(manifest: Manifest) -> dict[NormalizedName, tuple[Requested, ...]]:
    """What `[tool.poetry.extras]` names, as the optional dependencies say it."""
    section = _section(manifest)
    lines = tuple(_requested(manifest, section.get("dependencies", {}), r"^\[tool\.poetry\.dep", optional=True))
    return {
        canonicalize_name(extra): tuple(
            line for line in lines if line.name in {canonicalize_name(name) for name in names}
        )
        for extra, names in section.get("extras", {}).items()
    }


def poetry_groups(manifest: Manifest) -> dict[NormalizedName, tuple[Requested, ...]]:
    """The groups, those included by others too; `dev-dependencies` is how poetry 1.0 wrote the group `dev`."""
    section = _section(manifest)
    groups: dict[str, Mapping[str, Any]] = dict(section.get("group", {}))
    if "dev-dependencies" in section:
        groups.setdefault("dev", {"dependencies": section["dev-dependencies"]})

    def lines_of(name: str, include: Callable[[str], Iterable[Requested]]) -> Iterator[Requested]:
        if name not in groups:
            raise UsageError(f"the group {name!r} is included but does not exist; correct it")
        header = rf"^\[tool\.poetry\.(?:group\.{re.escape(name)}\.dependencies|dev-dependencies)\]"
        yield from _requested(manifest, groups[name].get("dependencies", {}), header, optional=None)
        for included in groups[name].get("include-groups", ()):
            yield from include(included)

    found = each_once(groups, lines_of, where="the group")
    return {canonicalize_name(name): lines for name, lines in found.items()}


def _section(manifest: Manifest) -> Mapping[str, Any]:
    section: Mapping[str, Any] = manifest.content.get("tool", {}).get("poetry", {})
    return section


def _requested(
    manifest: Manifest, table: Mapping[str, Any], header: str, *, optional: bool | None
) -> Iterator[Requested]:
    """The lines of a table; `optional` None takes them all."""
    for name, value in table.items():
        if canonicalize_name(name) == "python":
            continue
        origin = origin_of(manifest.path, manifest.text, header, rf"^\s*[\"']?{re.escape(name)}[\"']?\s*=")
        for one in value if isinstance(value, list) else [value]:
            details = {"version": one} if isinstance(one, str) else one
            if optional is None or bool(details.get("optional")) is optional:
                yield Requested(origin, _requirement(manifest, name, details, origin))


def _requirement(manifest: Manifest, name: str, details: Mapping[str, Any], origin: Origin) -> Requirement:
    requirement = Requirement(canonicalize_name(name))
    requirement.extras = set(details.get("extras", ()))
    requirement.marker = marker_of(details)
    requirement.url = url_of(name, details, manifest)
    if requirement.url is None:
        requirement.specifier = _one(str(details.get("version", "*")), origin)
    return requirement


def _one(constraint: str, origin: Origin) -> SpecifierSet:
    try:
        sets = alternatives(constraint)
    except UsageError as error:
        raise UsageError(f"{origin}: {error}") from error
    if len(sets) > 1:
        raise UsageError(
            f"{origin}: {constraint!r} allows alternatives, which need a lock; make one with `poetry lock`"
        )
    return sets[0]


def marker_of(details: Mapping[str, Any]) -> Marker | None:
    """The condition of a dependency: `markers`, `python` and `platform` together."""
    said = []
    if details.get("markers"):
        said.append(str(locked_marker(details["markers"])))
    if details.get("python") and (python := python_marker(details["python"])):
        said.append(str(python))
    if details.get("platform"):
        said.append(f'sys_platform == "{details["platform"]}"')
    return Marker(" and ".join(f"({text})" for text in said)) if said else None
