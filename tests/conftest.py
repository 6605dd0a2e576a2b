"""Fixtures that every test folder may use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.index import LoopbackIndex


@pytest.fixture
def index(tmp_path: Path) -> Iterator[LoopbackIndex]:
    """A started index over `tmp_path / "index"`: JSON and HTML, with `.metadata` files."""
    with LoopbackIndex(tmp_path / "index") as started:
        yield started


@pytest.fixture
def clean_environment(tmp_path: Path) -> dict[str, str]:
    """What a process needs and no more: none of the machine's settings of pip and uv, no proxy, an empty home."""
    home = tmp_path / "home"
    home.mkdir()
    return {
        "PATH": os.environ["PATH"],  # noqa: TID251  # compilers and interpreters are where the machine has them
        "HOME": str(home),
        "XDG_CONFIG_DIRS": str(home),  # uv reads /etc/xdg otherwise
        "PIP_CONFIG_FILE": os.devnull,
    }
