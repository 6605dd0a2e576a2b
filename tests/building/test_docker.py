"""Building and loading with a real docker daemon; what containers are told is the same as with podman."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.building.images import OLD
from tests.building.test_containers import YAML, pack, report, write_extension
from tests.container.docker import docker
from tests.container.podman import Podman
from tests.end_to_end.command import COMMAND
from tests.support.processes import run
from tests.support.zips import make_zip

pytestmark = pytest.mark.proof


@pytest.fixture(scope="module")
def daemon(podman: Podman, engine: dict[str, str]) -> Iterator[dict[str, str]]:
    """A docker that has the image which podman has."""
    del engine
    with tempfile.TemporaryDirectory(prefix="lambda-pack-docker-") as name, docker(Path(name, "docker")) as environment:
        archive = Path(name, "image.tar")
        saved = podman.podman("save", "--quiet", "--output", archive, OLD, timeout=600)
        assert saved.exit_code == 0, saved.text
        loaded = run(("docker", "load", "--input", archive), environment, folder=Path(name), timeout=600)
        assert loaded.exit_code == 0, loaded.text
        yield environment


def containers(environment: dict[str, str]) -> str:
    """The names of all that are there, running or not."""
    return run(("docker", "ps", "--all", "--quiet"), environment, folder=Path("/")).output


def test_a_build_with_what_it_grafts(tmp_path: Path, daemon: dict[str, str]) -> None:
    requirements = write_extension(tmp_path, "yamlish", YAML, "yaml")

    found = report(pack(requirements, daemon, "--builder", "container", "--build-network", "none"))

    (package,) = found["packages"]
    build = package["build"]
    assert (build["builder"], build["image"], [one["name"] for one in build["grafted"]]) == (
        "container",
        OLD,
        ["libyaml-0.so.2"],
    )
    identity = run(("docker", "image", "inspect", "--format", "{{.Id}}", OLD), daemon, folder=tmp_path)
    assert build["image_digest"] == identity.output.strip()
    assert containers(daemon) == ""


def test_a_container_ends_with_its_time(tmp_path: Path, daemon: dict[str, str]) -> None:
    requirements = write_extension(tmp_path, "yamlish", YAML, "yaml")
    options = ("--builder", "container", "--before-build", "sleep 600", "--build-timeout", "5")

    found = report(pack(requirements, daemon, *options), status=3)

    assert "did not end within 5 seconds" in found["attempts"][0]["detail"]
    assert containers(daemon) == ""


def test_a_function_is_loaded(tmp_path: Path, daemon: dict[str, str]) -> None:
    function = make_zip(tmp_path / "shop-python3.9-x86_64.zip", {"app.py": "def handler(event, context): return event"})
    options = ("--with", "container", "--image", OLD, "--handler", "app.handler", "--json")

    done = run((*COMMAND, "verify", function, *options), daemon, folder=tmp_path, timeout=300)

    assert done.exit_code == 0, done.text
    document = json.loads(done.output)
    assert document["loader"].endswith("started by docker")
    assert [one["outcome"] for one in document["outcomes"]] == ["loaded", "answered"]
    assert containers(daemon) == ""
