"""uv's workspaces: several projects that share one lock, at their root."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from packaging.utils import canonicalize_name

from lambda_pack.errors import UsageError
from lambda_pack.inputs.documents import read_toml, shown
from lambda_pack.model.globs import check_stars

__all__ = ["member_folder", "workspace_members", "workspace_root"]

_MAGIC: Final = re.compile(r"[*?\[]")


def workspace_root(folder: Path) -> Path | None:
    """The nearest folder, from this one up, whose pyproject.toml opens a workspace with this one in it.

    Raises:
        UsageError: a pyproject.toml on the way cannot be read.
    """
    for parent in (folder, *folder.parents):
        if (parent / "pyproject.toml").is_file() and (opened := _workspace(parent)) is not None:
            return parent if folder == parent or folder in _members(parent, opened) else None
    return None


def workspace_members(folder: Path) -> tuple[Path, ...]:
    """The folders of the projects in the workspace that a folder belongs to, its root among them; empty without one."""
    root = workspace_root(folder)
    opened = _workspace(root) if root is not None else None
    return () if root is None or opened is None else (root, *_members(root, opened))


def member_folder(folder: Path, name: str) -> Path | None:
    """Where the member of that name is, in the workspace that a folder belongs to."""
    root = workspace_root(folder)
    opened = _workspace(root) if root is not None else None
    if root is None or opened is None:
        return None
    return next((member for member in (root, *_members(root, opened)) if _is_called(member, name)), None)


def _workspace(folder: Path) -> Mapping[str, Any] | None:
    tool = read_toml(folder / "pyproject.toml", what_now="correct it").get("tool", {})
    opened: Mapping[str, Any] | None = tool.get("uv", {}).get("workspace")
    return opened


def _members(root: Path, opened: Mapping[str, Any]) -> Iterator[Path]:
    left_out = {root, *_matching(root, opened.get("exclude", ()))}
    for path in _matching(root, opened.get("members", ())):
        if (path / "pyproject.toml").is_file() and path not in left_out:
            yield path


def _matching(root: Path, patterns: Sequence[str]) -> Iterator[Path]:
    """Yield what the patterns match, as uv reads them: below the root, or anywhere where one is absolute."""
    try:
        check_stars(patterns)
    except UsageError as error:
        raise UsageError(f"{shown(root / 'pyproject.toml').as_posix()!r}: tool.uv.workspace: {error}") from error
    for pattern in patterns:
        found: Iterable[Path] = [root / pattern]
        if _MAGIC.search(pattern):
            # `Path.glob` takes no absolute pattern.
            anchor = Path(pattern).anchor
            found = sorted((Path(anchor) if anchor else root).glob(pattern.removeprefix(anchor)))
        yield from (Path(os.path.normpath(path)) for path in found)


def _is_called(folder: Path, name: str) -> bool:
    project = read_toml(folder / "pyproject.toml", what_now="correct it").get("project", {})
    return canonicalize_name(project.get("name", "")) == canonicalize_name(name)
