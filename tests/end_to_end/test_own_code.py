"""Own code on the real command line: projects built, folders under folders, modules, and smaller bundles that load."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.end_to_end.command import COMMAND
from tests.end_to_end.workplace import Packed, Workplace, contents
from tests.support.here import our_target
from tests.support.packages import make_project, make_wheel

HERE = our_target()
NAMES = {"runtime": HERE.runtime.name, "architecture": HERE.architecture.value}


@pytest.fixture
def helper(work: Workplace) -> Path:
    files = {
        "helper/__init__.py": "from importlib.metadata import version\nVERSION = version('helper')\n",
        "helper/tests/test_helper.py": "import helper\n",
        "helper/py.typed": "",
    }
    return make_wheel(work.index.folder, "helper-1.5-py3-none-any.whl", files=files)


def packed(work: Workplace, *arguments: str | Path) -> Packed:
    return work.packed(*arguments, runtime=NAMES["runtime"], architecture=NAMES["architecture"])


def verified(work: Workplace, archive: Path) -> str:
    done = work.run(*COMMAND, "verify", archive, "--with", "host", "--python", sys.executable)
    assert done.exit_code == 0, done.text
    return done.output


@pytest.mark.usefixtures("helper")
def test_a_project_is_packed_as_its_wheel(work: Workplace) -> None:
    files = {"shop/__init__.py": "", "shop/app.py": "import helper\ndef handler(event, context): return 1\n"}
    make_project(work.folder, "shop", "2.0", requires=["helper"], files=files, project_table=True)
    work.write("notes.txt", "not in the wheel")

    one = packed(work, "--project", ".", "--handler", "shop.app.handler")

    names = [name for name in one.names if not name.startswith("helper")]
    metadata = [f"shop-2.0.dist-info/{name}" for name in ("INSTALLER", "METADATA", "RECORD", "WHEEL")]
    assert names == [*metadata, "shop/__init__.py", "shop/app.py"]
    assert one.zip.name.startswith("shop-python3.")
    assert list(one.closure) == ["helper"], "the lock is about what others publish"
    row = next(row for row in one.report["packages"] if row["name"] == "shop")
    assert (row["built_from"], row["size"]) == (".", sum(len(contents(one.zip)[name]) for name in names))
    assert one.report["warnings"] == []
    assert packed(work, "--project", ".").bytes == one.bytes


def test_a_project_that_does_not_build_is_unmet(work: Workplace) -> None:
    make_project(work.folder, "shop", build_backend="broken", project_table=True)
    done = work.pack("--project", ".", runtime=NAMES["runtime"], architecture=NAMES["architecture"])
    assert done.exit_code == 3
    assert "unmet: shop" in done.output
    assert "broken on purpose" in done.output
    assert work.leftovers() == []


def test_no_code_runs_where_none_may(work: Workplace) -> None:
    make_project(work.folder, "shop", project_table=True)
    done = work.pack("--project", ".", "--no-build")
    assert done.exit_code == 3
    assert "--no-build lets no code of packages run" in done.output


def test_a_folder_under_a_folder_and_a_module(work: Workplace) -> None:
    work.write("requirements.txt")
    work.write("src/a.py", "a = 1")
    work.write("src/data/b.txt", "b")
    work.write("single.py", "x = 1")
    one = packed(work, "--source", "src:lib/shop", "--source", "single.py", "--source", "single.py:lib")
    assert one.names == ["lib/shop/a.py", "lib/shop/data/b.txt", "lib/single.py", "single.py"]


@pytest.mark.usefixtures("helper")
@pytest.mark.parametrize("folder", [".", "build", "a [b]/c*"])
def test_what_was_written_before_is_not_packed(work: Workplace, folder: str) -> None:
    work.write("requirements.txt", "helper")
    work.write(f"{folder}/data.zip", "the user's own")

    def pack(architecture: str) -> bytes:
        done = work.pack("-r", "requirements.txt", "--source", ".", "-o", folder, architecture=architecture)
        assert done.exit_code == 0, done.text
        (archive,) = (work.folder / folder).glob(f"*-{architecture}.zip")
        return archive.read_bytes()

    first = pack("arm64")

    assert pack("x86_64") == first == pack("arm64")
    (archive,) = (work.folder / folder).glob("*-arm64.zip")
    assert (Path(folder) / "data.zip").as_posix() in contents(archive)


def test_the_settings_of_the_project_have_its_own_paths(work: Workplace) -> None:
    project = work.folder / "services" / "api"
    make_project(project, "api", files={"api.py": ""}, project_table=True)
    (project / "extra").mkdir()
    (project / "extra" / "more.py").touch()
    with (project / "pyproject.toml").open("a") as file:
        file.write('[tool.lambda-pack]\nproject = ["."]\nsource = ["extra:more"]\n')
    assert {"api.py", "more/more.py"} <= set(packed(work, "services/api").names)


@pytest.mark.usefixtures("helper")
def test_a_smaller_bundle_loads_and_says_what_it_saved(work: Workplace) -> None:
    make_wheel(work.index.folder, "boto3-1.40-py3-none-any.whl", files={"boto3.py": "x = 1\n" * 1000})
    work.write("requirements.txt", "helper", "boto3")
    work.write("src/app.py", "import helper", "def handler(event, context): return helper.VERSION")
    work.write("src/tests/test_app.py", "assert True")
    slim = ("--drop", "tests,pyi,sources-of-pyc", "--dist-info", "minimal", "--compile", "--exclude-runtime-packages")

    one = packed(work, "--source", "src", *slim, "--handler", "app.handler")

    metadata = [f"helper-1.5.dist-info/{name}" for name in ("INSTALLER", "METADATA", "RECORD")]
    assert one.names == ["app.pyc", *metadata, "helper/__init__.pyc"]
    saved = {row["package"] or row["measure"]: row["saved"] for row in one.report["slimming"]}
    assert saved.keys() == {"boto3==1.40", "tests", "dist-info", "compile", "sources-of-pyc", "pyi"}
    assert saved["boto3==1.40"] > 6000
    assert "boto3==1.40 is left out" in one.report["warnings"][0]
    assert "slimming saved" in one.said.output
    assert "2 modules imported" in verified(work, one.zip)
    assert packed(work, "--source", "src", *slim).bytes == one.bytes


def test_sources_without_bytecode_are_not_dropped(work: Workplace) -> None:
    work.write("requirements.txt")
    done = work.pack("--drop", "sources-of-pyc")
    assert done.exit_code == 2
    assert "without --compile" in done.text
