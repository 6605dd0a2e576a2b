"""A base whose Python is too old for lambda-pack gets one of its own for it, and stays what it is for all else."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tests.container.podman import Podman
from tests.container.projects import AS_SOMEBODY, SOMEBODY, packed_outside, project, the_zip
from tests.container.standalone import served

pytestmark = pytest.mark.proof

IMAGE = "localhost/lambda-pack:python3.9"


@pytest.fixture(scope="module")
def base(podman: Podman) -> str:
    """Debian 11, whose Python is 3.9."""
    return podman.debian("bullseye", "ca-certificates", "python3")


@pytest.fixture(scope="module")
def image(podman: Podman, base: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The image on it, with a standalone Python from a server of the test's."""
    with served(podman, tmp_path_factory.mktemp("standalone"), "/opt/lambda-pack/pythons") as listing:
        built = podman.build(base, IMAGE, {"UV_PYTHON_DOWNLOADS_JSON_URL": listing})
    assert built.exit_code == 0, built.text[-5000:]
    return IMAGE


def test_without_any_python_the_build_ends_with_advice(podman: Podman, base: str) -> None:
    nowhere = {"UV_PYTHON_INSTALL_MIRROR": "http://127.0.0.1:9/"}

    built = podman.build(base, "localhost/lambda-pack:none", nowhere)

    assert built.exit_code != 0
    assert "name a mirror with --build-arg UV_PYTHON_INSTALL_MIRROR=URL, or take a newer base" in built.text


def test_each_has_its_python(podman: Podman, image: str, tmp_path: Path) -> None:
    script = "python3 --version; head -1 /opt/lambda-pack/entrypoint; cat /opt/lambda-pack/image.toml"

    done = podman.run(image, "-ec", script, folder=tmp_path, options=("--entrypoint=/bin/sh",))

    version, first, settings = done.output.splitlines()
    assert version.startswith("Python 3.9.")
    assert first.startswith("#!/opt/lambda-pack/pythons/cpython-3.13")
    assert settings == 'runtime = "python3.9"'


def test_it_packs_what_the_machine_packs(podman: Podman, image: str, tmp_path: Path) -> None:
    requirements = ("markupsafe==2.1.5", "numpy<2")
    folder = project(tmp_path / "shop", *requirements, owner=SOMEBODY)

    done = podman.run(image, "pack", folder=folder, options=AS_SOMEBODY)

    assert done.exit_code == 0, done.text
    (tmp_path / "outside").mkdir()
    assert the_zip(folder).read_bytes() == packed_outside(tmp_path / "outside" / "shop", "python3.9", *requirements)


def test_sources_are_built(podman: Podman, image: str, tmp_path: Path) -> None:
    folder = project(tmp_path / "shop", "docopt==0.6.2", owner=SOMEBODY)

    done = podman.run(image, "pack", folder=folder, options=AS_SOMEBODY)

    assert done.exit_code == 0, done.text
    assert "docopt.py" in zipfile.ZipFile(the_zip(folder)).namelist()
