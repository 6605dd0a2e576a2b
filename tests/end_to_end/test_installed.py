"""What is installed, packed by the real command: the same files as from the index, and judged for the target."""

from __future__ import annotations

import json
import sys

import pytest

from tests.end_to_end.workplace import Workplace, contents
from tests.support.packages import make_elf, make_wheel
from tests.support.processes import run


@pytest.fixture
def shop(work: Workplace) -> Workplace:
    """Two packages, installed with pip into the folder `task` and in an index, and the project that needs them."""
    make_wheel(work.index.folder, "web-1.0-py3-none-any.whl", requires=["shared"])
    make_wheel(work.index.folder, "shared-1.0-py2.py3-none-any.whl", executable=["shared.py"])
    work.write("requirements.txt", "web")
    install(work, "web")
    return work


def install(work: Workplace, *names: str, folder: str = "task") -> None:
    """As users do it before they know better."""
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile")
    done = run((*pip, "--target", folder, "--index-url", work.index.url, *names), work.environment, folder=work.folder)
    assert done.exit_code == 0, done.text


def test_the_same_files_as_from_the_index(shop: Workplace) -> None:
    packed = shop.packed("--name", "shop")

    done = shop.pack("task", "-o", "out")

    assert done.exit_code == 0, done.text
    assert contents(shop.folder / "out" / "task-python3.13-arm64.zip") == contents(packed.zip)
    report = json.loads((shop.folder / "out" / "task-python3.13-arm64.report.json").read_text("utf-8"))
    assert {one["name"]: (one["url"], one["verified"]) for one in report["packages"]} == {
        "web": ("task", False),
        "shared": ("task", False),
    }
    assert not list((shop.folder / "out").glob("*.pylock.toml"))


def test_it_comes_out_the_same_again(shop: Workplace) -> None:
    for output in ("one", "two"):
        assert shop.pack("--input", "task", "-o", output).exit_code == 0
    name = "task-python3.13-arm64.zip"
    assert (shop.folder / "one" / name).read_bytes() == (shop.folder / "two" / name).read_bytes()


def test_what_was_installed_for_another_machine_is_refused(shop: Workplace) -> None:
    make_wheel(shop.folder / "wheels", "fast-1.0-cp313-cp313-manylinux_2_17_x86_64.whl")
    pip = (
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-compile",
        "--no-deps",
    )
    foreign = (
        "--platform",
        "manylinux_2_17_x86_64",
        "--python-version",
        "3.13",
        "--implementation",
        "cp",
        "--abi",
        "cp313",
    )
    (wheel,) = (shop.folder / "wheels").iterdir()
    done = run(
        (*pip, "--target", "task", *foreign, "--only-binary", ":all:", wheel), shop.environment, folder=shop.folder
    )
    assert done.exit_code == 0, done.text

    refused = shop.pack("task")

    assert refused.exit_code == 3
    assert "fast-1.0-cp313-cp313-manylinux_2_17_x86_64.whl: is for x86_64; the target is aarch64" in refused.output
    assert shop.pack("task", architecture="x86_64").exit_code == 0


def test_and_so_is_what_its_binaries_contradict(shop: Workplace) -> None:
    make_wheel(
        shop.index.folder,
        "liar-1.0-py3-none-any.whl",
        files={"liar/native.so": make_elf(needed=["libc.so.6"], versions={"libc.so.6": ["GLIBC_2.99"]})},
    )
    install(shop, "liar")

    refused = shop.pack("task", architecture="x86_64")

    assert refused.exit_code == 3
    assert "GLIBC_2.99" in refused.output


@pytest.mark.parametrize("kind", ["environment", "target"])
def test_data_files_that_installers_place_elsewhere_are_packed_too(shop: Workplace, kind: str) -> None:
    make_wheel(
        shop.index.folder,
        "maps-1.0-py3-none-any.whl",
        data={"data/share/maps/world.txt": "round", "data/etc/maps.conf": "", "headers/maps.h": ""},
        entry_points={"console_scripts": {"maps": "maps:main"}},
    )
    shop.write("requirements.txt", "maps")
    packed = shop.packed("--name", "shop")
    folder = _installed(shop, kind, "maps")

    done = shop.pack(folder, "-o", "out", "--name", "again")

    assert done.exit_code == 0, done.text
    assert contents(shop.folder / "out" / "again-python3.13-arm64.zip") == contents(packed.zip)
    assert {"share/maps/world.txt", "etc/maps.conf"} < set(contents(packed.zip))


@pytest.mark.parametrize("kind", ["environment", "target"])
def test_a_module_that_has_been_deleted_is_missed(shop: Workplace, kind: str) -> None:
    folder = _installed(shop, kind, "web")
    for path in (shop.folder / folder).rglob("web.py"):
        path.unlink()

    done = shop.pack(folder)

    assert "web==1.0 lacks 'web.py', which its RECORD lists (1 in all); install it again" in done.errors


def _installed(work: Workplace, kind: str, name: str) -> str:
    """The folder that a package was installed into, with the machine's own Python."""
    if kind == "target":
        install(work, name, folder="target")
        return "target"
    pip = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile", "--index-url")
    for command in (("-m", "venv", "--without-pip", ".venv"), ("-m", "pip", "--python", ".venv", *pip[2:])):
        arguments = (*command, work.index.url, name) if "pip" in command else command
        made = run((sys.executable, *arguments), work.environment, folder=work.folder)
        assert made.exit_code == 0, made.text
    return ".venv"
