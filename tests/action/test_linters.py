"""What others have learnt about workflows, asked offline: zizmor, check-jsonschema and actionlint."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from tests.support.processes import Finished, run

HOUSE = Path(__file__).parents[2]
WORKFLOWS = sorted(str(path.relative_to(HOUSE)) for path in (HOUSE / ".github" / "workflows").glob("*.yml"))
EXAMPLES = sorted(str(path.relative_to(HOUSE)) for path in Path(__file__).with_name("workflows").glob("*.yml"))


def lint(program: str, *arguments: str) -> Finished:
    """Runs a linter of the lint group, without any token that would let it go online."""
    found = shutil.which(program, path=str(Path(sys.executable).parent)) or shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not installed here: it comes with the lint group")
    environment = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}  # noqa: TID251  # programs
    return run((found, *arguments), environment, folder=HOUSE)


def test_zizmor_finds_nothing() -> None:
    done = lint("zizmor", "--offline", "--no-progress", "--collect=all", "action.yml", ".github")

    assert done.exit_code == 0, done.text


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("vendor.github-actions", ["action.yml"]),
        ("vendor.github-workflows", [*WORKFLOWS, *EXAMPLES]),
        ("vendor.dependabot", [".github/dependabot.yml"]),
        ("vendor.github-issue-forms", [f".github/ISSUE_TEMPLATE/{name}.yml" for name in ("bug", "feature", "unmet")]),
        ("vendor.github-issue-config", [".github/ISSUE_TEMPLATE/config.yml"]),
    ],
)
def test_the_schemas_are_kept(schema: str, files: list[str]) -> None:
    done = lint("check-jsonschema", "--builtin-schema", schema, *files)

    assert done.exit_code == 0, done.text


def test_actionlint_finds_nothing() -> None:
    done = lint("actionlint", "-no-color", *WORKFLOWS)

    assert done.exit_code == 0, done.text
