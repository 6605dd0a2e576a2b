"""Projects that are built from files outside of their own folders, as in a repository with several projects."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from lambda_pack.model.packages import Folder, Pin
from lambda_pack.tools.building.folders import copy_folder
from tests.support.processes import run as run_program
from tests.tools.building.yards import Yard, accepted, build, path_of

PIN = Pin.parse("app", "1.0")


def write(folder: Path, files: dict[str, str]) -> Path:
    """The folder with these files in it."""
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def copied_files(project: Path, into: Path, whole: Path | None = None) -> tuple[str, list[str]]:
    """Where the project is in its copy, and all files of it."""
    inner = copy_folder(project, whole or project, into)
    return inner, sorted(path.relative_to(into).as_posix() for path in into.rglob("*") if not path.is_dir())


@pytest.mark.parametrize(
    ("manifest", "text"),
    [
        # Polylith's build hook for hatch builds an empty wheel, without a word, where these are missing.
        ("pyproject.toml", '[tool.polylith.bricks]\n"../../shared/log" = "log"\n'),
        ("pyproject.toml", '[[tool.poetry.packages]]\ninclude = "log"\nfrom = "../../shared"\n'),
        ("pyproject.toml", '[tool.hatch.build.targets.wheel.force-include]\n"../../shared/log" = "log"\n'),
        ("pyproject.toml", '[tool.pdm.build]\nincludes = ["../../shared/**/*.py"]\n'),
        ("pyproject.toml", '[tool.setuptools.package-dir]\nlog = "src/../../../shared/log"\n'),
        ("setup.cfg", "[options]\npackage_dir =\n    =../../shared\n"),
        ("setup.py", "from setuptools import setup\nsetup(package_dir={'log': '../../shared/log'})\n"),
    ],
)
def test_what_a_manifest_names_outside_is_copied_to_its_place(tmp_path: Path, manifest: str, text: str) -> None:
    repository = write(
        tmp_path / "repository",
        {f"projects/app/{manifest}": text, "shared/log/core.py": "", "other/big.bin": "", "projects/else/a.py": ""},
    )
    inner, files = copied_files(repository / "projects/app", tmp_path / "copy")
    assert (inner, files) == ("projects/app", [f"projects/app/{manifest}", "shared/log/core.py"])


@pytest.mark.parametrize(
    "text",
    [
        'root = ".."',
        'root = "../.."',
        'url = "../../nowhere"',
        'own = "../app/src"',
        'other = "a..b"',
        "broken = '../../shared",
    ],
)
def test_only_what_is_outside_and_there_is_copied_besides(tmp_path: Path, text: str) -> None:
    repository = write(
        tmp_path / "repository", {"projects/app/pyproject.toml": text, "projects/app/src/a.py": "", "shared/log.py": ""}
    )
    inner, files = copied_files(repository / "projects/app", tmp_path / "copy")
    assert (inner, files) == (".", ["pyproject.toml", "src/a.py"])


def test_a_folder_of_a_whole_keeps_its_place_in_it(tmp_path: Path) -> None:
    text = 'inside = "../b.py"\noutside = "../../c.py"\n'
    write(tmp_path, {"r/whole/app/pyproject.toml": text, "r/whole/b.py": "", "r/c.py": "", "r/d.py": ""})
    inner, files = copied_files(tmp_path / "r/whole/app", tmp_path / "copy", tmp_path / "r/whole")
    assert (inner, files) == ("whole/app", ["c.py", "whole/app/pyproject.toml", "whole/b.py"])


def test_links_out_of_the_folder_become_what_they_lead_to(tmp_path: Path) -> None:
    write(tmp_path, {"app/a.py": "", "shared/log.py": "log", "version.py": "version"})
    (tmp_path / "app" / "shared").symlink_to("../shared")
    (tmp_path / "app" / "version.py").symlink_to(tmp_path / "version.py")
    (tmp_path / "app" / "b.py").symlink_to("a.py")
    copy_folder(tmp_path / "app", tmp_path / "app", tmp_path / "copy")
    assert (tmp_path / "copy/shared/log.py").read_text() == "log"
    assert (tmp_path / "copy/version.py").read_text() == "version"
    assert not (tmp_path / "copy/version.py").is_symlink()
    assert (tmp_path / "copy/b.py").is_symlink(), "inside of the folder a link works as it is"


@pytest.mark.parametrize("target", ["..", ".", "../other", "gone", "../gone"])
def test_links_without_an_end_stay(tmp_path: Path, target: str) -> None:
    write(tmp_path, {"app/a.py": "", "other/b.py": ""})
    (tmp_path / "app" / "link").symlink_to(target)
    (tmp_path / "other" / "back").symlink_to("../app")
    copy_folder(tmp_path / "app", tmp_path / "app", tmp_path / "copy")
    links = [
        path.relative_to(tmp_path / "copy").as_posix() for path in (tmp_path / "copy").rglob("*") if path.is_symlink()
    ]
    assert links == (["link/back"] if target == "../other" else ["link"])


IGNORED = {".gitignore": "*.env\n", "packages/.gitignore": "data/\n", "packages/app/app/a.env": "", "elsewhere.py": ""}


@pytest.mark.parametrize("backend", ["hatchling.build", "setuptools.build_meta"])
def test_ignore_files_above_the_project_are_copied_up_to_the_root_of_the_repository(
    tmp_path: Path, backend: str
) -> None:
    manifest = f'[build-system]\nrequires = []\nbuild-backend = "{backend}"\n'
    write(tmp_path, {".gitignore": "", "r/.git/HEAD": "", "r/packages/app/pyproject.toml": manifest})
    write(tmp_path / "r", IGNORED)
    inner, files = copied_files(tmp_path / "r/packages/app", tmp_path / "copy")
    expected = [".gitignore", "packages/.gitignore", "packages/app/app/a.env", "packages/app/pyproject.toml"]
    assert (inner, files) == ("packages/app", expected)


def test_outside_of_a_repository_the_nearest_ignore_file_counts(tmp_path: Path) -> None:
    write(tmp_path, {".gitignore": "", "packages/.gitignore": "", "packages/app/a.py": ""})
    inner, files = copied_files(tmp_path / "packages/app", tmp_path / "copy")
    assert (inner, files) == ("app", [".gitignore", "app/a.py"])


@pytest.mark.parametrize("is_worktree", [False, True])
def test_poetry_can_ask_git_what_is_ignored(
    tmp_path: Path, clean_environment: dict[str, str], *, is_worktree: bool
) -> None:
    git = ("git", "-c", "user.name=x", "-c", "user.email=x@x.invalid")
    manifest = '[build-system]\nrequires = ["poetry-core"]\nbuild-backend = "poetry.core.masonry.api"\n'
    repository = write(tmp_path / "r", {**IGNORED, "packages/app/pyproject.toml": manifest, "kept.env": ""})
    for words in (("init", "-q"), ("add", "-f", ".gitignore", "kept.env"), ("commit", "-qm", "x")):
        assert run_program((*git, *words), clean_environment, folder=repository).exit_code == 0
    if is_worktree:
        worktree = tmp_path / "worktree"
        assert (
            run_program((*git, "worktree", "add", "-q", str(worktree)), clean_environment, folder=repository).exit_code
            == 0
        )
        repository = write(worktree, {"packages/app/app/a.env": "", "packages/app/pyproject.toml": manifest})
    inner = copy_folder(repository / "packages/app", repository / "packages/app", tmp_path / "copy")
    listing = ("git", "ls-files", "--others", "-i", "--exclude-standard")
    listed = run_program(listing, clean_environment, folder=tmp_path / "copy" / inner)
    assert (listed.exit_code, listed.output.split()) == (0, ["app/a.env"])
    assert not (tmp_path / "copy" / "elsewhere.py").exists()


# As some real ones, it says nothing where the file is missing.
BACKEND = """
import pathlib, zipfile
def build_wheel(folder, settings=None, metadata=None):
    with zipfile.ZipFile(pathlib.Path(folder, "app-1.0-py3-none-any.whl"), "w") as wheel:
        wheel.writestr("app/__init__.py", "")
        for path in pathlib.Path("../../shared").glob("*.py"):
            wheel.write(path, f"app/{path.name}")
        wheel.writestr("app-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: app\\nVersion: 1.0\\n")
        wheel.writestr("app-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("app-1.0.dist-info/RECORD", "")
    return "app-1.0-py3-none-any.whl"
"""
MANIFEST = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[tool.backend]
code = "../../shared/*.py"
"""


@pytest.mark.parametrize("compiler", [True, False])
def test_a_build_sees_the_code_beside_its_project(
    tmp_path: Path, clean_environment: dict[str, str], *, compiler: bool
) -> None:
    project = write(tmp_path / "repository/projects/app", {"pyproject.toml": MANIFEST, "backend.py": BACKEND})
    write(tmp_path, {"repository/shared/log.py": "NAME = 'log'"})
    builder = Yard(tmp_path, clean_environment).builder()
    wheel = accepted(build(builder, Folder(PIN, str(project)), compiler=compiler)).wheel
    with zipfile.ZipFile(path_of(wheel)) as opened:
        assert opened.read("app/log.py") == b"NAME = 'log'"
