"""Fixtures: an old image to build in, and an environment in which podman is the engine."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.container.podman import Podman, why_not

# glibc 2.31, Python 3.9, and a library that Lambda's image lacks; the machine that builds has a newer glibc.
PACKAGES = ("python3", "python3-distutils", "python3-dev", "gcc", "libc6-dev", "libyaml-dev", "ca-certificates")


@pytest.fixture(scope="session")
def engine() -> Iterator[dict[str, str]]:
    """Variables in which `podman` uses a storage of the test's, with the image `localhost/base:bullseye` in it."""
    reason = why_not()
    if reason:
        pytest.skip(f"nothing is built in a container: {reason}")
    with tempfile.TemporaryDirectory(prefix="lambda-pack-podman-") as name:
        podman = Podman(Path(name))
        podman.debian("bullseye", *PACKAGES)
        # A docker client without a daemon comes first where the machine has one, and does not answer.
        yield {**podman.on_path(), "DOCKER_HOST": "unix:///nowhere"}
