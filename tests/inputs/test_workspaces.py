"""Members of workspaces: the folders that uv itself takes, whatever the patterns look like."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from msgspec import Struct

from lambda_pack.errors import UsageError
from lambda_pack.inputs.workspaces import workspace_members
from tests.support.index import LoopbackIndex
from tests.support.uv_workspaces import LockedWorkspace

PLACES = ("apps/one", "apps/two", "apps/deep/three", "[x]/four")


class Case(Struct, frozen=True):
    """Patterns of a workspace at FOLDER, and the members that it has beside its root."""

    why: str
    members: tuple[str, ...]
    found: tuple[str, ...]
    exclude: tuple[str, ...] = ()


CASES = (
    Case(why="a folder by its name", members=("apps/one",), found=("apps/one",)),
    Case(why="a folder by its absolute path", members=("FOLDER/apps/one",), found=("apps/one",)),
    Case(why="folders by an absolute pattern", members=("FOLDER/apps/t*",), found=("apps/two",)),
    Case(why="a folder twice", members=("apps/one", "apps/o*"), found=("apps/one",)),
    Case(why="the root itself", members=(".", "apps/one"), found=("apps/one",)),
    Case(why="an empty pattern", members=("", "apps/one"), found=("apps/one",)),
    Case(why="a way back", members=("apps/../apps/one",), found=("apps/one",)),
    Case(why="a set of characters", members=("[[]x]/*",), found=("[x]/four",)),
    Case(why="at any depth", members=("apps/**/t*",), found=("apps/two", "apps/deep/three")),
    Case(why="without one of them", members=("apps/[ot]*",), exclude=("apps/o*",), found=("apps/two",)),
)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.why)
def test_members_are_those_of_uv(case: Case, index: LoopbackIndex, tmp_path: Path) -> None:
    root = tmp_path / "shop"
    members, exclude = ([text.replace("FOLDER", str(root)) for text in texts] for texts in (case.members, case.exclude))
    table = {"members": members, "exclude": exclude}
    manifests = {place: project(Path(place).name) for place in PLACES}
    manifests["."] = {**project("shop"), "tool": {"uv": {"workspace": table}}}
    workspace = LockedWorkspace.written(root, manifests, index, tmp_path)

    done = workspace.lock()
    found = workspace_members(root)

    assert done.exit_code == 0, done.errors
    lock = tomllib.loads((root / "uv.lock").read_text("utf-8"))
    assert {package["name"] for package in lock["package"]} == {"shop", *(Path(place).name for place in case.found)}
    assert set(found) == {root, *(root / place for place in case.found)}


def test_a_pattern_that_would_take_ages_is_refused(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[tool.uv.workspace]\nmembers = ['{'**/*/' * 6}']\n")

    with pytest.raises(UsageError, match=r"pyproject\.toml': tool\.uv\.workspace: .* has more than 4 parts \*\*"):
        workspace_members(tmp_path)


def project(name: str) -> dict[str, object]:
    return {"project": {"name": name, "version": "1", "requires-python": ">=3.11"}}
