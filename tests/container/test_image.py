"""The image, built on a Debian that is made here: it packs for root and for anybody what the machine itself packs."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import uv
from msgspec import Struct

from lambda_pack import __version__
from tests.container.podman import HOUSE, Podman
from tests.container.projects import AS_SOMEBODY, SOMEBODY, packed_outside, project, the_zip
from tests.support.processes import run

pytestmark = pytest.mark.network

IMAGE = "localhost/lambda-pack:python3.11"
# A wheel for one platform, one for any, one that is held back to what loads, and what they bring.
REQUIREMENTS = ("markupsafe==3.0.2", "jinja2==3.1.6", "numpy<2.4")
EXTENSION = """\
#include <Python.h>
#include <string>
int main() { return std::string(PY_VERSION).rfind("3.11.", 0); }
"""


@pytest.fixture(scope="module")
def image(podman: Podman) -> str:
    """The image on Debian 12, whose Python is 3.11."""
    base = podman.debian("bookworm", "ca-certificates", "python3")
    built = podman.build(base, IMAGE, {"PACKAGES": "file"})
    assert built.exit_code == 0, built.text[-5000:]
    return IMAGE


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """What the machine itself packs for the image's runtime."""
    return packed_outside(tmp_path_factory.mktemp("outside") / "shop", "python3.11", *REQUIREMENTS)


def owners(folder: Path) -> set[tuple[int, int]]:
    """Users and groups of all that lies there."""
    return {(path.stat().st_uid, path.stat().st_gid) for path in (folder, *folder.rglob("*"))}


class Caller(Struct, frozen=True):
    """Who runs the image, and how: their number, podman's options, and the words before `pack`."""

    number: int
    options: tuple[str, ...] = ()
    words: tuple[str, ...] = ()


@pytest.mark.parametrize(
    "caller",
    [
        Caller(0),
        Caller(SOMEBODY, AS_SOMEBODY),
        Caller(SOMEBODY, (*AS_SOMEBODY, "--read-only", "--tmpfs=/var/cache/lambda-pack", "--cap-drop=all")),
        Caller(SOMEBODY, (*AS_SOMEBODY, "--entrypoint=env"), ("-u", "HOME", "lambda-pack")),
        Caller(SOMEBODY, (*AS_SOMEBODY, "--env=HOME=/root")),
    ],
    ids=["root", "somebody", "read-only", "without HOME", "with the HOME of another"],
)
def test_whoever_packs_gets_files_of_their_own_with_the_same_bytes(
    podman: Podman, image: str, outside: bytes, tmp_path: Path, caller: Caller
) -> None:
    folder = project(tmp_path / "shop", *REQUIREMENTS, owner=caller.number)

    done = podman.run(image, *caller.words, "pack", "-v", folder=folder, options=caller.options)

    assert done.exit_code == 0, done.text
    assert "runtime = python3.11 (/opt/lambda-pack/image.toml)" in done.errors
    assert the_zip(folder).read_bytes() == outside
    assert owners(folder) == {(caller.number, caller.number)}


def test_the_image_is_whole(podman: Podman, image: str, tmp_path: Path) -> None:
    project(tmp_path / "shop")
    (tmp_path / "shop" / "extension.cpp").write_text(EXTENSION, "utf-8")
    script = """
        lambda-pack --version
        c++ $(python3-config --includes) extension.cpp -o extension && ./extension && echo "compiled"
        command -v git && command -v make && command -v file
    """

    done = podman.run(image, "-ec", script, folder=tmp_path / "shop", options=("--entrypoint", "/bin/sh"))

    assert done.exit_code == 0, done.text
    assert done.output == f"lambda-pack {__version__}\ncompiled\n/usr/bin/git\n/usr/bin/make\n/usr/bin/file\n"


def test_without_words_it_says_what_it_can_do(podman: Podman, image: str, tmp_path: Path) -> None:
    done = podman.run(image, folder=tmp_path)

    assert (done.exit_code, done.output.partition(" ")[0]) == (0, "usage:")


@pytest.mark.parametrize("platform", ["x86_64-manylinux2014", "aarch64-manylinux2014"])
@pytest.mark.parametrize("python", ["3.11", "3.13"])
def test_the_oldest_base_needs_no_compiler_for_lambda_pack_itself(tmp_path: Path, platform: str, python: str) -> None:
    machine = dict(os.environ)  # noqa: TID251  # the machine's own way to its index, whatever that is
    target = ("--python-platform", platform, "--python-version", python, "--target", tmp_path)
    command = (uv.find_uv_bin(), "pip", "install", "--dry-run", "--only-binary", ":all:", *target)

    done = run((*command, "-r", HOUSE / "requirements.lock"), machine, folder=tmp_path)

    assert done.exit_code == 0, done.text
