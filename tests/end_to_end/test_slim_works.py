"""A real work made as small as it can be still imports whole, and is the same each time."""

from __future__ import annotations

import json
import os
import shutil
import sys
import zipfile
from pathlib import Path

import pytest

from tests.end_to_end.command import COMMAND
from tests.end_to_end.workplace import Packed, contents
from tests.support.here import our_target
from tests.support.processes import Finished, run

pytestmark = pytest.mark.network

HERE = our_target()
# With C, C++, Cython and Rust inside, grafted libraries, tests that look like code and code that looks like tests.
WORK = ("numpy", "lxml", "pydantic", "cryptography", "pyyaml", "sqlalchemy", "click", "boto3", "django")
EVERYTHING = ("--drop", "tests,docs,headers,pyi,sources-of-pyc", "--dist-info", "minimal", "--strip", "--compile")
# Django's modules want settings first, and so do not all import in either.
WALK = """
import importlib, json, pkgutil, sys
sys.path.insert(0, sys.argv[1])
failed = []
for top in ("numpy", "lxml", "pydantic", "cryptography", "yaml", "sqlalchemy", "click", "boto3", "botocore"):
    package = importlib.import_module(top)
    for found in pkgutil.walk_packages(package.__path__, f"{top}.", onerror=lambda name: None):
        try:
            importlib.import_module(found.name)
        except BaseException:
            failed.append(found.name)
print()
print(json.dumps(failed))
"""
RUNS = {"whole": (), "slim": EVERYTHING, "again": EVERYTHING}


def test_everything_that_can_go_goes_and_it_loads(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("\n".join(WORK))
    whole, slim, again = (packed(tmp_path, name, *options) for name, options in RUNS.items())

    assert slim.bytes == again.bytes
    saved = {row["measure"]: row["saved"] for row in slim.report["slimming"]}
    assert saved.keys() == {"tests", "docs", "headers", "pyi", "sources-of-pyc", "dist-info", "strip", "compile"}
    assert all(size > 0 for measure, size in saved.items() if measure != "compile")
    before, after = contents(whole.zip), contents(slim.zip)
    sizes = [one.report["archive"]["unzipped_size"] - bytes_of_records(one.zip) for one in (whole, slim)]
    assert sizes[0] - sizes[1] == sum(saved.values()), "RECORD files aside, which list fewer files than before"
    grafted = {name: content for name, content in before.items() if ".libs/" in name}
    assert grafted
    assert grafted.items() <= after.items(), "never touched"
    assert {"django/test/client.pyc", "boto3/docs/docstring.pyc"} <= after.keys(), "code by another name"
    left = [name for name in after if name.endswith((".py", ".pyi", ".h"))]
    assert all("-" in name for name in left), "everything was compiled that can be imported"
    done = command(tmp_path, "verify", slim.zip, "--with", "host", "--python", sys.executable)
    assert done.exit_code == 0, done.text
    assert failing(slim.zip) <= failing(whole.zip), "every module that could be imported still can be"


def bytes_of_records(archive: Path) -> int:
    with zipfile.ZipFile(archive) as bundle:
        return sum(one.file_size for one in bundle.infolist() if one.filename.endswith(".dist-info/RECORD"))


def failing(archive: Path) -> set[str]:
    """The modules of the work that cannot be imported, however deep they lie."""
    folder = archive.with_suffix("")
    shutil.unpack_archive(archive, folder)
    # `-S`: nothing but the bundle and the standard library; `-P`: and not the folder we are in.
    command = (sys.executable, "-S", "-P", "-B", "-W", "ignore", "-c", WALK, folder)
    done = run(command, {"PATH": os.environ["PATH"]}, folder=folder, timeout=600)  # noqa: TID251  # as `command`
    assert done.exit_code == 0, done.text
    return set(json.loads(done.output.splitlines()[-1]))


def packed(folder: Path, name: str, *options: str) -> Packed:
    target = ("--runtime", HERE.runtime.name, "--architecture", HERE.architecture.value)
    done = command(folder, "pack", "-r", "requirements.txt", "--name", "work", "-o", name, *target, *options)
    assert done.exit_code == 0, done.text
    (archive,) = (folder / name).glob("*.zip")
    return Packed(archive, done)


def command(folder: Path, *arguments: str | Path) -> Finished:
    """With the machine's settings, which say where the index is."""
    return run((*COMMAND, *arguments), os.environ, folder=folder, timeout=600)  # noqa: TID251
