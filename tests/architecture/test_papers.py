"""What stands beside the code is true: ARCHITECTURE.md, the locks, the programs; and nobody's machine is in it."""

from __future__ import annotations

import ast
import os
import re
import stat
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.support.processes import run

HOUSE = Path(__file__).parents[2]
SOURCE = HOUSE / "src" / "lambda_pack"
PROJECT = tomllib.loads((HOUSE / "pyproject.toml").read_text("utf-8"))
# Written so that this file does not hold what it looks for.
MACHINE_PATH = re.compile(r"(?<![\w.~$}])/(?:home|root|work|tmp)/\w")
REGISTRIES = re.compile(
    r"|".join(
        re.escape(".".join(parts))
        for parts in [
            ("pypi", "org"),
            ("pythonhosted", "org"),
            ("npmjs", "org"),
            ("npmjs", "com"),
            ("deb", "debian", "org"),
            ("archive", "ubuntu", "com"),
            ("crates", "io"),
            ("conda", "anaconda", "org"),
        ]
    )
)


def tracked() -> list[Path]:
    """The files of the repository, those to be committed included."""
    git = ("git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    listed = run(git, {"PATH": os.environ["PATH"]}, folder=HOUSE)  # noqa: TID251  # git is where the machine has it
    if listed.exit_code != 0:
        pytest.skip(f"not a git checkout: {listed.errors.strip()}")
    return [path for name in listed.output.split("\0") if name and (path := HOUSE / name).is_file()]


def lines_with(pattern: re.Pattern[str], *, but_not: tuple[str, ...] = ()) -> list[str]:
    """Where tracked text files match."""
    return [
        f"{path.relative_to(HOUSE)}:{number}: {found.group()}"
        for path in tracked()
        if not path.name.endswith(but_not)
        for number, line in enumerate(path.read_text("utf-8", errors="replace").splitlines(), 1)
        if (found := pattern.search(line))
    ]


def architecture() -> str:
    """ARCHITECTURE.md."""
    path = HOUSE / "ARCHITECTURE.md"
    assert path.is_file(), "ARCHITECTURE.md is missing at the top level: it names every module and every dependency"
    return path.read_text("utf-8")


def pins(name: str) -> dict[str, Version]:
    """What a lock holds."""
    found = re.findall(r"^([a-z0-9.-]+)==([^\s;]+)", (HOUSE / name).read_text("utf-8"), re.MULTILINE)
    return {canonicalize_name(project): Version(version) for project, version in found}


def requirements(*groups: str) -> list[Requirement]:
    """What pyproject.toml asks for: the product's own, the action's, and those of dependency groups."""
    own = [*PROJECT["project"]["dependencies"], *PROJECT["project"]["optional-dependencies"]["action"]]
    others = [line for group in groups for line in PROJECT["dependency-groups"][group]]
    return [Requirement(line) for line in [*own, *others]]


def test_the_architecture_names_every_module() -> None:
    text = architecture()
    modules = [path.relative_to(SOURCE).as_posix() for path in SOURCE.rglob("*.py") if path.name != "__init__.py"]
    unnamed = sorted(name for name in modules if name not in text)

    assert not unnamed, f"ARCHITECTURE.md does not say what these are for: {unnamed}"


def test_every_module_the_architecture_names_exists() -> None:
    named = set(re.findall(r"[\w./-]*\w\.py\b", architecture()))
    gone = sorted(name for name in named if not (SOURCE / name).is_file() and not (HOUSE / name).is_file())

    assert not gone, f"ARCHITECTURE.md names files that are not there (paths from src/lambda_pack or the top): {gone}"


def test_every_dependency_has_its_reason() -> None:
    reasons = [line for line in architecture().splitlines() if len(line.split()) > 4]
    explained = set(re.findall(r"`([\w.-]+)`", "\n".join(reasons)))
    missing = [requirement.name for requirement in requirements() if requirement.name not in explained]

    assert not missing, f"ARCHITECTURE.md needs a line with the name in backticks, and why we depend on it: {missing}"


@pytest.mark.parametrize(("lock", "groups"), [("requirements.lock", ()), ("requirements-dev.lock", ("test", "lint"))])
def test_the_locks_are_those_of_the_project(lock: str, groups: tuple[str, ...]) -> None:
    locked = pins(lock)
    stale = [
        str(requirement)
        for requirement in requirements(*groups)
        if not requirement.specifier.contains(locked.get(canonicalize_name(requirement.name), Version("0")))
    ]

    assert not stale, f"{lock} does not hold these; run script/lock: {stale}"


def test_what_is_tested_is_what_runs() -> None:
    assert pins("requirements.lock").items() <= pins("requirements-dev.lock").items(), "run script/lock"


def test_no_path_of_a_machine_is_tracked() -> None:
    found = lines_with(MACHINE_PATH, but_not=(".lock",))

    assert not found, f"a path of somebody's machine (use tmp_path, or a made-up folder such as '/somewhere'): {found}"


def test_no_registry_is_named() -> None:
    found = lines_with(REGISTRIES)

    assert not found, f"name no registry's host: the index comes from the user's settings: {found}"


def test_what_is_run_can_be_run() -> None:
    programs = [
        HOUSE / "entrypoint",
        HOUSE / ".ci" / "run",
        *(HOUSE / "script").iterdir(),
        *(HOUSE / "benchmarks").iterdir(),
    ]
    still = [
        str(path.relative_to(HOUSE))
        for path in programs
        if path.is_file() and path.read_bytes().startswith(b"#!") and not path.stat().st_mode & stat.S_IXUSR
    ]

    assert not still, f"no run bit (chmod +x): {still}"
    assert (HOUSE / "script" / "test").is_file()


def test_the_entrypoint_can_be_read_by_an_old_python() -> None:
    tree = ast.parse((HOUSE / "entrypoint").read_text("utf-8"), feature_version=(3, 6))
    imported = [name.name for node in tree.body if isinstance(node, ast.Import) for name in node.names]

    assert imported == ["os", "sys"], "the entrypoint is on the path of every start"
    assert not any(isinstance(node, ast.ImportFrom) for node in tree.body), "no import from __future__ before 3.7"


def test_actions_are_pinned() -> None:
    files = [*(HOUSE / ".github").rglob("*.yml"), *HOUSE.glob("action.yml")]
    loose = [
        f"{path.relative_to(HOUSE)}: {uses}"
        for path in files
        for uses in re.findall(r"uses:\s*(.*)", path.read_text("utf-8"))
        if not uses.startswith("./") and not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v[\d.]+", uses)
    ]

    assert not loose, f"pin by full commit with the version as a comment: {loose}"
