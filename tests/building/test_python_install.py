"""An interpreter that this machine lacks, installed by the real uv and built with.

What uv installs by itself lies where not every machine can fetch it: it is told of one that is made here.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.building.test_containers import THREADS, write_extension
from tests.container.podman import Podman
from tests.container.standalone import served
from tests.end_to_end.command import COMMAND
from tests.end_to_end.workplace import contents
from tests.support.processes import Finished, run

pytestmark = pytest.mark.proof

FIND = """
import os
from lambda_pack.tools.interpreters import find_interpreter
print(find_interpreter((3, 13), environ=os.environ))
"""


def machine(home: Path) -> dict[str, str]:
    """This one, as a user sees it who has installed no Python."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("UV_", "PYENV"))}  # noqa: TID251  # the way to its index
    return {**kept, "PATH": os.defpath, "HOME": str(home)}


def pack(requirements: Path, environment: Mapping[str, str], *options: str) -> Finished:
    """The real command, for a runtime whose Python is not here."""
    target = ("--runtime", "python3.13", "--builder", "host", "--no-cache", "--json", "-o", "out", "--name", "shop")
    command: tuple[str | Path, ...] = (*COMMAND, "pack", "-r", requirements, *target, *options)
    return run(command, environment, folder=requirements.parent, timeout=600)


def test_uv_installs_it_and_it_builds(podman: Podman, tmp_path: Path) -> None:
    home = tmp_path / "home"
    pythons = home / ".local/share/uv/python"
    home.mkdir()
    environment = machine(home)
    if run((sys.executable, "-c", FIND), environment, folder=tmp_path).output.strip() != "None":
        pytest.skip("this machine has a Python 3.13 for every user")
    requirements = write_extension(tmp_path, "threads", THREADS, "pthread")

    without = pack(requirements, environment)

    assert without.exit_code == 3, without.text
    assert "let uv do so with --python-install" in json.loads(without.output)["attempts"][0]["detail"]
    assert not pythons.exists()

    made = tmp_path / "made"
    made.mkdir()
    with served(podman, made, str(pythons)) as listing:
        done = pack(requirements, {**environment, "UV_PYTHON_DOWNLOADS_JSON_URL": listing}, "--python-install")

    assert done.exit_code == 0, done.text
    document = json.loads(done.output)
    assert document["packages"][0]["file"] == "threads-1.0-cp313-cp313-manylinux_2_34_x86_64.whl"
    names = contents(tmp_path / document["archive"]["path"])
    assert "threads.cpython-313-x86_64-linux-gnu.so" in names
    (installed,) = pythons.glob("cpython-3.13.*/bin/python3.13")

    again = pack(requirements, environment)

    assert again.exit_code == 0, again.text
    assert installed.is_file()
