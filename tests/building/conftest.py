"""Fixtures: old images to build in, and an environment in which podman is the engine."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.building.images import OLD_WITH_PYTHONS, add_pythons, make_old
from tests.container.podman import Podman, why_not


@pytest.fixture(scope="session")
def podman() -> Iterator[Podman]:
    """One whose storage is empty at first, and gone afterwards."""
    reason = why_not()
    if reason:
        pytest.skip(f"nothing is built in a container: {reason}")
    with tempfile.TemporaryDirectory(prefix="lambda-pack-podman-") as name:
        yield Podman(Path(name))


@pytest.fixture(scope="session")
def engine(podman: Podman) -> dict[str, str]:
    """Variables in which that podman is the engine that answers, with `OLD` in its storage."""
    make_old(podman)
    # A docker client without a daemon comes first where the machine has one, and does not answer.
    return {**podman.on_path(), "DOCKER_HOST": "unix:///nowhere"}


@pytest.fixture(scope="session")
def old_pythons(podman: Podman, engine: dict[str, str]) -> str:
    """An image made of `OLD`, with Pythons of Lambda's versions."""
    del engine
    with tempfile.TemporaryDirectory(prefix="lambda-pack-pythons-") as name:
        add_pythons(podman, Path(name, "parts"))
    return OLD_WITH_PYTHONS
