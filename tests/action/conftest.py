"""Fixtures of the action's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.action.jobs import Job
from tests.support.index import LoopbackIndex


@pytest.fixture
def job(tmp_path: Path, index: LoopbackIndex, clean_environment: dict[str, str]) -> Job:
    """A job on a repository called 'shop', whose runner knows the index."""
    workspace, temporary = tmp_path / "shop", tmp_path / "temporary"
    workspace.mkdir()
    temporary.mkdir()
    environment = {
        **clean_environment,
        "GITHUB_WORKSPACE": str(workspace),
        "RUNNER_TEMP": str(temporary),
        "TMPDIR": str(temporary),
        "XDG_CACHE_HOME": str(tmp_path / "caches"),
        "PIP_INDEX_URL": index.url,
        "PIP_RETRIES": "0",
        "PYTHONUNBUFFERED": "1",
    }
    return Job(tmp_path, index, environment)
