"""Environments and folders of `pip --target`, as inputs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from lambda_pack.errors import UsageError
from lambda_pack.inputs.project import read_inputs
from lambda_pack.inputs.reading import Reading
from lambda_pack.model.selection import Selection


def install(  # noqa: PLR0913  # each is one fact about a distribution
    place: Path,
    name: str,
    *,
    requires: tuple[str, ...] = (),
    tags: tuple[str, ...] = ("py3-none-any",),
    files: tuple[str, ...] = (),
    requested: bool = False,
    direct: object = None,
) -> None:
    """A distribution of version 1.0 as pip leaves it, with one module and what else is named."""
    dist_info = place / f"{name}-1.0.dist-info"
    dist_info.mkdir(parents=True)
    lines = [f"Name: {name}", "Version: 1.0", *(f"Requires-Dist: {line}" for line in requires)]
    (dist_info / "METADATA").write_text("Metadata-Version: 2.1\n" + "\n".join(lines) + "\n\nName: none\n", "utf-8")
    (dist_info / "WHEEL").write_text("Wheel-Version: 1.0\n" + "".join(f"Tag: {tag}\n" for tag in tags), "utf-8")
    (place / f"{name}.py").write_text("", "utf-8")
    listed = [f"{name}.py", f"{dist_info.name}/METADATA", f"{dist_info.name}/WHEEL", f"{dist_info.name}/RECORD", *files]
    (dist_info / "RECORD").write_text("".join(f"{path},,\n" for path in listed), "utf-8")
    if requested:
        (dist_info / "REQUESTED").touch()
    if direct is not None:
        (dist_info / "direct_url.json").write_text(json.dumps(direct), "utf-8")


def read(folder: Path) -> Reading:
    """The reading of a folder that is the only input."""
    return read_inputs([folder], Selection(), {})


@pytest.fixture
def environment(tmp_path: Path) -> Path:
    """The environment of the project `shop`, with its installers."""
    folder = tmp_path / "shop" / ".venv"
    place = folder / "lib" / "python3.13" / "site-packages"
    place.mkdir(parents=True)
    (folder / "pyvenv.cfg").write_text("version = 3.13.1\n", "utf-8")
    install(place, "pip", requested=True)
    install(place, "setuptools")
    install(place, "web", requires=("shared>=1", "win ; sys_platform == 'win32'"), requested=True)
    install(place, "shared")
    return folder


def test_an_environment_is_what_is_installed_without_what_installs(environment: Path) -> None:
    reading = read(environment)

    assert reading.name == "shop"
    assert reading.installation is not None
    assert [str(one.pin) for one in reading.installation.distributions] == ["shared==1.0", "web==1.0"]
    assert reading.lock is not None
    assert [root.name for root in reading.lock.roots] == ["web"]


def test_an_installer_that_something_needs_is_packed(environment: Path) -> None:
    install(environment / "lib/python3.13/site-packages", "needy", requires=("setuptools",))

    installation = read(environment).installation
    assert installation is not None
    assert "setuptools==1.0" in map(str, (one.pin for one in installation.distributions))


def test_a_folder_of_packages(tmp_path: Path) -> None:
    folder = tmp_path / "task"
    install(
        folder,
        "fast",
        tags=("cp311-cp311-manylinux_2_17_x86_64", "cp311-cp311-manylinux2014_x86_64"),
        files=("fast/__pycache__/a.cpython-311.pyc", "../../bin/fast", "fast/gone.py", "/etc/passwd"),
    )
    reading = read(folder)

    assert reading.name == "task"
    assert reading.installation is not None
    (one,) = reading.installation.distributions
    assert one.filename == "fast-1.0-cp311-cp311-manylinux2014_x86_64.manylinux_2_17_x86_64.whl"
    assert sorted(one.files) == [
        "fast-1.0.dist-info/METADATA",
        "fast-1.0.dist-info/RECORD",
        "fast-1.0.dist-info/WHEEL",
        "fast.py",
    ]


def test_a_project_that_pip_has_installed_into_is_still_a_project(tmp_path: Path) -> None:
    install(tmp_path, "web")
    (tmp_path / "requirements.txt").write_text("web\n", "utf-8")

    assert read(tmp_path).installation is None


def test_what_is_not_really_there_is_told(environment: Path) -> None:
    place = environment / "lib/python3.13/site-packages"
    install(place, "mine", direct={"url": "file:///shop", "dir_info": {"editable": True}})
    (place / "old.egg-info").mkdir()

    reading = read(environment)

    assert reading.installation is not None
    assert [str(one.pin) for one in reading.installation.distributions] == ["shared==1.0", "web==1.0"]
    editable, old = reading.warnings
    assert editable == "mine-1.0 is installed in editable mode: its code is packed with --project, not from there"
    assert old == "old.egg-info has no .dist-info and is left out; install it again"


def test_an_environment_has_no_groups(environment: Path) -> None:
    with pytest.raises(UsageError, match="which has no groups and no extras"):
        read_inputs([environment], Selection(groups=("worker",)), {})


@pytest.mark.parametrize("name", ["METADATA", "WHEEL", "RECORD"])
def test_a_distribution_that_is_damaged(environment: Path, name: str) -> None:
    (environment / "lib/python3.13/site-packages/web-1.0.dist-info" / name).unlink()
    with pytest.raises(UsageError, match=r"web-1\.0\.dist-info.* is not a distribution that can be read"):
        read(environment)


def test_a_record_of_an_editable_project_that_cannot_be_read_is_passed_over(environment: Path) -> None:
    place = environment / "lib/python3.13/site-packages"
    install(place, "mine", direct={"url": "file:///shop", "dir_info": {"editable": True}})
    (place / "mine-1.0.dist-info" / "RECORD").write_bytes(b"\xff\xfe")

    assert read(environment).warnings[0].startswith("mine-1.0 is installed in editable mode")


def test_what_belongs_to_no_distribution_is_told(environment: Path) -> None:
    place = environment / "lib/python3.13/site-packages"
    (place / "mine").mkdir()
    for name in ("handler.py", "_virtualenv.py", "a.pth", "__pycache__", ".DS_Store"):
        (place / name).touch()

    (warning,) = read(environment).warnings

    assert warning.startswith(f"handler.py, mine in {place.as_posix()!r} is no part of a distribution and is left out")


def test_programs_and_data_of_a_target_folder_are_part_of_their_distribution(tmp_path: Path) -> None:
    install(tmp_path, "web", files=("../../bin/tool", "../../../.conf/web.ini"))
    for path in ("bin/tool", ".conf/web.ini"):
        (tmp_path / path).parent.mkdir()
        (tmp_path / path).touch()

    reading = read(tmp_path)

    assert reading.warnings == ()
    assert reading.installation is not None
    assert [path for path, _ in reading.installation.distributions[0].spread] == ["data/.conf/web.ini", "scripts/tool"]
