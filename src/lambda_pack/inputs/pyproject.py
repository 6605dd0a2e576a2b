"""pyproject.toml alone: PEP 621, dependency groups (PEP 735), and the sections of poetry, uv and pdm."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name

from lambda_pack.errors import UsageError
from lambda_pack.inputs.documents import read_toml, shown, understood
from lambda_pack.inputs.groups import each_once
from lambda_pack.inputs.manifest import Manifest, chosen, origin_of, self_references
from lambda_pack.inputs.manifest_indexes import project_indexes
from lambda_pack.inputs.manifest_sources import direct_url, sources_of
from lambda_pack.inputs.poetry_manifest import poetry_extras, poetry_groups, poetry_main
from lambda_pack.inputs.reading import Reading
from lambda_pack.inputs.requirement_line import parse_line
from lambda_pack.inputs.requirements import RequirementsFile
from lambda_pack.inputs.uv_conflicts import check_conflicts
from lambda_pack.model.packages import Folder, Pin
from lambda_pack.model.requirements import Requested
from lambda_pack.model.selection import Selection

__all__ = [
    "asks_backend",
    "declares_dependencies",
    "manifest_of",
    "project_name",
    "read_manifest",
    "read_pyproject",
    "reading_of",
]

_WHAT_NOW = "correct it"


def read_pyproject(path: Path, selection: Selection, environ: Mapping[str, str]) -> Reading:
    """What a project asks for, to be resolved.

    Raises:
        UsageError: it cannot be read, asks for nothing, or has no group or extra of a name.
    """
    content = read_toml(path, what_now=_WHAT_NOW)
    if not declares_dependencies(content) and not asks_backend(content):
        raise UsageError(
            f"{shown(path).as_posix()!r} declares no dependencies; name the file that does with --input or -r"
        )
    return reading_of(read_manifest(path), selection, environ)


def reading_of(manifest: Manifest, selection: Selection, environ: Mapping[str, str]) -> Reading:
    """What a manifest asks for, with the indexes that it names.

    Raises:
        UsageError: it has no group or extra of a name.
    """
    if asks_backend(manifest.content):
        from lambda_pack.inputs.dynamic_metadata import with_backend

        selection, asked, warnings = with_backend(manifest, selection)
    else:
        asked, warnings = (), ()
    project = manifest.content.get("project", {})
    with understood(manifest.path, what_now=_WHAT_NOW):
        sources = sources_of(manifest.content, environ)
        indexes = project_indexes(manifest, selection, environ)
        required = project.get("requires-python")
        python = SpecifierSet(required) if required else None
        conflicts = manifest.content.get("tool", {}).get("uv", {}).get("conflicts", ())
        check_conflicts(conflicts, (manifest.name,) if manifest.name else (), selection, manifest.path)
    return Reading(
        folder=manifest.path.absolute().parent,
        written=RequirementsFile(requested=(*chosen(manifest, selection), *asked), indexes=indexes),
        name=manifest.name,
        requires_python=python,
        sources=tuple(source.url for source in sources),
        warnings=(*self_references(manifest).remarks, *warnings),
        itself=_itself(manifest),
    )


def _itself(manifest: Manifest) -> Folder | None:
    if manifest.name is None:
        return None
    return Folder(Pin(canonicalize_name(manifest.name), None), str(manifest.path.absolute().parent))


def read_manifest(path: Path) -> Manifest:
    """The manifest as it stands.

    Raises:
        UsageError: it cannot be read, or a line of it is no requirement.
    """
    content = read_toml(path, what_now=_WHAT_NOW)
    return manifest_of(path, path.read_text("utf-8"), content)


def manifest_of(path: Path, text: str, content: Mapping[str, Any]) -> Manifest:
    """The manifest that a TOML document is.

    Raises:
        UsageError: a line of it is no requirement.
    """
    with understood(path, what_now=_WHAT_NOW):
        bare = Manifest(path, text, content, project_name(content))
        project, tool = content.get("project", {}), content.get("tool", {})
        main = (*_listed(bare, project.get("dependencies", ()), r"^dependencies"), *poetry_main(bare))
        extras = {
            canonicalize_name(name): _listed(bare, lines, rf"^{re.escape(name)}")
            for name, lines in project.get("optional-dependencies", {}).items()
        }
        groups = _groups(bare) if content.get("dependency-groups") else {}
        uv, pdm = tool.get("uv", {}).get("dev-dependencies"), tool.get("pdm", {}).get("dev-dependencies", {})
        for name, lines in (*((("dev", uv),) if uv else ()), *pdm.items()):
            key = canonicalize_name(name)
            groups[key] = (*groups.get(key, ()), *_listed(bare, lines, r"dev-dependencies"))
        return Manifest(
            path,
            text,
            content,
            bare.name,
            main,
            {**extras, **poetry_extras(bare)},
            {**groups, **poetry_groups(bare)},
        )


def declares_dependencies(content: Mapping[str, Any]) -> bool:
    """Whether a pyproject.toml says what the project depends on; one with settings of tools alone does not."""
    project, tool = content.get("project", {}), content.get("tool", {})
    said = isinstance(project, dict) and bool(project.keys() & {"dependencies", "optional-dependencies"})
    is_whole = isinstance(project, dict) and "name" in project and "dependencies" not in project.get("dynamic", ())
    poetry = tool.get("poetry", {}) if isinstance(tool, dict) else {}
    return said or is_whole or "dependency-groups" in content or "dependencies" in poetry


def asks_backend(content: Mapping[str, Any]) -> bool:
    """Whether only the build backend knows the dependencies or the extras (`dynamic`); poetry's own table says them."""
    project, tool = content.get("project", {}), content.get("tool", {})
    dynamic = project.get("dynamic", ()) if isinstance(project, dict) else ()
    poetry = tool.get("poetry", {}) if isinstance(tool, dict) else {}
    return "name" in project and bool({"dependencies", "optional-dependencies"} & set(dynamic) - poetry.keys())


