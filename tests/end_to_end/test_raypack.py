"""What raypack's README promises, line by line, of a real poetry project with real packages from the public index."""

from __future__ import annotations

import ast
import importlib.machinery
import os
import platform
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct

from lambda_pack.model.glue_modules import RAY_MODULES
from lambda_pack.model.targets import Target
from lambda_pack.tools.network.index_urls import public_index
from tests.end_to_end.command import COMMAND
from tests.end_to_end.ray_zip import broken_rules
from tests.end_to_end.test_project_tools import exported
from tests.end_to_end.workplace import contents
from tests.frontends.schema import valid_report
from tests.support.aws import Aws, aws_on_loopback
from tests.support.processes import Finished, run
from tests.support.project_tools import ProjectTool

pytestmark = pytest.mark.network

# What its README says, in its order and in our words, and the test that shows it.
PROMISES = {
    "a zip that Glue for Ray takes": "test_the_zip_obeys_every_rule",
    "one folder around everything": "test_the_outer_folder_has_the_name_of_the_table",
    "no dist-info, no junk of operating systems": "test_the_zip_obeys_every_rule",
    "no module that AWS has": "test_nothing_that_aws_has_is_in_it",
    "versions of poetry.lock": "test_the_versions_are_those_of_poetrys_own_export",
    "own modules as poetry's section says": "test_own_code_is_what_poetrys_section_says",
    "own dependencies as poetry's section says": "test_the_versions_are_those_of_poetrys_own_export",
    "a warning about what is wrong": "test_what_is_wrong_is_told",
    "upload to S3": "test_the_zip_is_in_s3_with_its_script",
    "upload of the entry scripts": "test_the_zip_is_in_s3_with_its_script",
    "poetry projects": "test_nothing_but_the_layout_has_to_be_said",
    "a zip for Linux on ARM64 from another machine": "test_compiled_packages_are_for_glues_machine",
    "the command, with --verbose, and python -m": "test_it_is_a_command_and_a_module",
    "its settings in pyproject.toml, and their defaults": "test_without_a_table_its_defaults_hold",
    "the project's environment where the machine is Glue's": "test_an_environment_of_another_machine_is_not_packed",
    "pip in the place of poetry": "test_with_pip_the_requirements_file_counts",
    "the value of --s3-py-modules": "test_the_arguments_are_ready_to_paste",
    "a machine without the project's Python": "test_compiled_packages_are_for_glues_machine",
}

PYPROJECT = """\
[tool.poetry]
name = "shop"
version = "1.0"
description = ""
authors = ["A. Tester <a@example.com>"]
packages = [{ include = "shop" }, { include = "more", from = "lib" }]
include = [{ path = "shop/prices.csv", format = ["wheel"] }]
exclude = ["shop/drafts"]

[tool.poetry.dependencies]
python = ">=3.9,<3.10"
rich = "*"
requests = "*"
markupsafe = ">=2"
stevedore = "*"
colorama = { version = "*", markers = "sys_platform == 'win32'" }
tabulate = { version = "*", optional = true }

[tool.poetry.extras]
tables = ["tabulate"]

[tool.poetry.group.dev.dependencies]
iniconfig = "*"

[build-system]
requires = ["poetry-core"]
build-backend = "poetry.core.masonry.api"

[[tool.poetry.source]]
name = "shop"
url = "{index}"
priority = "primary"
"""
TABLE = """
[tool.raypack]
exclude_packaging_cruft = true
outer_folder_name = "modules"
source_venv = ".venv"
venv_tool = "poetry"
deps_are_pure_python = false
upload_to_s3 = true
s3_bucket_name = "raypack-code"
"""


class Packed(Struct, frozen=True):
    """The project, what was packed of it, and what was said."""

    folder: Path
    said: Finished
    export: dict[str, str]
    aws: Aws

    @property
    def archive(self) -> Path:
        """The zip."""
        return self.folder / "dist" / "shop-glue-ray2.4-arm64.zip"

    @property
    def report(self) -> dict[str, Any]:
        """The report beside it."""
        return valid_report(self.archive.with_name("shop-glue-ray2.4-arm64.report.json").read_text("utf-8"))

    @property
    def names(self) -> set[str]:
        """The paths in the zip, below the outer folder."""
        return {name.removeprefix("modules/") for name in contents(self.archive)}


