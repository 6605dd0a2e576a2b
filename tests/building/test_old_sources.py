"""Real old sdists that do not build with today's build requirements, and that are built all the same."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from lambda_pack.model.targets import Target
from lambda_pack.tools.interpreters import find_interpreter
from lambda_pack.tools.uv_program import find_uv
from tests.end_to_end.command import COMMAND
from tests.end_to_end.workplace import contents
from tests.support.processes import run

pytestmark = [pytest.mark.network, pytest.mark.slow]

PKG_RESOURCES = "its setup.py needs pkg_resources, which setuptools dropped in 82"
USE_2TO3 = "its setup.py needs use_2to3, which setuptools dropped in 58"

# Each was uploaded as source alone, or without a wheel for this Python; read from the index on 2026-11-28.
RESCUED = {
    "openai-whisper==20231117": ("python3.12", "2023-11-18", PKG_RESOURCES),
    "visdom==0.2.4": ("python3.12", "2023-02-09", PKG_RESOURCES),
    # Cython 3 does not build it; tools from before setuptools 66.1 do not run on 3.12.
    "pyyaml==5.4.1": ("python3.12", "2023-01-21", None),
    "demjson==2.2.4": ("python3.11", "2020-06-01", USE_2TO3),
    "feedparser==5.2.1": ("python3.11", "2020-06-01", USE_2TO3),
    "pyvcf==0.6.8": ("python3.11", "2020-06-01", USE_2TO3),
    "anyjson==0.3.3": ("python3.11", "2020-06-01", USE_2TO3),
    "suds-jurko==0.6": ("python3.11", "2020-06-01", None),
}
# use_2to3 needs a setuptools that does not run on 3.12; the others were written for Pythons before it.
LOST = {
    "demjson==2.2.4": "setuptools<58 does not run on Python 3.12",
    "pyclipper==1.2.1": "longintrepr.h",
}


def environment() -> dict[str, str]:
    """The machine's proxy, certificates and programs, and the public index alone."""
    # An index of the machine's own may have no dates: then pip refuses to go by them.
    return {**os.environ, "PIP_CONFIG_FILE": os.devnull}  # noqa: TID251  # as a user would run it


def packed(folder: Path, name: str, runtime: str, *options: str) -> tuple[int, dict[str, Any]]:
    """The exit code and the report of a pack of what this file names."""
    if find_interpreter(Target.parse(runtime).runtime.python, environ=environment()) is None:
        pytest.skip(f"this machine has no interpreter for {runtime}")
    target = ("--runtime", runtime, "--architecture", "x86_64", "--builder", "host", "--prefer", "newest")
    where = ("--cache-dir", folder / "cache", "-o", folder / "out", "--json")
    done = run((*COMMAND, "pack", "-r", name, *target, *where, *options), environment(), folder=folder, timeout=900)
    assert done.exit_code in {0, 3}, done.text
    return done.exit_code, json.loads(done.output)


def lock_alone(folder: Path, requirement: str) -> None:
    """A lock of this package without what it asks for: that may be gigabytes, and is not what this is about."""
    name = requirement.partition("==")[0]
    (folder / "requirements.in").write_text(f"{requirement}\n", "utf-8")
    command = (find_uv(environment()), "pip", "compile", "requirements.in", "--no-deps", "--no-binary", name, "-q")
    done = run((*command, "--format", "pylock.toml", "-o", "pylock.toml"), environment(), folder=folder)
    assert done.exit_code == 0, done.text


@pytest.mark.parametrize("requirement", RESCUED)
def test_it_is_built_with_the_tools_of_its_day(tmp_path: Path, requirement: str) -> None:
    runtime, day, why = RESCUED[requirement]
    lock_alone(tmp_path, requirement)
    exit_code, report = packed(tmp_path, "pylock.toml", runtime)
    assert exit_code == 0, report["unmet"]
    (package,) = report["packages"]
    limits = package["build"]["limits"]
    assert (limits["before"][:10], limits["constraints"], limits["why"]) == (day, [], why)


@pytest.mark.parametrize("resolver", ["uv", "pip"])
def test_its_metadata_comes_from_that_build(tmp_path: Path, resolver: str) -> None:
    (tmp_path / "requirements.txt").write_text("feedparser==5.2.1\nsix\n--no-binary feedparser\n", "utf-8")
    exit_code, report = packed(tmp_path, "requirements.txt", "python3.11", "--resolver", resolver)
    assert exit_code == 0, (resolver, report["unmet"])
    (archive,) = (tmp_path / "out").glob("*.zip")
    assert {"feedparser.py", "six.py"} <= set(contents(archive))


@pytest.mark.parametrize("requirement", LOST)
def test_what_cannot_be_built_says_why(tmp_path: Path, requirement: str) -> None:
    lock_alone(tmp_path, requirement)
    exit_code, report = packed(tmp_path, "pylock.toml", "python3.12")
    assert exit_code == 3
    (unmet,) = report["unmet"]
    told = json.dumps([unmet["reason"], unmet["advice"]])
    assert LOST[requirement] in told
    assert "docker" not in told
