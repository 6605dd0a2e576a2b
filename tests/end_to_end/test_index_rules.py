"""Each tool's settings about indexes keep that tool's rule: what the tool takes is what lambda-pack takes."""

from __future__ import annotations

import json
import os
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from packaging.pylock import Pylock
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from uv import find_uv_bin

from lambda_pack.model.targets import Target
from tests.end_to_end.command import COMMAND
from tests.support.index_rules import RULES, Place, Rule, placed, served
from tests.support.processes import run
from tests.support.project_tools import ProjectTool

TARGET = Target.parse("python3.12")


@pytest.fixture(scope="module")
def urls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, str]]:
    """The indexes of the table, by name."""
    with served(tmp_path_factory.mktemp("indexes")) as found:
        yield found


@pytest.mark.parametrize("resolver", ["uv", "pip"])
@pytest.mark.parametrize("rule", RULES, ids=str)
def test_we_take_what_the_table_says(rule: Rule, resolver: str, urls: Mapping[str, str], tmp_path: Path) -> None:
    place = placed(rule, urls, tmp_path)
    target = ("--runtime", TARGET.runtime.name, "--resolver", resolver)
    where = ("-o", tmp_path / "pylock.toml", "--retries", "0", "--cache-dir", tmp_path / "cache")
    done = run((*COMMAND, "lock", place.folder, *target, *where), ours(place), folder=place.folder)
    assert done.exit_code == 0, done.text
    lock = Pylock.from_dict(tomllib.loads((tmp_path / "pylock.toml").read_text("utf-8")))
    assert {package.name: str(package.version) for package in lock.packages} == rule.takes


@pytest.mark.network
@pytest.mark.parametrize("rule", RULES, ids=str)
def test_the_tool_takes_what_the_table_says(rule: Rule, urls: Mapping[str, str], tmp_path: Path) -> None:
    place = placed(rule, urls, tmp_path)
    taken = {"pip": by_pip, "uv": by_uv, "poetry": by_poetry, "pdm": by_pdm}[rule.tool](place)
    assert taken == rule.takes


def ours(place: Place) -> dict[str, str]:
    """The environment of a tool: the rule's, and where programs are."""
    return {"PATH": os.environ["PATH"], **place.environ}  # noqa: TID251  # where programs are


def called(place: Place, *command: str | Path, **extra: str) -> str:
    """What a tool says in the project."""
    done = run(command, {**ours(place), **extra}, folder=place.folder, timeout=300)
    assert done.exit_code == 0, done.text
    return done.output


def by_pip(place: Place) -> dict[str, str]:
    options = ("--dry-run", "--ignore-installed", "--quiet", "--report", "-", "--no-cache-dir")
    report = json.loads(called(place, sys.executable, "-m", "pip", "install", *options, "-r", "requirements.txt"))
    return {canonicalize_name(row["metadata"]["name"]): row["metadata"]["version"] for row in report["install"]}


def by_uv(place: Place) -> dict[str, str]:
    uv, options = find_uv_bin(), ("--python", sys.executable, "--no-cache", "-q")
    if (place.folder / "pyproject.toml").is_file():
        called(place, uv, "lock", "--no-cache", "-q", "--python", sys.executable)
        exported = ("--no-hashes", "--no-emit-project", "--no-annotate", "--no-header", "--frozen", "-q")
        text = called(place, uv, "export", *exported)
    else:
        text = called(place, uv, "pip", "compile", "requirements.txt", "--no-annotate", "--no-header", *options)
    lines = (Requirement(line) for line in text.splitlines() if "==" in line)
    return {canonicalize_name(line.name): next(iter(line.specifier)).version for line in lines if counts(line)}


def counts(line: Requirement) -> bool:
    return TARGET.satisfies(line.marker)


def by_poetry(place: Place) -> dict[str, str]:
    poetry = ProjectTool.ready("poetry", place.home)
    keyring = {"PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring"}
    called(place, poetry.programs / "poetry", "lock", "-n", **keyring)
    return locked(place.folder / "poetry.lock")


def by_pdm(place: Place) -> dict[str, str]:
    pdm = ProjectTool.ready("pdm", place.home)
    called(place, pdm.programs / "pdm", "lock", "-q", PDM_CHECK_UPDATE="0")
    return locked(place.folder / "pdm.lock")


def locked(lock: Path) -> dict[str, str]:
    rows = tomllib.loads(lock.read_text("utf-8"))["package"]
    return {row["name"]: row["version"] for row in rows}
