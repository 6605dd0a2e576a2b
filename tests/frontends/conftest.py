"""Fixtures of the tests that call the library."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch, clean_environment: Mapping[str, str], tmp_path: Path) -> None:
    """The library reads the environment of its process: that of a machine which knows nothing."""
    for name in tuple(os.environ):  # noqa: TID251  # what pip and uv would read
        if name.startswith(("PIP_", "UV_", "XDG_")) or name.endswith("_CA_BUNDLE"):
            monkeypatch.delenv(name)
    for name, value in clean_environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
