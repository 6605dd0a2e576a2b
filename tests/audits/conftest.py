"""What the tests of real wheels share: wheels, each fetched once in a session, and other readers of ELF files."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from tests.support.debian import why_not_here


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where `fetch` keeps wheels."""
    return tmp_path_factory.mktemp("shelf")


@pytest.fixture(scope="session")
def oracle() -> Path:
    """A Python with auditwheel and pyelftools: ours has both."""
    if sys.platform != "linux":
        pytest.skip("nothing is compared with auditwheel: the lock has it for Linux alone")
    return Path(sys.executable)


@pytest.fixture(scope="session")
def readelf() -> Path:
    """The one of binutils."""
    why = why_not_here({"readelf": "binutils"})
    if why is not None:
        pytest.skip(f"nothing is compared with readelf: {why}")
    return Path(shutil.which("readelf") or "readelf")
