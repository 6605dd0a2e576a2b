"""Fixtures of the action's tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.action.jobs import Job
from tests.support.index import LoopbackIndex


@pytest.fixture
def job(tmp_path: Path, index: LoopbackIndex, clean_environment: dict[str, str]) -> Job:
    """A job on a repository called 'shop', whose runner knows the index."""
    return Job.begin(tmp_path, index, clean_environment)
