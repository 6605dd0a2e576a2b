"""Where a manifest says that its packages come from: indexes with a name, folders, repositories, archives."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec.structs import replace
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from lambda_pack.errors import UsageError
from lambda_pack.inputs.documents import shown
from lambda_pack.inputs.manifest import Manifest, Source
from lambda_pack.inputs.workspaces import member_folder
from lambda_pack.model.requirements import Requested
from lambda_pack.model.targets import every_target
from lambda_pack.model.urls import with_login

__all__ = ["direct_url", "expanded", "sources_of", "url_of"]

# Which index a package comes from may depend on markers: it is decided for the target (`manifest_indexes`).
_INDEX_KEYS = frozenset({"index", "source"})


def sources_of(content: Mapping[str, Any], environ: Mapping[str, str]) -> tuple[Source, ...]:
    """The indexes that uv's, poetry's and pdm's sections name, each with the login that its tool finds for it."""
    tool = content.get("tool", {})
    return (*_of_uv(tool, environ), *_of_poetry(tool, environ), *_of_pdm(tool, environ))


def _of_uv(tool: Mapping[str, Any], environ: Mapping[str, str]) -> Iterator[Source]:
    for row in tool.get("uv", {}).get("index", ()):
        name = row.get("name", "")
        url = with_login(name, row["url"], environ, prefix="UV_INDEX") if name else row["url"]
        is_default, is_explicit = bool(row.get("default")), bool(row.get("explicit"))
        yield Source(name, url, is_default, is_explicit, tool="uv", is_flat=row.get("format") == "flat")


def _of_poetry(tool: Mapping[str, Any], environ: Mapping[str, str]) -> Iterator[Source]:
    for row in tool.get("poetry", {}).get("source", ()):
        # The row `PyPI` without a URL only says when the public index is asked.
        if "url" in row:
            priority = str(row.get("priority", _legacy_priority(row))).lower()
            url = with_login(row["name"], row["url"], environ, prefix="POETRY_HTTP_BASIC")
            yield Source(
                row["name"],
                url,
                priority in {"primary", "default"},
                priority == "explicit",
                tool="poetry",
                priority=priority,
            )


def _legacy_priority(row: Mapping[str, Any]) -> str:
    """How poetry before 1.5 wrote priorities."""
    return "default" if row.get("default") else "secondary" if row.get("secondary") else "primary"


def _of_pdm(tool: Mapping[str, Any], environ: Mapping[str, str]) -> Iterator[Source]:
    for row in tool.get("pdm", {}).get("source", ()):
        url, name = expanded(row["url"], environ), row.get("name", "")
        if name == "pypi":
            url = with_login("pypi", url, environ, prefix="PDM")
        yield Source(
            name,
            url,
            is_default=name == "pypi",
            tool="pdm",
            is_flat=row.get("type") == "find_links",
            only=tuple(row.get("include_packages", ())),
            never=tuple(row.get("exclude_packages", ())),
        )


def expanded(url: str, environ: Mapping[str, str]) -> str:
    """The URL with `${NAME}` and `$NAME` replaced where the variable is set, as pdm and pipenv do."""
    return re.sub(r"\$(?:\{(\w+)\}|(\w+))", lambda match: environ.get(match[1] or match[2], match[0]), url)


def direct_url(line: Requested, manifest: Manifest) -> Requested:
    """The line with the place that uv's or poetry's section gives to its package, where one does."""
    if line.requirement is None or line.requirement.url is not None:
        return line
    url = next(
        (url for details in _places(line, manifest) if (url := url_of(line.requirement.name, details, manifest))), None
    )
    if url is None:
        return line
    requirement = Requirement(line.requirement.name)
    requirement.extras, requirement.marker, requirement.url = line.requirement.extras, line.requirement.marker, url
    return replace(line, requirement=requirement)


def _places(line: Requested, manifest: Manifest) -> Iterator[Mapping[str, Any]]:
    tool = manifest.content.get("tool", {})
    uv = tool.get("uv", {})
    ignored = {canonicalize_name(name) for name in uv.get("no-sources-package", ())}
    sources = {} if uv.get("no-sources") is True or line.name in ignored else uv.get("sources", {})
    for table in (sources, tool.get("poetry", {}).get("dependencies", {})):
        for name, value in table.items():
            if canonicalize_name(name) == line.name:
                rows = value if isinstance(value, list) else [value]
                if len(rows) > 1 and not all(isinstance(row, dict) and row.keys() & _INDEX_KEYS for row in rows):
                    raise UsageError(f"{line.origin}: {name!r} has several sources by marker; lock the project first")
                yield from (row for row in rows if isinstance(row, dict) and _counts(row, line, name))


def _counts(row: Mapping[str, Any], line: Requested, name: str) -> bool:
    """Whether a place counts by its marker, where that is the same on every target; an index waits for the target.

    Raises:
        UsageError: it counts on some targets only.
    """
    if not row.get("marker") or row.keys() & _INDEX_KEYS:
        return True
    answers = {target.satisfies(Marker(row["marker"])) for target in every_target()}
    if len(answers) > 1:
        raise UsageError(f"{line.origin}: {name!r} has a source by marker; lock the project first")
    return answers == {True}


def url_of(name: str, details: Mapping[str, Any], manifest: Manifest) -> str | None:
    """The URL of a dependency that is not from an index; None where it is.

    Raises:
        UsageError: a folder or a member of the workspace is not there.
    """
    folder = manifest.path.absolute().parent
    inner = f"#subdirectory={details['subdirectory']}" if details.get("subdirectory") else ""
    if "git" in details:
        revision = next((details[key] for key in ("rev", "tag", "branch") if details.get(key)), None)
        return f"git+{_git_url(details['git'])}{f'@{revision}' if revision else ''}{inner}"
    if "url" in details:
        return f"{details['url']}{inner}"
    if "path" in details or "file" in details:
        path = Path(os.path.normpath(folder / details.get("path", details.get("file"))))
        if not path.exists():
            raise UsageError(
                f"{shown(manifest.path).as_posix()!r}: {path.as_posix()!r} does not exist; correct the path"
            )
        return path.as_uri() + inner
    if details.get("workspace"):
        member = member_folder(folder, name)
        if member is None:
            where = shown(manifest.path).as_posix()
            raise UsageError(f"{where!r}: {name!r} is not a member of its workspace; correct tool.uv.workspace.members")
        return member.as_uri()
    return None


def _git_url(text: str) -> str:
    """The short form that git has for ssh, as a URL.

    >>> _git_url("git@x.example:shop/a.git")
    'ssh://git@x.example/shop/a.git'
    """
    match = re.fullmatch(r"(?P<user>[\w.-]+@)(?P<host>[\w.-]+):(?P<path>[^/].*)", text)
    return f"ssh://{match['user']}{match['host']}/{match['path']}" if match else text
