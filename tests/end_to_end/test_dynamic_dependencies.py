"""Projects whose dependencies only their build backend knows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.end_to_end.workplace import Workplace
from tests.support.packages import make_project, make_wheel

PROJECT = ("[project]", 'name = "dyn"', 'version = "1.0"')
RESOLVERS = pytest.mark.parametrize("resolver", ["uv", "pip"])


@pytest.fixture
def shop(work: Workplace) -> Workplace:
    """An index with four packages, and a stranger with the project's name."""
    for name in ("six", "idna", "attrs", "iniconfig"):
        make_wheel(work.index.folder, f"{name}-1.0-py3-none-any.whl")
    make_wheel(work.index.folder, "dyn-99.0-py3-none-any.whl", requires=["attrs"])
    return work


def dynamic(shop: Workplace, *lines: str, requires: tuple[str, ...] = ("six",)) -> Path:
    """A project of that name whose backend, in the project itself, says what it requires."""
    make_project(shop.folder, "dyn", requires=requires, extras={"fast": ["idna"], "all": ["dyn[fast]"]})
    manifest = shop.folder / "pyproject.toml"
    manifest.write_text(manifest.read_text("utf-8") + "".join(f"{line}\n" for line in (*PROJECT, *lines)), "utf-8")
    return manifest


@RESOLVERS
def test_the_backend_says_what_is_packed(shop: Workplace, resolver: str) -> None:
    dynamic(shop, 'dynamic = ["dependencies"]', "[dependency-groups]", 'dev = ["iniconfig"]')

    assert list(shop.packed(".", "--resolver", resolver).closure) == ["six"]
    assert sorted(shop.packed(".", "--group", "dev", "--resolver", resolver).closure) == ["iniconfig", "six"]
    assert list(shop.packed(".", "--only-group", "dev", "--resolver", resolver).closure) == ["iniconfig"]
    assert not shop.index.asked("/simple/dyn/")


@RESOLVERS
def test_the_backend_says_what_an_extra_is(shop: Workplace, resolver: str) -> None:
    dynamic(shop, 'dynamic = ["dependencies", "optional-dependencies"]')

    packed = shop.packed(".", "--extra", "all", "--resolver", resolver)

    assert sorted(packed.closure) == ["idna", "six"]
    assert "knows whether there is an extra 'all'" in packed.said.errors
    assert not shop.index.asked("/simple/dyn/")


def test_what_the_backend_says_now_counts(shop: Workplace) -> None:
    dynamic(shop, 'dynamic = ["dependencies"]')
    assert list(shop.packed(".").closure) == ["six"]

    # Neither pyproject.toml nor setup.py changes, by which uv would know.
    recipe = shop.folder / "_backend" / "recipe.json"
    said = json.loads(recipe.read_text("utf-8"))
    said["metadata"] = said["metadata"].replace("Requires-Dist: six", "Requires-Dist: idna")
    recipe.write_text(json.dumps(said), "utf-8")

    assert list(shop.packed(".").closure) == ["idna"]


def test_a_folder_in_a_requirements_file_says_it_now_too(shop: Workplace) -> None:
    dynamic(shop, 'dynamic = ["dependencies"]')
    shop.write("requirements.txt", "-e .")
    assert sorted(shop.packed("-r", "requirements.txt").closure) == ["dyn", "six"]

    recipe = shop.folder / "_backend" / "recipe.json"
    said = json.loads(recipe.read_text("utf-8"))
    said["metadata"] = said["metadata"].replace("Requires-Dist: six", "Requires-Dist: idna")
    recipe.write_text(json.dumps(said), "utf-8")

    assert sorted(shop.packed("-r", "requirements.txt").closure) == ["dyn", "idna"]


def test_a_project_that_may_not_run_code_is_refused(shop: Workplace) -> None:
    dynamic(shop, 'dynamic = ["dependencies"]')

    done = shop.pack(".", "--no-build")

    assert done.exit_code == 2
    assert "the dependencies are dynamic, so only the project's build backend knows them" in done.errors
    assert "name a lock or a requirements file with -r" in done.errors


def test_a_requirements_file_beside_it_counts(shop: Workplace) -> None:
    dynamic(shop, 'dynamic = ["dependencies"]')
    shop.write("requirements.txt", "attrs")

    assert list(shop.packed(".").closure) == ["attrs"]


def test_a_setup_py_whose_name_cannot_be_read_says_what_now(shop: Workplace) -> None:
    shop.write("setup.py", "from setuptools import setup", "setup(name=NAME)")

    done = shop.pack(".")

    assert done.exit_code == 2
    assert "does not say its name; add it to [project] in pyproject.toml" in done.errors
