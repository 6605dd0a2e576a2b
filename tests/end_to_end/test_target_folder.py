"""A bundle is the tree that `uv pip install --target` makes, but for what stands for one installation."""

from __future__ import annotations

import csv
import os
import shutil
import sys
import sysconfig
from collections.abc import Iterable, Mapping
from configparser import ConfigParser
from pathlib import Path

import pytest

from tests.end_to_end.command import COMMAND
from tests.end_to_end.workplace import contents, files_below
from tests.support.here import our_target
from tests.support.processes import Finished, run

pytestmark = pytest.mark.network

HERE = our_target()
# Programs, data files, namespaces, `.pth` files, mypyc, Rust, C, and metadata of every build backend.
PACKAGES = (
    *("cmake==4.4.5", "ruff==0.17.6", "jupyterlab-pygments==0.3.0", "black==25.1.0", "google-cloud-storage==3.4.0"),
    *("docutils==0.20.1", "setuptools==80.9.0", "pywin32-ctypes==0.2.3", "protobuf==6.32.1", "ipython==8.37.0"),
    *("numpy==2.2.6", "sphinx==8.1.3"),
)


# Each describes one installation, and ours is another.
OF_INSTALLATIONS = ("RECORD", "INSTALLER", "REQUESTED", "direct_url.json", "uv_build.json", "uv_cache.json")


@pytest.mark.parametrize("package", PACKAGES)
def test_the_same_tree(package: str, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text(f"{package}\n")
    options = ("--runtime", HERE.runtime.name, "--architecture", HERE.architecture.value, "--name", "it", "-o", "out")
    started(tmp_path, *COMMAND, "pack", "-r", "requirements.txt", *options)
    uv = Path(sysconfig.get_path("scripts"), "uv")
    started(tmp_path, uv, "pip", "install", "--python", sys.executable, "--target", "tree", "-r", locked(tmp_path))

    ours = contents(tmp_path / "out" / f"it-{HERE}.zip")
    theirs = {
        name: (tmp_path / "tree" / name).read_bytes()
        for name in files_below(tmp_path / "tree")
        if (tmp_path / "tree" / name).is_file()
    }
    theirs.pop(".lock", None)

    assert sorted(plain(ours)) == sorted(name for name in plain(theirs) if name not in generated(theirs))
    different = {name for name, content in plain(ours).items() if content != theirs[name]}
    assert all(theirs[name].startswith(b"#!") for name in different), "scripts begin with the path of a Python"
    # setuptools has whole distributions inside of it.
    records = [name for name in ours if name.endswith(".dist-info/RECORD") and name.count("/") == 1]
    recorded = [row[0] for name in records for row in rows(ours[name])]
    assert sorted(set(recorded)) == sorted(ours)


def started(folder: Path, *command: str | Path) -> Finished:
    """With the machine's settings, which say where the index is."""
    done = run(command, os.environ, folder=folder, timeout=600)  # noqa: TID251  # as users start it
    assert done.exit_code == 0, done.text
    return done


def locked(folder: Path) -> Path:
    """The versions that were packed, under a name that uv takes for a lock."""
    return Path(shutil.copy(folder / "out" / f"it-{HERE}.pylock.toml", folder / "pylock.toml"))


def plain(files: Mapping[str, bytes]) -> Mapping[str, bytes]:
    """All that is not about one installation."""
    return {name: content for name, content in files.items() if name.rpartition("/")[2] not in OF_INSTALLATIONS}


def generated(files: Mapping[str, bytes]) -> Iterable[str]:
    """The scripts that an installer makes of entry points."""
    for name, content in files.items():
        if name.endswith(".dist-info/entry_points.txt"):
            parser = ConfigParser(delimiters="=", interpolation=None)
            parser.optionxform = str  # type: ignore[assignment]  # names keep their case
            parser.read_string(content.decode())
            groups = (group for group in ("console_scripts", "gui_scripts") if parser.has_section(group))
            yield from (f"bin/{script}" for group in groups for script in parser.options(group))


def rows(record: bytes) -> Iterable[list[str]]:
    """The lines of a RECORD."""
    return csv.reader(record.decode().splitlines())
