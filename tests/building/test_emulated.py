"""Building for arm64 on a machine of another architecture, and loading what was built, in emulated containers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.building.test_containers import YAML, pack, report, write_extension
from tests.container.emulated import emulated
from tests.container.podman import Podman
from tests.end_to_end.command import COMMAND
from tests.support.here import our_target
from tests.support.processes import run

pytestmark = pytest.mark.proof

PACKAGES = ("python3.11", "python3-distutils", "libpython3.11-dev", "gcc", "libc6-dev", "libyaml-dev", "libc-bin")
SHELL = ("base-files", "bash", "dash", "coreutils", "sed", "grep")


@pytest.fixture(scope="module")
def foreign(podman: Podman) -> str:
    """Debian 12 for arm64, with what a build needs."""
    if our_target().architecture.value != "x86_64":
        pytest.skip("this machine builds for arm64 without emulation")
    return podman.foreign("bookworm", "arm64", *SHELL, *PACKAGES)


@pytest.fixture(scope="module")
def engine(podman: Podman, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Variables in which podman runs it."""
    with emulated(podman, tmp_path_factory.mktemp("emulated")) as environment:
        # A docker client without a daemon comes first where the machine has one, and does not answer.
        yield {**environment, "DOCKER_HOST": "unix:///nowhere"}


def test_an_extension_with_a_library_for_the_other_architecture(
    tmp_path: Path, engine: dict[str, str], foreign: str
) -> None:
    requirements = write_extension(tmp_path, "yamlish", YAML, "yaml")
    target = ("--runtime", "python3.11", "--architecture", "arm64")
    options = ("--builder", "container", "--build-image", foreign, "--build-network", "none", "--name", "shop")

    found = report(pack(requirements, engine, *target, *options))

    (package,) = found["packages"]
    assert package["file"] == "yamlish-1.0-cp311-cp311-manylinux_2_26_aarch64.whl"
    assert [one["name"] for one in package["build"]["grafted"]] == ["libyaml-0.so.2"]

    archive = tmp_path / found["archive"]["path"]
    done = run(
        (*COMMAND, "verify", archive, "--with", "container", "--image", foreign, "--json"),
        engine,
        folder=tmp_path,
        timeout=600,
    )

    assert done.exit_code == 0, done.text
    assert [one["what"] for one in json.loads(done.output)["outcomes"]] == ["yamlish"]
