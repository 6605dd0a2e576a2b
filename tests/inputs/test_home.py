"""The user's home, where there is none or it is closed."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.support.processes import run

PROGRAM = """
import os, sys
from lambda_pack.inputs.home import home_folder
from lambda_pack.tools.network.cache import default_cache_folder
default_cache_folder()  # whatever it imports may be closed to somebody else
if len(sys.argv) > 1:
    os.setuid(int(sys.argv[1]))
print(home_folder(), default_cache_folder(), sep="|")
"""


def test_a_home_is_where_the_variable_says(tmp_path: Path) -> None:
    done = run((sys.executable, "-c", PROGRAM), {"HOME": str(tmp_path)}, folder=tmp_path)

    assert done.output.startswith(f"{tmp_path}|"), done.errors


def test_a_home_that_is_not_there_is_none(tmp_path: Path) -> None:
    done = run((sys.executable, "-c", PROGRAM), {"HOME": str(tmp_path / "gone")}, folder=tmp_path)

    assert done.output.startswith("/nonexistent|"), done.errors


@pytest.mark.parametrize(
    ("environment", "expected"),
    [({}, "/nonexistent|None"), ({"HOME": "{closed}", "XDG_CACHE_HOME": "/cache"}, "/nonexistent|/cache/lambda-pack")],
    ids=["without a name", "of another"],
)
def test_a_user_without_a_home_of_their_own(tmp_path: Path, environment: dict[str, str], expected: str) -> None:
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("only root can become somebody who has no name")
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    settings = {name: value.replace("{closed}", str(closed)) for name, value in environment.items()}

    done = run((sys.executable, "-c", PROGRAM, "54321"), settings, folder=tmp_path)

    assert done.output.strip() == expected, done.errors
