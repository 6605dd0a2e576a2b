"""Copies of a project's folder, together with the files outside of it that the project is built from.

A project in a repository of several often takes code from its neighbours: by paths in its manifest
(`from = "../../components"`, `"../shared" = "shared"`), or by symbolic links. Where these files are not beside the
copy, some build backends fail, and others build a wheel without them and say nothing.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

from lambda_pack.tools.building.ignored import copy_index, ignore_files, repository_asked_for

__all__ = ["copy_folder"]

# Never a part of the project, often most of its bytes. `.git` is copied: many projects ask it for their version.
_LEFT_OUT = frozenset({"__pycache__", ".tox", ".nox", ".venv", ".mypy_cache", ".pytest_cache", ".ruff_cache"})
# What backends read about a project. Paths in other formats than TOML are found by how they look.
_MANIFESTS = ("setup.cfg", "setup.py")
_PATH = re.compile(r"(?:[\w.-]+[/\\])*\.\.(?:[/\\][^\s\"'`,;:=()\[\]{}<>*?]+)+")
_PATTERN = re.compile(r"[*?\[{]")


def copy_folder(project: Path, whole: Path, into: Path) -> str:
    """Copy `whole`, which is the project or has it in it, to the new folder `into`; return where in it the project is.

    Files outside of `whole` that a manifest names, and the ignore files above it, are copied to where the project looks
    for them; then `into` stands for a folder further up. What a symbolic link out of `whole` leads to is copied in the
    place of the link. Where the project is not in `whole`, what is returned leads out of it.

    Raises:
        OSError: a file cannot be read.
    """
    project, whole = project.resolve(), whole.resolve()
    if not project.is_relative_to(whole):
        _copy(whole, into, chain=(whole,))
        return os.path.relpath(project, whole)
    outside = [*(path for path in _named(project) if not path.is_relative_to(whole)), *ignore_files(whole)]
    repository = repository_asked_for(project, whole)
    root = Path(os.path.commonpath([whole, repository or whole, *(path.parent for path in outside)]))
    _copy(whole, into / whole.relative_to(root), chain=(whole,))
    for path in outside:
        place = into / path.relative_to(root)
        if not place.exists():
            _copy(path, place, chain=(path,))
    if repository is not None:
        copy_index(repository, into / repository.relative_to(root))
    return str(project.relative_to(root))


def _copy(path: Path, place: Path, *, chain: Sequence[Path]) -> None:
    """Copy a file or a folder; symbolic links that lead out of it become copies.

    `chain` are the folders that links have led to, with this one: a link back to one of them would have no end and
    stays as it is, and so does one to what is not there.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    if not path.is_dir():
        shutil.copy2(path, place)
        return
    shutil.copytree(path, place, symlinks=True, ignore=_left_out, dirs_exist_ok=True)
    for link in list(_links(place)):
        target = (path / link.relative_to(place)).resolve()
        if target.is_relative_to(path.resolve()) or any(folder.is_relative_to(target) for folder in chain):
            continue
        if target.exists() and not _is_left_out(target):
            link.unlink()
            _copy(target, link, chain=(*chain, target))


def _links(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        yield from (path for name in (*folders, *files) if (path := Path(parent, name)).is_symlink())


def _named(project: Path) -> list[Path]:
    """Return what is outside of the project and named by its manifests, nothing of it within another."""
    found = {path for text in _texts(project) if (path := _path_of(project, text)) is not None}
    return sorted(path for path in found if not any(other in path.parents for other in found))


def _path_of(project: Path, text: str) -> Path | None:
    """Return what a text names, where that is a file or folder outside of the project that does not contain it."""
    # As far as a pattern has none.
    fixed = text if (pattern := _PATTERN.search(text)) is None else text[: pattern.start()].rpartition("/")[0]
    path = Path(os.path.normpath(project / fixed))
    is_outside = not path.is_relative_to(project) and not project.is_relative_to(path)
    return path if is_outside and path.exists() else None


def _texts(project: Path) -> Iterator[str]:
    """Return all texts in the project's manifests that may be paths out of it; what cannot be read has none."""
    for name in _MANIFESTS:
        yield from _PATH.findall(_read(project / name))
    content = _read(project / "pyproject.toml")
    if ".." in content:
        try:
            values = _strings(tomllib.loads(content))
        except (tomllib.TOMLDecodeError, RecursionError):
            # Its backend says what is wrong with it.
            return
        for value in values:
            if ".." in value and "\0" not in value and "\n" not in value:
                yield value


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""


def _strings(value: object) -> Iterator[str]:
    """Return the strings in a value of a TOML file, keys included."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, one in value.items():
            yield str(key)
            yield from _strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from _strings(one)


def _left_out(folder: str, names: list[str]) -> set[str]:
    return {name for name in names if name in _LEFT_OUT or _is_left_out(Path(folder, name))}


def _is_left_out(path: Path) -> bool:
    try:
        mode = os.lstat(path).st_mode
    except OSError:
        return True
    if stat.S_ISDIR(mode):
        return (path / "pyvenv.cfg").exists()
    # A socket or a pipe cannot be copied, and no build needs one.
    return not (stat.S_ISREG(mode) or stat.S_ISLNK(mode))
