"""Which files an input stands on: what it includes, what lies beside it and is read with it, folders it points to.

It reads words, not grammars: of hundreds of files in a moment, and rather a file too many than one too few.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from lambda_pack.inputs.project import is_manifest_or_lock
from lambda_pack.model.urls import path_of

__all__ = ["footprint"]

# How a requirements file names another one.
_INCLUDE = re.compile(r"^\s*(?:-r|-c|--requirement|--constraint)[\s=]*(\S+)", re.MULTILINE)
# What may be a folder or an archive of this machine's: of requirements lines, and of the values in locks and manifests.
_LOCAL = re.compile(
    r"(?:^|[\s\"'=@])((?:file:|\.{1,2}/|/)[^\s\"';\[\]]*)|(?:^\s*(?:-e|--editable)[\s=]+)(\S+)", re.MULTILINE
)
_NAMED = re.compile(r"\b(?:path|directory|editable|url)\"?\s*[=:]\s*\"([^\":]+)\"")


@cache
def footprint(path: Path) -> frozenset[Path]:
    """The files and folders that decide, as far as this input goes, what is packed. A folder stands for its locks.

    Each is resolved, and may have gone: that is a change, too.
    """
    return frozenset(one.resolve() for one in _footprint(path, set()))


def _footprint(path: Path, known: set[Path]) -> Iterator[Path]:
    if path in known:
        return
    known.add(path)
    if path.is_dir():
        for file in _decisive(path):
            yield from _footprint(file, known)
        return
    yield path
    text = _text(path)
    for included in _INCLUDE.findall(text):
        yield from _footprint(_place(included, path.parent), known)
    for named in (*_LOCAL.findall(text), *((name, "") for name in _NAMED.findall(text))):
        place = _place("".join(named), path.parent)
        # The project itself is a folder of its own inputs, or of its own code: both are named by whoever packs it.
        if place.exists() and place.resolve() not in path.resolve().parents:
            yield place
    # A requirements file stands alone; a lock has a manifest beside it, and a manifest perhaps a lock.
    if is_manifest_or_lock(path) and path.suffix != ".txt":
        for file in _decisive(path.parent):
            yield from _footprint(file, known)
    if path.suffix == ".py":
        yield path.with_name(f"{path.name}.lock")


def _decisive(folder: Path) -> list[Path]:
    """The locks and manifests of a folder; those of a workspace above, too."""
    from lambda_pack.inputs.workspaces import workspace_root

    found = [file for file in sorted(folder.iterdir()) if is_manifest_or_lock(file)] if folder.is_dir() else []
    root = workspace_root(folder.absolute()) if (folder / "pyproject.toml").is_file() else None
    return [*found, *([root / "pyproject.toml", root / "uv.lock"] if root and root != folder.absolute() else [])]


def _place(written: str, folder: Path) -> Path:
    path = path_of(written) if written.startswith("file:") else Path(written)
    # Paths in a requirements file that are not beside it begin in the current folder.
    return path.absolute() if path.exists() and not (folder / path).exists() else folder / path


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8", errors="replace")
    except OSError:
        # Whoever packs it says so.
        return ""
