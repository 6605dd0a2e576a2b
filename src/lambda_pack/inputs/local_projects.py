"""The user's own projects on this disk, whose names must never be looked for on an index."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from packaging.markers import InvalidMarker, Marker
from packaging.utils import canonicalize_name, is_normalized_name

from lambda_pack.errors import UsageError
from lambda_pack.inputs.documents import read_toml
from lambda_pack.inputs.own_project import project_in
from lambda_pack.inputs.reading import Reading
from lambda_pack.inputs.workspaces import workspace_members
from lambda_pack.model.packages import Folder, Pin
from lambda_pack.model.requirements import Requested
from lambda_pack.model.targets import every_target
from lambda_pack.model.urls import path_of

__all__ = ["local_projects"]


def local_projects(reading: Reading, projects: Iterable[Folder]) -> tuple[Folder, ...]:
    """Return the folders that requirements on their names mean: the project itself, `projects`, and what they lead to.

    What they lead to are the members of uv's workspace and the folders that uv's and poetry's sections name as sources,
    also those of local dependencies: pip does not read these sections, and would ask an index. A name that the user's
    own lines give a URL to is left out, because the URL decides. The projects in the folders above, up to the root of
    the repository, count as well: `requirements/lambda.txt` may name the project that it belongs to.

    Raises:
        UsageError: the pyproject.toml of one of them cannot be read.
    """
    lines = (*reading.written.requested, *reading.written.constraints)
    found: dict[str, Folder] = {}
    for folder in (*([reading.itself] if reading.itself else ()), *projects):
        found.setdefault(folder.pin.name, folder)
    starts = [reading.folder, *(Path(folder.path) for folder in found.values()), *_folders_in(lines)]
    for folder in _reached(starts):
        if (project := project_in(folder)) is not None:
            found.setdefault(project.pin.name, project)
        for name, place in _sources_of(folder):
            found.setdefault(canonicalize_name(name), Folder(Pin(canonicalize_name(name), None), str(place)))
    for project in filter(None, map(_project_above, _above(reading.folder.absolute()))):
        found.setdefault(project.pin.name, project)
    named = {line.name for line in lines if line.requirement is not None and line.requirement.url is not None}
    return tuple(folder for name, folder in found.items() if name not in named)


def _project_above(folder: Path) -> Folder | None:
    """The project in a folder above; None where it cannot be read or is a template, which is for others to say."""
    try:
        project = project_in(folder)
    except UsageError:
        return None
    return project if project is not None and is_normalized_name(project.pin.name) else None


def _above(folder: Path) -> Sequence[Path]:
    """Return the folders above one up to the root of its Git repository; none where it is in no repository."""
    within = [folder, *folder.parents]
    depth = next((depth for depth, place in enumerate(within) if (place / ".git").exists()), 0)
    return within[1 : depth + 1]


def _reached(starts: Iterable[Path]) -> Iterator[Path]:
    """These folders, the other members of their workspaces, and the folders of their sources, each once."""
    waiting, reached = [folder.absolute() for folder in starts], set()
    while waiting:
        folder = waiting.pop(0)
        if folder in reached or not folder.is_dir():
            continue
        reached.add(folder)
        yield folder
        if (folder / "pyproject.toml").is_file():
            waiting += workspace_members(folder)
            waiting += [place for _, place in _sources_of(folder)]


def _folders_in(lines: Iterable[Requested]) -> Iterator[Path]:
    for line in lines:
        url = line.requirement.url if line.requirement else line.url
        if url and urlsplit(url).scheme == "file":
            yield path_of(url.partition("#")[0])


def _sources_of(folder: Path) -> Iterator[tuple[str, Path]]:
    """The folders that the pyproject.toml of a folder gives to names, without those inside of archives."""
    manifest = folder / "pyproject.toml"
    tool = read_toml(manifest, what_now="correct it").get("tool", {}) if manifest.is_file() else {}
    for table in (_table(tool, "uv", "sources"), _table(tool, "poetry", "dependencies")):
        for name, value in table.items():
            for row in value if isinstance(value, list) else [value]:
                written = row.get("path") if isinstance(row, dict) and _may_count(row.get("marker")) else None
                if isinstance(written, str) and (place := (folder / written).resolve()).is_dir():
                    yield name, place


def _may_count(marker: object) -> bool:
    """Whether a source with this marker counts on some target; one that cannot be read is met elsewhere."""
    try:
        return not isinstance(marker, str) or any(target.satisfies(Marker(marker)) for target in every_target())
    except InvalidMarker:
        return True


def _table(tool: Any, name: str, key: str) -> Mapping[str, Any]:  # noqa: ANN401  # what TOML holds
    section = tool.get(name, {}) if isinstance(tool, dict) else {}
    table = section.get(key, {}) if isinstance(section, dict) else {}
    return table if isinstance(table, dict) else {}
