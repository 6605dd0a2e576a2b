"""Sources as pip wants them: an archive under its real name, a copy of a folder, a checkout's URL."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

from lambda_pack.errors import UsageError
from lambda_pack.model.packages import Checkout, Folder, Sdist, Source
from lambda_pack.model.urls import without_credentials

__all__ = ["prepared", "shown"]

# Never a part of the project, often most of its bytes. `.git` is copied: many projects ask it for their version.
_LEFT_OUT = frozenset({"__pycache__", ".tox", ".nox", ".venv", ".mypy_cache", ".pytest_cache", ".ruff_cache"})


def prepared(source: Source, *, scratch: Path, fetch: Callable[[Sdist], Path]) -> str:
    """What to name to pip. Nothing is built in place: package code never gets a path of the user's or of the cache.

    Raises:
        UsageError: the subdirectory of a folder lies outside of it.
    """
    match source:
        case Sdist():
            # The cache names files by digest; pip needs the name to know what kind of archive it is.
            archive = scratch / Path(source.filename).name
            shutil.copyfile(fetch(source), archive)
            return archive.as_uri() + (f"#subdirectory={source.subdirectory}" if source.subdirectory else "")
        case Checkout():
            return source.filename
        case Folder():
            copy = scratch / "project"
            shutil.copytree(source.path, copy, symlinks=True, ignore=_left_out)
            project = (copy / (source.subdirectory or ".")).resolve()
            if not project.is_relative_to(copy.resolve()):
                raise UsageError(f"{source.subdirectory!r} leads out of {source.path!r}; name the project's own folder")
            return project.as_uri()


def shown(source: Source) -> str:
    """The same in the command that a reader sees."""
    match source:
        case Checkout():
            plain = f"{source.system}+{without_credentials(source.url)}@{source.commit}"
            return plain + (f"#subdirectory={source.subdirectory}" if source.subdirectory else "")
        case Sdist():
            return source.filename
        case Folder():
            return str(Path(source.path, source.subdirectory or ""))


def _left_out(folder: str, names: list[str]) -> set[str]:
    return {name for name in names if name in _LEFT_OUT or _is_left_out(Path(folder, name))}


def _is_left_out(path: Path) -> bool:
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        return True
    if stat.S_ISDIR(mode):
        return (path / "pyvenv.cfg").exists()
    # A socket or a pipe cannot be copied, and is nobody's source.
    return not (stat.S_ISREG(mode) or stat.S_ISLNK(mode))
