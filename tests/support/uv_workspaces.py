"""Workspaces of uv, written to a folder, locked and exported by the real uv from indexes on loopback."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import tomli_w
from msgspec import Struct
from packaging.pylock import Package, Pylock
from uv import find_uv_bin

from lambda_pack.model.selection import Selection
from lambda_pack.model.targets import Target
from tests.support.index import LoopbackIndex
from tests.support.processes import Finished, run
from tests.support.wheels import make_wheel

__all__ = ["Exported", "LockedWorkspace", "Release", "exported", "make_releases"]


class Release(Struct, frozen=True):
    """One version of a package on an index, with what it and its extras require."""

    name: str
    version: str
    requires: tuple[str, ...] = ()
    extras: Mapping[str, tuple[str, ...]] = {}


def make_releases(folder: Path, releases: Iterable[Release]) -> None:
    """Make a wheel of each."""
    for one in releases:
        filename = f"{one.name}-{one.version}-py3-none-any.whl"
        make_wheel(folder, filename, requires=one.requires, extras=one.extras)


class LockedWorkspace(Struct, frozen=True):
    """A folder that uv works in; `environment` is all that uv sees of this machine."""

    folder: Path
    environment: Mapping[str, str]

    @classmethod
    def written(
        cls, folder: Path, manifests: Mapping[str, Mapping[str, Any]], index: LoopbackIndex, home: Path
    ) -> LockedWorkspace:
        """Write a pyproject.toml into each place ('.' is the root), with the index as the default one."""
        for place, manifest in manifests.items():
            (folder / place).mkdir(parents=True, exist_ok=True)
            (folder / place / "pyproject.toml").write_text(tomli_w.dumps(dict(manifest)), "utf-8")
        environment = {
            "PATH": os.environ["PATH"],  # noqa: TID251  # the interpreter is where the machine has it
            "HOME": str(home),
            "XDG_CONFIG_DIRS": str(home),
            "UV_DEFAULT_INDEX": index.url,
            "UV_PYTHON_DOWNLOADS": "never",
            "UV_CACHE_DIR": str(home / "cache"),
        }
        return cls(folder, environment)

    def lock(self) -> Finished:
        """Run `uv lock`, which may find that there is no solution."""
        return self._uv("lock")

    def export(self, selection: Selection, at: str = ".") -> Finished:
        """Run `uv export` for the project in a place of the workspace, into PEP 751's format."""
        words = ("--frozen", "--format", "pylock.toml", "--no-emit-project", *_words(selection))
        return self._uv("export", *words, at=at)

    def sync(self, selection: Selection) -> Finished:
        """Run `uv sync` for the root without installing anything."""
        return self._uv("sync", "--frozen", "--dry-run", *_words(selection))

    def _uv(self, *arguments: str, at: str = ".") -> Finished:
        return run((find_uv_bin(), *arguments), self.environment, folder=self.folder / at)


def _words(selection: Selection) -> tuple[str, ...]:
    words = [word for one in selection.extras for word in ("--extra", one)]
    words += [word for one in selection.groups for word in ("--group", one)]
    words += [word for one in selection.only_groups for word in ("--only-group", one)]
    return ("--no-default-groups", *words)


Exported: TypeAlias = tuple[str, str, str]
"""Name, version (empty for a folder) and place."""


def exported(text: str, target: Target, at: str) -> list[Exported]:
    """Return what an export needs on a target, sorted; paths are written as seen from `at`.

    A name may come twice: uv exports what it does not install.
    """
    lock = Pylock.from_dict(tomllib.loads(text))
    environment: dict[str, Any] = {**target.environment, "extras": frozenset(), "dependency_groups": frozenset()}
    found = (
        one for one in lock.packages if one.marker is None or one.marker.evaluate(environment, context="lock_file")
    )
    return sorted((one.name, str(one.version) if one.wheels else "", _place(one, at)) for one in found)


def _place(package: Package, at: str) -> str:
    if package.wheels:
        return str(package.wheels[0].url or package.wheels[0].path)
    if package.archive:
        return str(package.archive.url or package.archive.path)
    return os.path.normpath(Path(at, package.directory.path)) if package.directory else ""
