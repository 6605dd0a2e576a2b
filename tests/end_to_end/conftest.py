"""Fixtures of the tests that run the real command."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.end_to_end.workplace import Workplace
from tests.support.index import LoopbackIndex


@pytest.fixture
def work(tmp_path: Path, index: LoopbackIndex, clean_environment: dict[str, str]) -> Workplace:
    """An empty project called 'shop'."""
    project, temporary = tmp_path / "shop", tmp_path / "temporary"
    project.mkdir()
    temporary.mkdir()
    environment = {**clean_environment, "TMPDIR": str(temporary), "XDG_CACHE_HOME": str(tmp_path / "caches")}
    return Workplace(project, index, tmp_path / "cache", temporary, environment)
