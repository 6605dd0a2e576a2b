"""Fixtures of the tests that run the real command."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.end_to_end.workplace import Workplace
from tests.support.index import LoopbackIndex
from tests.support.packages import make_wheel


@pytest.fixture(scope="session")
def uv_caches(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder in which uv knows this interpreter: asking it costs every test a sixth of a second."""
    folder = tmp_path_factory.mktemp("caches")
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder)}  # noqa: TID251  # as `clean_environment`
    with LoopbackIndex(folder / "index") as index:
        make_wheel(index.folder, "seed-1.0-py3-none-any.whl")
        work = _work(folder, index, {**environment, "PIP_CONFIG_FILE": os.devnull, "XDG_CONFIG_DIRS": str(folder)})
        work.write("requirements.txt", "seed")
        assert work.check().exit_code == 0
    return folder / "caches"


@pytest.fixture
def work(tmp_path: Path, index: LoopbackIndex, clean_environment: dict[str, str], uv_caches: Path) -> Workplace:
    """An empty project called 'shop'."""
    shutil.copytree(uv_caches, tmp_path / "caches", symlinks=True)
    return _work(tmp_path, index, clean_environment)


def _work(folder: Path, index: LoopbackIndex, environment: Mapping[str, str]) -> Workplace:
    project, temporary = folder / "shop", folder / "temporary"
    project.mkdir()
    temporary.mkdir()
    places = {"TMPDIR": str(temporary), "XDG_CACHE_HOME": str(folder / "caches")}
    return Workplace(project, index, folder / "cache", temporary, {**environment, **places})
