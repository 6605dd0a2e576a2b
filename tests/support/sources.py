"""Sdists and project folders that really build, offline: their backend is inside them (`build_backend`)."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import tarfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, TypedDict, Unpack

from msgspec import Struct, field

from tests.support import build_backend
from tests.support.metadata import Content, core_metadata, entry_points_text, module_of

__all__ = ["BuildEvent", "Details", "Form", "Kind", "build_events", "built_environment", "make_project", "make_sdist"]

Kind = Literal[
    "pure",
    "c-extension",
    "optional-c",
    "broken",
    "broken-metadata",
    "dump-environment",
    "hollow",
    "legacy-setup-py",
]
"""How the build behaves.

pure: a py3-none-any wheel. c-extension: a wheel for this interpreter and machine with a compiled `_<module>_native`,
or a failure where $CC (or cc) does not compile. optional-c: the same, or a pure wheel. broken: metadata works, the
build prints `log` and fails with 'broken on purpose'; broken-metadata: fails already there. dump-environment: pure,
with the build's environment inside. hollow: a wheel that names this machine and holds nothing of it. legacy-setup-py:
no pyproject.toml; needs setuptools.
"""

Form = Literal["tar.gz", "tgz", "tar.bz2", "tar.xz", "tar", "zip"]

EARLIEST = 315532800  # 1980-01-01, before which a zip cannot date its files


class Details(TypedDict, total=False):
    """What can be said of a project besides name and version.

    `files` lie below `src/`, and are what the wheel holds. `project_table` writes a `[project]` table, from which a
    resolver may read the metadata without running the backend. `report_to` gets a line for each hook that ran.
    """

    requires: Sequence[str]
    requires_python: str | None
    extras: Mapping[str, Sequence[str]]
    entry_points: Mapping[str, Mapping[str, str]]
    files: Mapping[str, Content] | None
    build_backend: Kind
    log: Sequence[str]
    project_table: bool
    report_to: Path | None
    build_requires: Sequence[str]


class BuildEvent(Struct, frozen=True):
    """One hook of a backend that ran: 'metadata', 'wheel', 'editable-metadata' or 'editable'."""

    hook: str
    config_settings: Mapping[str, object]
    environment: Mapping[str, str]


def make_sdist(folder: Path, name: str, version: str, *, form: Form = "tar.gz", **details: Unpack[Details]) -> Path:
    """An sdist `name-version.form`, the same bytes each time."""
    root = f"{name}-{version}"
    tree = {f"{root}/{path}": data for path, data in _Project(name, version, **details).tree().items()}
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / f"{root}.{form}"
    if form == "zip":
        return build_backend.write_zip(target, tree)
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        for path, data in tree.items():
            info = tarfile.TarInfo(path)
            info.size, info.mtime = len(data), EARLIEST
            archive.addfile(info, io.BytesIO(data))
    target.write_bytes(_compressed(content.getvalue(), form))
    return target


def make_project(folder: Path, name: str, version: str = "1.0", **details: Unpack[Details]) -> Path:
    """The unpacked project in `folder` itself, as `./project` and `-e .` name it."""
    for path, data in _Project(name, version, **details).tree().items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder


def build_events(report: Path) -> tuple[BuildEvent, ...]:
    """What the hooks of projects made with `report_to=report` saw, in order; empty when none ran."""
    lines = report.read_text(encoding="utf-8").splitlines() if report.exists() else []
    return tuple(BuildEvent(**json.loads(line)) for line in lines)


def built_environment(wheel: Path) -> dict[str, str]:
    """The environment in which a 'dump-environment' project was built, from its wheel."""
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith("_environment.json"))
        environment: dict[str, str] = json.loads(archive.read(name))
    return environment


class _Project(Struct, frozen=True):
    name: str
    version: str
    requires: Sequence[str] = ()
    requires_python: str | None = None
    extras: Mapping[str, Sequence[str]] = field(default_factory=dict)
    entry_points: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    files: Mapping[str, Content] | None = None
    build_backend: Kind = "pure"
    log: Sequence[str] = ("building", "still building")
    project_table: bool = False
    report_to: Path | None = None
    build_requires: Sequence[str] = ()

    def tree(self) -> dict[str, bytes]:
        """Every file of the project by its path."""
        sources = {f"{module_of(self.name)}.py": f'__version__ = "{self.version}"\n'}
        texts: dict[str, Content] = {
            f"src/{path}": content for path, content in (sources if self.files is None else self.files).items()
        }
        texts["PKG-INFO"] = self.metadata
        if self.build_backend == "legacy-setup-py":
            texts["setup.py"] = self._setup_py()
        else:
            texts["pyproject.toml"] = self._pyproject()
            texts["_backend/build_backend.py"] = Path(build_backend.__file__).read_bytes()
            texts["_backend/recipe.json"] = self._recipe()
        encoded = {path: text.encode() if isinstance(text, str) else text for path, text in texts.items()}
        return dict(sorted(encoded.items()))

    @property
    def metadata(self) -> str:
        return core_metadata(
            self.name, self.version, requires=self.requires, requires_python=self.requires_python, extras=self.extras
        )

    def _recipe(self) -> str:
        recipe = {
            "kind": self.build_backend,
            "stem": f"{module_of(self.name)}-{self.version.replace('-', '_')}",
            "module": module_of(self.name),
            "metadata": self.metadata,
            "entry_points": entry_points_text(self.entry_points),
            "log": list(self.log),
            "report_to": str(self.report_to.resolve()) if self.report_to else None,
        }
        return json.dumps(recipe, indent=2) + "\n"

    def _pyproject(self) -> str:
        system = f"[build-system]\nrequires = {json.dumps(list(self.build_requires))}\n"
        system += 'build-backend = "build_backend"\nbackend-path = ["_backend"]\n'
        if not self.project_table:
            return system
        # A list of strings, and a string, are written alike in JSON and in TOML.
        lines = ["", "[project]", f"name = {json.dumps(self.name)}", f"version = {json.dumps(self.version)}"]
        lines.append(f"dependencies = {json.dumps(list(self.requires))}")
        if self.requires_python:
            lines.append(f"requires-python = {json.dumps(self.requires_python)}")
        lines += ["", "[project.optional-dependencies]"]
        lines += [f"{extra} = {json.dumps(list(requires))}" for extra, requires in self.extras.items()]
        for group, points in self.entry_points.items():
            lines += ["", f"[project.entry-points.{json.dumps(group)}]"]
            lines += [f"{json.dumps(name)} = {json.dumps(target)}" for name, target in points.items()]
        return system + "\n".join(lines) + "\n"

    def _setup_py(self) -> str:
        modules = [module_of(self.name)] if self.files is None else []
        return (
            "from setuptools import find_packages, setup\n\n"
            f"setup(name={self.name!r}, version={self.version!r}, package_dir={{'': 'src'}}, py_modules={modules!r},\n"
            f"      packages=find_packages('src'), install_requires={list(self.requires)!r},\n"
            f"      extras_require={ {extra: list(lines) for extra, lines in self.extras.items()}!r},\n"
            f"      python_requires={self.requires_python!r})\n"
        )


def _compressed(content: bytes, form: Form) -> bytes:
    match form:
        case "tar.gz" | "tgz":
            return gzip.compress(content, mtime=EARLIEST)
        case "tar.bz2":
            return bz2.compress(content)
        case "tar.xz":
            return lzma.compress(content)
        case _:
            return content
