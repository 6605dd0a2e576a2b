"""Real projects, made and locked with the real tools: what is packed is what the tool's own export says for the target.

Versions on the index move: nothing here names one.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from lambda_pack.model.targets import Target
from lambda_pack.tools.network.index_urls import public_index
from tests.end_to_end.command import COMMAND
from tests.end_to_end.workplace import Packed
from tests.support.processes import run
from tests.support.project_tools import ProjectTool

pytestmark = pytest.mark.network

PROJECT = """\
[project]
name = "shop"
version = "1.0"
requires-python = ">=3.11,<3.15"
dependencies = [
  "requests[socks]>=2.31",
  "six; platform_machine == 'aarch64'",
  "colorama; sys_platform == 'win32'",
  "{local}",
]
[project.optional-dependencies]
fast = ["ujson"]
[dependency-groups]
dev = ["iniconfig"]
web = ["attrs", "markupsafe"]
"""
LOCAL = (
    "[build-system]\n"
    'requires = ["setuptools"]\n'
    'build-backend = "setuptools.build_meta"\n'
    "[project]\n"
    'name = "local"\n'
    'version = "1.0"\n'
)
ARCHITECTURES = ("x86_64", "arm64")
Lines = Mapping[str, str]


def exported(text: str, target: Target) -> dict[str, str]:
    """The pins of a requirements export that count on the target; what is local has none."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        if "==" in line and not line.startswith((" ", "#", "-")):
            requirement = Requirement(line.partition(" --hash")[0].rstrip("\\ "))
            if target.satisfies(requirement.marker):
                (pin,) = requirement.specifier
                found[canonicalize_name(requirement.name)] = pin.version
    return found


def packed(folder: Path, target: Target, *arguments: str | Path) -> dict[str, str]:
    """What lambda-pack packs for the target, with this machine's settings of pip: they say where the index is."""
    output = folder.parent / f"out-{target}-{len(list(folder.parent.glob('out-*')))}"
    names = ("--runtime", target.runtime.name, "--architecture", target.architecture.value, "-o", output)
    done = run((*COMMAND, "pack", folder, *names, *arguments), os.environ, folder=folder.parent, timeout=400)  # noqa: TID251
    assert done.exit_code == 0, done.text
    (archive,) = output.glob("*.zip")
    assert archive.name.startswith("shop-")
    return {name: version for name, version in Packed(archive, done).closure.items() if name != "local"}


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """An empty project, with a project of its own beside it."""
    (tmp_path / "shop" / "local").mkdir(parents=True)
    (tmp_path / "shop" / "local" / "pyproject.toml").write_text(LOCAL, "utf-8")
    (tmp_path / "shop" / "local" / "local.py").write_text("", "utf-8")
    return tmp_path / "shop"


@pytest.fixture
def tool(tmp_path: Path) -> Callable[[str], ProjectTool]:
    """Makes a tool ready, with an empty home."""
    return lambda name: ProjectTool.ready(name, tmp_path / "home")


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_uv(shop: Path, tool: Callable[[str], ProjectTool], architecture: str) -> None:
    uv, target = tool("uv"), Target.parse("python3.12", architecture)
    places = "[tool.uv.sources]\nlocal = { path = 'local', editable = true }\n"
    (shop / "pyproject.toml").write_text(PROJECT.replace("{local}", "local") + places, "utf-8")
    uv("lock", folder=shop)
    options = ("--no-hashes", "--no-emit-project", "--no-default-groups", "--no-annotate", "--no-header", "-q")
    main = exported(uv("export", *options, folder=shop), target)
    more = exported(uv("export", *options, "--extra", "fast", "--group", "web", folder=shop), target)

    assert packed(shop, target, "--locked") == main
    assert packed(shop, target, "--locked", "--extra", "fast", "--group", "web") == more
    assert more.keys() - main.keys() == {"ujson", "attrs", "markupsafe"}
    assert ("six" in main) is (architecture == "arm64")


