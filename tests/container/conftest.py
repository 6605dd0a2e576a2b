"""Fixtures: podman, and the image on a base made here."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.container.podman import Podman, why_not


@pytest.fixture(scope="session")
def podman() -> Iterator[Podman]:
    """Skips where no container can be made, and says why."""
    reason = why_not()
    if reason:
        pytest.skip(f"the image is neither built nor run: {reason}")
    # An image takes 1 GB: pytest would keep the last three.
    with tempfile.TemporaryDirectory(prefix="lambda-pack-podman-") as folder:
        yield Podman(Path(folder))
