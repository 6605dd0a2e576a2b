"""Projects of the real tools: what is packed of one is exactly what `pip wheel` makes of it."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.end_to_end.command import COMMAND
from tests.end_to_end.workplace import contents
from tests.support.here import our_target
from tests.support.processes import run
from tests.support.project_tools import ProjectTool

pytestmark = pytest.mark.network

HERE = our_target()

# Each keeps files in and out in its backend's own way.
HATCH = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "shop"
version = "1.0"
[tool.hatch.build.targets.wheel]
packages = ["src/shop"]
exclude = ["*.secret"]
[tool.hatch.build.targets.wheel.force-include]
"settings.json" = "shop/settings.json"
"""
POETRY = """
include = [{ path = "settings.json", format = "wheel" }]
exclude = ["src/shop/*.secret"]
"""
SETUPTOOLS = """\
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"
[project]
name = "shop"
version = "1.0"
[project.scripts]
shop = "shop.app:handler"
[tool.setuptools]
package-dir = { "" = "src" }
packages = ["shop", "shop.deep"]
py-modules = ["single"]
[tool.setuptools.package-data]
shop = ["*.txt"]
"""
FLIT = """\
[build-system]
requires = ["flit_core>=3.11"]
build-backend = "flit_core.buildapi"
[project]
name = "shop"
version = "1.0"
description = "A shop"
"""
UV = """
[tool.uv.build-backend]
wheel-exclude = ["*.secret"]
"""


def with_poetry(folder: Path, home: Path) -> None:
    ProjectTool.ready("poetry", home)("new", "--src", "--no-interaction", folder, folder=folder.parent)
    manifest = folder / "pyproject.toml"
    text = manifest.read_text("utf-8")
    section = "[tool.poetry]\n"
    assert section in text
    manifest.write_text(text.replace(section, section + POETRY.strip() + "\n"), "utf-8")


def with_hatch(folder: Path, _: Path) -> None:
    (folder / "src" / "shop").mkdir(parents=True)
    (folder / "pyproject.toml").write_text(HATCH)


def with_uv(folder: Path, home: Path) -> None:
    ProjectTool.ready("uv", home)("init", "--lib", "--no-workspace", "--vcs", "none", folder, folder=folder.parent)
    manifest = folder / "pyproject.toml"
    # A mirror may have uv in a newer release than its backend.
    text = re.sub(r'"uv_build[^"]*"', '"uv_build"', manifest.read_text("utf-8"))
    manifest.write_text(text + UV, "utf-8")


def with_setuptools(folder: Path, _: Path) -> None:
    (folder / "src" / "shop").mkdir(parents=True)
    (folder / "pyproject.toml").write_text(SETUPTOOLS)


def with_flit(folder: Path, _: Path) -> None:
    (folder / "src" / "shop").mkdir(parents=True)
    (folder / "pyproject.toml").write_text(FLIT)


MADE_HERE = (".dist-info/RECORD", ".dist-info/INSTALLER")


@pytest.mark.parametrize("make", [with_poetry, with_hatch, with_uv, with_setuptools, with_flit])
def test_it_is_packed_as_its_own_backend_says(tmp_path: Path, make: Callable[[Path, Path], None]) -> None:
    home, folder = tmp_path / "home", tmp_path / "shop"
    home.mkdir()
    make(folder, home)
    package = folder / "src" / "shop"
    for name in ("__init__.py", "app.py", "data.txt", "my.secret", "deep/__init__.py"):
        (package / name).parent.mkdir(exist_ok=True)
        (package / name).write_text('"""A shop."""\nhandler = print\n')
    for name in ("settings.json", "src/single.py"):
        (folder / name).write_text("{}")
    shutil.copytree(folder, tmp_path / "again" / "shop")

    wheel = made_by_pip(tmp_path / "again" / "shop")
    done = run(
        (*COMMAND, "pack", "--project", "shop", "-o", "out", "--handler", "shop.app.handler", *names()),
        os.environ,  # noqa: TID251  # the machine's settings say where the index is
        folder=tmp_path,
        timeout=400,
    )

    assert done.exit_code == 0, done.text
    (archive,) = (tmp_path / "out").glob("*.zip")
    # They describe the bundle, and not the wheel.
    packed = {name: content for name, content in contents(archive).items() if not name.endswith(MADE_HERE)}
    assert packed == wheel
    assert {"shop/__init__.py", "shop/app.py"} <= wheel.keys()
    assert "handler" not in done.errors
    assert not {path.name for path in folder.iterdir()} & {"dist", "build"}, "nothing is built in place"


def names() -> tuple[str, ...]:
    return "--runtime", HERE.runtime.name, "--architecture", HERE.architecture.value


def made_by_pip(project: Path) -> dict[str, bytes]:
    """The files of the project's wheel, but for the list of an installation."""
    command = (sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "-w", project.parent / "wheels", project)
    done = run(command, os.environ, folder=project.parent, timeout=400)  # noqa: TID251  # as above
    assert done.exit_code == 0, done.text
    (wheel,) = (project.parent / "wheels").glob("*.whl")
    return {name: content for name, content in contents(wheel).items() if not name.endswith((".dist-info/RECORD", "/"))}
