"""Extras and groups that a project declares to conflict (`[tool.uv] conflicts`), as its manifest and its lock say."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from lambda_pack.errors import UsageError
from lambda_pack.inputs.documents import shown
from lambda_pack.model.selection import Selection

__all__ = ["check_conflicts"]


def check_conflicts(
    conflicts: Iterable[Iterable[Mapping[str, Any]]], projects: Collection[str], selection: Selection, path: Path
) -> None:
    """Refuse a selection that takes two members of one set of conflicts, as uv does.

    `projects` are the names of those that the selection is of; a member without a name of its own is meant for them.

    Raises:
        UsageError: two extras or groups of the selection conflict.
    """
    names = {canonicalize_name(name) for name in projects}
    for members in conflicts:
        chosen = []
        for member in members:
            package, extra, group = member.get("package"), member.get("extra"), member.get("group")
            if package is not None and canonicalize_name(package) not in names:
                continue
            if extra is not None and canonicalize_name(extra) in selection.all_extras:
                chosen.append(f"the extra {extra!r}")
            if group is not None and canonicalize_name(group) in selection.all_groups:
                chosen.append(f"the group {group!r}")
        if len(chosen) > 1:
            raise UsageError(
                f"{' and '.join(sorted(chosen))} cannot be packed together: [tool.uv] conflicts says so in "
                f"{shown(path).as_posix()!r}; choose one of them"
            )