def pack(folder: Path, *arguments: str | Path, aws: Aws | None = None) -> Finished:
    """Runs the command as somebody in the project does, with this machine's index."""
    extra = aws.environment if aws else {}
    return run((*COMMAND, "pack", *arguments), {**os.environ, **extra}, folder=folder, timeout=400)  # noqa: TID251


def make_project(folder: Path, table: str = TABLE) -> Path:
    """The files of the project."""
    for name, text in {
        "pyproject.toml": PYPROJECT.replace("{index}", public_index()) + table,
        "shop/__init__.py": "import rich",
        "shop/prices.csv": "1,2",
        "shop/.DS_Store": "",
        "shop/drafts/idea.py": "",
        "lib/more/__init__.py": "",
        "tests/test_shop.py": "",
        "main.py": "import shop",
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return folder


@pytest.fixture(scope="module")
def packed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Packed]:
    """Locked by poetry, packed and delivered by one command."""
    root = tmp_path_factory.mktemp("raypack")
    folder = make_project(root / "shop")
    poetry = ProjectTool.ready("poetry", root / "home")
    poetry("lock", folder=folder)
    text = poetry("export", "--without-hashes", "--only", "main", folder=folder)
    with aws_on_loopback() as aws:
        aws.make_bucket("raypack-code")
        said = pack(folder, "--layout", "glue-ray", "-v", "--entry-script", "main.py", aws=aws)
        assert said.exit_code == 0, said.text
        yield Packed(folder, said, exported(text, Target.parse("glue-ray2.4", "arm64")), aws)


def test_every_promise_is_shown_and_stands_in_the_table_of_the_documents() -> None:
    document = (Path(__file__).parents[2] / "docs" / "glue.md").read_text("utf-8")
    tests = {
        node.name for node in ast.parse(Path(__file__).read_text("utf-8")).body if isinstance(node, ast.FunctionDef)
    }
    assert set(PROMISES.values()) <= tests
    missing = [promise for promise in PROMISES if f"| {promise} |" not in document]
    assert not missing


def test_the_zip_obeys_every_rule(packed: Packed) -> None:
    assert not broken_rules(packed.archive, "modules")


def test_the_outer_folder_has_the_name_of_the_table(packed: Packed) -> None:
    assert {name.partition("/")[0] for name in contents(packed.archive)} == {"modules"}


def test_nothing_that_aws_has_is_in_it(packed: Packed) -> None:
    assert packed.export.keys() & RAY_MODULES.keys() >= {"requests", "idna", "certifi", "charset-normalizer"}
    assert not {package["name"] for package in packed.report["packages"]} & RAY_MODULES.keys()


def test_the_versions_are_those_of_poetrys_own_export(packed: Packed) -> None:
    expected = {name: version for name, version in packed.export.items() if name not in RAY_MODULES}
    found = {package["name"]: package["version"] for package in packed.report["packages"]}
    assert found == {**expected, "shop": "1.0"}
    assert {"rich", "markupsafe", "stevedore"} <= found.keys()
    assert not {"iniconfig", "tabulate", "colorama"} & found.keys()


def test_own_code_is_what_poetrys_section_says(packed: Packed) -> None:
    own = {name for name in packed.names if name.partition("/")[0] in {"shop", "more", "tests", "lib", "main.py"}}
    assert own == {"shop/__init__.py", "shop/prices.csv", "more/__init__.py"}


def test_what_is_wrong_is_told(packed: Packed) -> None:
    warnings = "\n".join(packed.report["warnings"])
    assert "closed to new customers" in warnings
    assert "shared objects, for Linux on ARM64" in warnings
    assert "stevedore" in warnings  # which looks for plugins by their entry points
    assert "[tool.raypack] is understood" in warnings


def test_the_zip_is_in_s3_with_its_script(packed: Packed) -> None:
    assert packed.aws.body("s3://raypack-code/shop-glue-ray2.4-arm64.zip") == packed.archive.read_bytes()
    assert packed.aws.body("s3://raypack-code/main.py") == b"import shop"


