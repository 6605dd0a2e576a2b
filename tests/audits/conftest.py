"""What the tests of real wheels share: each wheel and each other reader is fetched once in a session."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.audits.fetching import oracle_python
from tests.support.debian import why_not_here


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where `fetch` keeps wheels."""
    return tmp_path_factory.mktemp("shelf")


@pytest.fixture(scope="session")
def oracle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python with auditwheel and pyelftools."""
    return oracle_python(tmp_path_factory.mktemp("oracle"))


@pytest.fixture(scope="session")
def readelf() -> Path:
    """The one of binutils."""
    why = why_not_here({"readelf": "binutils"})
    if why is not None:
        pytest.skip(f"nothing is compared with readelf: {why}")
    return Path(shutil.which("readelf") or "readelf")
