"""Real build backends, in a repository with several projects: what they take from it, and what they leave out."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from lambda_pack.model.indexes import IndexSettings
from lambda_pack.model.packages import Folder, Pin
from tests.support.processes import run
from tests.tools.building.yards import Yard, accepted, build, path_of

pytestmark = pytest.mark.network

PROJECT = '[project]\nname = "app"\nversion = "1.0"\nrequires-python = ">=3.9"\n'
BACKENDS = {
    "hatchling": f'{PROJECT}[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n',
    "polylith": f"""{PROJECT}[build-system]
requires = ["hatchling", "hatch-polylith-bricks"]
build-backend = "hatchling.build"
[tool.hatch.build.hooks.polylith-bricks]
[tool.hatch.build.targets.wheel]
packages = ["app", "house"]
[tool.polylith.bricks]
"../../components/house/log" = "house/log"
""",
    "poetry": f'{PROJECT}[build-system]\nrequires = ["poetry-core"]\nbuild-backend = "poetry.core.masonry.api"\n',
}


@pytest.mark.parametrize("backend", list(BACKENDS))
def test_a_wheel_has_the_code_beside_its_project_and_nothing_that_is_ignored(
    tmp_path: Path, clean_environment: dict[str, str], backend: str
) -> None:
    files = {
        ".gitignore": ".env\n",
        "components/house/log/core.py": "",
        "projects/app/pyproject.toml": BACKENDS[backend],
        "projects/app/app/__init__.py": "",
        "projects/app/app/.env": "PASSWORD=1",
    }
    for name, text in files.items():
        path = tmp_path / "repository" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert run(("git", "init", "-q"), clean_environment, folder=tmp_path / "repository").exit_code == 0
    builder = Yard(tmp_path, clean_environment).builder(indexes=IndexSettings())
    wheel = accepted(build(builder, Folder(Pin.parse("app", "1.0"), str(tmp_path / "repository/projects/app")))).wheel
    with zipfile.ZipFile(path_of(wheel)) as opened:
        packed = {name for name in opened.namelist() if ".dist-info/" not in name}
    assert packed == {"app/__init__.py"} | ({"house/log/core.py"} if backend == "polylith" else set())