@pytest.mark.parametrize(
    ("version", "architecture"),
    [
        ("poetry", "arm64"),
        pytest.param("poetry", "x86_64", marks=pytest.mark.proof),
        pytest.param("poetry-1", "arm64", marks=pytest.mark.proof),
        pytest.param("poetry-1", "x86_64", marks=pytest.mark.proof),
    ],
)
def test_poetry(shop: Path, tool: Callable[[str], ProjectTool], version: str, architecture: str) -> None:
    poetry, target = tool(version), Target.parse("python3.12", architecture)
    main = 'name = "shop"\nversion = "1.0"\ndescription = ""\nauthors = []\npackage-mode = false\n'
    (shop / "pyproject.toml").write_text(
        f"[tool.poetry]\n{main}"
        '[tool.poetry.dependencies]\npython = ">=3.11,<3.15"\nrequests = { version = "^2.31", extras = ["socks"] }\n'
        'six = { version = "*", markers = "platform_machine == \'aarch64\'" }\n'
        'colorama = { version = "~0.4", platform = "win32" }\nujson = { version = "*", optional = true }\n'
        'local = { path = "local", develop = true }\n[tool.poetry.extras]\nfast = ["ujson"]\n'
        '[tool.poetry.group.dev.dependencies]\niniconfig = "*"\n'
        '[tool.poetry.group.web.dependencies]\nattrs = "*"\nmarkupsafe = ">=2,<4"\n'
        f'[[tool.poetry.source]]\nname = "shop"\nurl = "{public_index()}"\npriority = "primary"\n',
        "utf-8",
    )
    poetry("lock", folder=shop)
    plain = exported(poetry("export", "--without-hashes", "--only", "main", folder=shop), target)
    options = ("--without-hashes", "--without", "dev", "--with", "web", "--extras", "fast")
    more = exported(poetry("export", *options, folder=shop), target)

    assert packed(shop, target, "--locked") == plain
    assert packed(shop, target, "--locked", "--extra", "fast", "--group", "web") == more
    assert more.keys() - plain.keys() == {"ujson", "attrs", "markupsafe"}
    assert ("six" in plain) is (architecture == "arm64")


@pytest.mark.proof
@pytest.mark.parametrize("architecture", ARCHITECTURES)
@pytest.mark.parametrize("strategy", [(), ("--strategy", "no_inherit_metadata"), ("--strategy", "static_urls")])
def test_pdm(shop: Path, tool: Callable[[str], ProjectTool], strategy: tuple[str, ...], architecture: str) -> None:
    pdm, target = tool("pdm"), Target.parse("python3.12", architecture)
    place = "local @ file:///${PROJECT_ROOT}/local"
    (shop / "pyproject.toml").write_text(PROJECT.replace("{local}", place), "utf-8")
    pdm("lock", "-G:all", *(() if "no_inherit_metadata" in strategy else strategy), folder=shop)
    plain = exported(pdm("export", "--prod", "--without-hashes", folder=shop), target)
    more = exported(
        pdm("export", "--without-hashes", "-G", "fast", "-G", "web", "--without", "dev", folder=shop), target
    )
    if "no_inherit_metadata" in strategy:
        # pdm itself does not export such a lock: it has the graph alone.
        pdm("lock", "-G:all", "--update-reuse", *strategy, folder=shop)

    assert packed(shop, target, "--locked") == plain
    assert packed(shop, target, "--locked", "--extra", "fast", "--group", "web") == more
    assert more.keys() - plain.keys() == {"ujson", "attrs", "markupsafe"}


@pytest.mark.proof
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_pipenv(shop: Path, tool: Callable[[str], ProjectTool], architecture: str) -> None:
    pipenv, target = tool("pipenv"), Target.parse("python3.12", architecture)
    (shop / "Pipfile").write_text(
        f'[[source]]\nname = "main"\nurl = "{public_index()}"\nverify_ssl = true\n'
        '[packages]\nrequests = { version = ">=2.31", extras = ["socks"] }\n'
        'local = { path = "./local", editable = true }\n'
        'colorama = { version = "*", markers = "sys_platform == \'win32\'" }\n'
        '[dev-packages]\niniconfig = "*"\n[docs]\nattrs = "*"\nmarkupsafe = "*"\n',
        "utf-8",
    )
    pipenv("lock", folder=shop)
    plain = exported(pipenv("requirements", folder=shop), target)
    more = exported(pipenv("requirements", "--categories", "packages docs", folder=shop), target)

    assert packed(shop, target, "--locked") == plain
    assert packed(shop, target, "--locked", "--group", "docs") == more
    assert more.keys() - plain.keys() == {"attrs", "markupsafe"}


@pytest.mark.proof
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_hatch(shop: Path, tool: Callable[[str], ProjectTool], architecture: str) -> None:
    hatch, target = tool("hatch"), Target.parse("python3.12", architecture)
    build = (
        "[build-system]\n"
        'requires = ["hatchling"]\n'
        'build-backend = "hatchling.build"\n'
        "[tool.hatch.metadata]\n"
        "allow-direct-references = true\n"
    )
    text = PROJECT.replace("{local}", "local @ {root:uri}/local")
    (shop / "pyproject.toml").write_text(build + text, "utf-8")
    (shop / "shop.py").write_text("", "utf-8")
    asked = [Requirement(line) for line in hatch("dep", "show", "requirements", folder=shop).splitlines() if line]

    found = packed(shop, target)

    for requirement in asked:
        name = canonicalize_name(requirement.name)
        if name != "local":
            assert (name in found) is target.satisfies(requirement.marker)
            assert name not in found or requirement.specifier.contains(found[name])
    assert {"idna", "urllib3", "pysocks"} <= found.keys()
