"""What a project is called, wherever it says so."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from lambda_pack.errors import UsageError
from lambda_pack.inputs.own_project import lacks_build_system, read_own_project

SETUP_PY = "import setuptools\nsetuptools.setup(version='1', name='Shop_Front')\n"


@pytest.mark.parametrize(
    "files",
    [
        {"pyproject.toml": "[project]\nname = 'Shop_Front'\n"},
        {"pyproject.toml": "[tool.poetry]\nname = 'shop.front'\n"},
        {"pyproject.toml": "[tool.flit.metadata]\nmodule = 'shop_front'\n"},
        {"pyproject.toml": "[tool.flit.metadata]\nmodule = 'shop'\ndist-name = 'shop-front'\n"},
        {"pyproject.toml": "[build-system]\nrequires = []\n", "setup.cfg": "[metadata]\nname = shop_front\n"},
        {"setup.py": SETUP_PY},
        {"setup.py": "from setuptools import setup\nif True:\n    setup(name='shop-front')\n", "setup.cfg": "[x]\n"},
        {"setup.py": SETUP_PY, "setup.cfg": "this is no configuration"},
    ],
)
def test_where_it_says_its_name(tmp_path: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text, "utf-8")
    project = read_own_project(tmp_path)
    assert (str(project.pin), project.path) == ("shop-front", str(tmp_path))


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({}, "nothing says what to build; pack the folder as it is with --source"),
        ({"pyproject.toml": "[build-system]\nrequires = []\n"}, "does not say its name"),
        ({"setup.py": "name = 'x'\nsetup(name=name)\n"}, "does not say its name"),
        ({"setup.py": "this is no python"}, "does not say its name"),
        ({"pyproject.toml": "["}, "is not TOML"),
    ],
)
def test_what_is_no_project(tmp_path: Path, files: Mapping[str, str], says: str) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text, "utf-8")
    with pytest.raises(UsageError, match=says):
        read_own_project(tmp_path)


def test_what_is_no_folder(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is not a folder; name the folder of a project with --project"):
        read_own_project(tmp_path / "gone")


@pytest.mark.parametrize(
    ("files", "lacks"),
    [
        ({"pyproject.toml": "[project]\nname = 'x'\n"}, True),
        ({"pyproject.toml": "[project]\nname = 'x'\n[build-system]\nrequires = []\n"}, False),
        ({"pyproject.toml": "[project]\nname = 'x'\n", "setup.cfg": ""}, False),
        ({"setup.py": SETUP_PY}, False),
    ],
)
def test_who_says_how_it_is_built(tmp_path: Path, files: Mapping[str, str], *, lacks: bool) -> None:
    for name, text in files.items():
        (tmp_path / name).write_text(text, "utf-8")
    assert lacks_build_system(tmp_path) is lacks
