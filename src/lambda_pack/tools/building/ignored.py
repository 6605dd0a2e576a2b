"""Hides what a repository ignores from the build backend of a project in one of its folders.

Build backends leave out what git ignores: hatchling reads the nearest ignore file above the project, poetry-core asks
git. Where neither is beside a copy, they pack what the repository never had: `.env`, credentials, local data.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from lambda_pack.tools.building.backends import read_build_system

__all__ = ["copy_index", "ignore_files", "repository_asked_for"]

_IGNORE_FILES = (".gitignore", ".hgignore")
# As git makes it, without remotes, history and logins: enough to list files.
_CONFIGURATION = "[core]\n\trepositoryformatversion = 0\n\tbare = false\n"


def ignore_files(folder: Path) -> list[Path]:
    """Return the ignore files above a folder, up to the root of its repository; in none, the nearest alone."""
    found: list[Path] = []
    if not _is_repository(folder):
        for parent in folder.parents:
            found += [path for name in _IGNORE_FILES if (path := parent / name).is_file()]
            if _is_repository(parent):
                return found
    return found[:1]


def repository_asked_for(project: Path, whole: Path) -> Path | None:
    """Return the root of the repository above `whole` where the project's backend asks git what is ignored."""
    # Others ask git for their version, and would get a wrong one without the history: they must fail instead.
    if _is_repository(whole) or not read_build_system(project).backend.startswith("poetry.core."):
        return None
    return next((parent for parent in whole.parents if _is_repository(parent)), None)


def copy_index(repository: Path, into: Path) -> None:
    """Make a repository of `into` that has the same tracked files as another, and nothing else of it.

    Raises:
        OSError: a file cannot be read.
    """
    git, copy = _git_folder(repository), into / ".git"
    for name in ("objects", "refs", "info"):
        (copy / name).mkdir(parents=True)
    (copy / "HEAD").write_text("ref: refs/heads/main\n", encoding="utf-8")
    (copy / "config").write_text(_CONFIGURATION, encoding="utf-8")
    for path in (git / "index", git / "info" / "exclude", *git.glob("sharedindex.*")):
        if path.is_file():
            shutil.copyfile(path, copy / path.relative_to(git))


def _is_repository(folder: Path) -> bool:
    return (folder / ".git").exists()


def _git_folder(repository: Path) -> Path:
    """Where git keeps what it knows; for a worktree and a submodule that is named in a file."""
    place = repository / ".git"
    if place.is_dir():
        return place
    return repository / place.read_text(encoding="utf-8").removeprefix("gitdir:").strip()