def test_nothing_but_the_layout_has_to_be_said(packed: Packed) -> None:
    assert packed.report["target"]["runtime"] == "glue-ray2.4"
    assert packed.report["target"]["architecture"] == "arm64"


def test_compiled_packages_are_for_glues_machine(packed: Packed) -> None:
    modules = [name for name in packed.names if name.startswith("markupsafe/") and name.endswith(".so")]
    assert modules
    data = contents(packed.archive)[f"modules/{modules[0]}"]
    assert data[:4] == b"\x7fELF"
    assert int.from_bytes(data[18:20], "little") == 183  # EM_AARCH64
    assert "cpython-39-aarch64" in modules[0]


def test_it_is_a_command_and_a_module(packed: Packed) -> None:
    assert COMMAND[1:] == ("-m", "lambda_pack")
    assert "outer-folder = modules ([tool.raypack])" in packed.said.errors


def test_the_arguments_are_ready_to_paste(packed: Packed) -> None:
    assert "  --s3-py-modules s3://raypack-code/shop-glue-ray2.4-arm64.zip\n" in packed.said.output
    assert packed.report["glue"]["arguments"] == {"--s3-py-modules": "s3://raypack-code/shop-glue-ray2.4-arm64.zip"}


def test_the_modules_are_importable_where_ray_puts_them(packed: Packed, tmp_path: Path) -> None:
    """Ray takes the outer folder away and searches what was in it."""
    for name, data in contents(packed.archive).items():
        path = tmp_path / name.removeprefix("modules/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    for module in ("shop", "more", "rich", "markupsafe", "stevedore"):
        found = importlib.machinery.PathFinder.find_spec(module, [str(tmp_path)])
        assert found is not None
        assert str(found.origin).startswith(str(tmp_path))


def test_without_a_table_its_defaults_hold(tmp_path: Path) -> None:
    folder = make_project(tmp_path / "shop", "")
    done = pack(folder, "--layout", "glue-ray")

    assert done.exit_code == 0, done.text
    archive = folder / "dist" / "shop-glue-ray2.4-arm64.zip"
    assert not broken_rules(archive, "venv")
    assert "--s3-py-modules s3://BUCKET/shop-glue-ray2.4-arm64.zip" in done.output


@pytest.mark.skipif(
    (platform.system(), platform.machine()) == ("Linux", "aarch64"), reason="this machine may be Glue's own kind"
)
def test_an_environment_of_another_machine_is_not_packed(packed: Packed) -> None:
    assert "source_venv = '.venv' is not of Python 3.9 on Linux and ARM64" in "\n".join(packed.report["warnings"])
    assert {"rich", "markupsafe"} <= {package["name"] for package in packed.report["packages"]}


def test_with_pip_the_requirements_file_counts(tmp_path: Path) -> None:
    folder = make_project(tmp_path / "shop", '[tool.raypack]\nvenv_tool = "pip"\n')
    (folder / "requirements.txt").write_text("iniconfig\n", "utf-8")

    done = pack(folder, "--layout", "glue-ray")

    assert done.exit_code == 0, done.text
    names = contents(folder / "dist" / "shop-glue-ray2.4-arm64.zip")
    assert {name.split("/")[1] for name in names} == {"iniconfig", "shop", "more"}


def test_a_setting_of_ours_counts_more(tmp_path: Path) -> None:
    table = '[tool.raypack]\nouter_folder_name = "theirs"\nunheard_of = 1\n[tool.lambda-pack]\nouter-folder = "ours"\n'
    folder = make_project(tmp_path / "shop", table)
    (folder / "requirements.txt").write_text("iniconfig\n", "utf-8")

    done = pack(folder, "--layout", "glue-ray", "--input", "requirements.txt")

    assert done.exit_code == 0, done.text
    assert not broken_rules(folder / "dist" / "shop-glue-ray2.4-arm64.zip", "ours")
    assert "'unheard_of' in [tool.raypack] is unknown and passed over" in done.errors