def project_name(content: Mapping[str, Any]) -> str | None:
    """What a project calls itself."""
    name = content.get("project", {}).get("name") or content.get("tool", {}).get("poetry", {}).get("name")
    return name if isinstance(name, str) else None


def _listed(manifest: Manifest, lines: Any, section: str) -> tuple[Requested, ...]:  # noqa: ANN401  # what TOML holds
    if not isinstance(lines, list | tuple) or not all(isinstance(line, str) for line in lines):
        raise UsageError(
            f"{shown(manifest.path).as_posix()!r}: {section.strip('^')} is not a list of requirements; correct it"
        )
    return tuple(requested for line in lines for requested in _requested(manifest, line, section))


def _requested(manifest: Manifest, line: str, section: str) -> Iterator[Requested]:
    folder = manifest.path.absolute().parent
    origin = origin_of(manifest.path, manifest.text, section, rf"[\"']{re.escape(line)}[\"']")
    text = line.replace("${PROJECT_ROOT}", folder.as_posix()).replace("{root:uri}", folder.as_uri())
    for found in parse_line(text, origin=origin, folder=folder):
        if not isinstance(found, Requested):
            raise UsageError(f"{origin}: {line!r} is not a requirement; write one as PEP 508 has it")
        is_own = manifest.name is not None and found.name == canonicalize_name(manifest.name)
        yield found if is_own else direct_url(found, manifest)


def _groups(manifest: Manifest) -> dict[NormalizedName, tuple[Requested, ...]]:
    """Return the lines of each dependency group (PEP 735), with those of the groups that it includes."""
    written = {canonicalize_name(key): (key, lines) for key, lines in manifest.content["dependency-groups"].items()}
    where = repr(shown(manifest.path).as_posix())

    def lines_of(name: NormalizedName, include: Callable[[NormalizedName], Iterable[Requested]]) -> Iterator[Requested]:
        if name not in written:
            raise UsageError(f"{where}: the dependency group {name!r} is included but does not exist; correct it")
        spelled, lines = written[name]
        for line in lines:
            if isinstance(line, dict):
                yield from include(canonicalize_name(line["include-group"]))
            else:
                yield from _listed(manifest, [line], rf"^{re.escape(spelled)}")

    return each_once(written, lines_of, where=f"{where}: the dependency group")
