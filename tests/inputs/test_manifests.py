from __future__ import annotations

from pathlib import Path

import pytest

from lambda_pack.errors import UsageError
from lambda_pack.inputs.project import read_inputs
from lambda_pack.model.indexes import IndexScope
from lambda_pack.model.selection import Selection
from tests.inputs.locks import read

STANDARD = """\
[project]
name = "shop"
requires-python = ">=3.11"
dependencies = [
  "six>=1",
  "idna; sys_platform == 'linux'",
]
[project.optional-dependencies]
Fast_One = ["ujson"]
[dependency-groups]
web = ["attrs", {include-group = "base"}]
base = ["click"]
"""
POETRY = """\
[tool.poetry]
name = "shop"
[tool.poetry.dependencies]
python = "^3.11"
Six = "^1.2"
idna = { version = "~3.1", python = "<3.13", extras = ["all"] }
ujson = { version = "*", optional = true }
repo = { git = "git@x.example:shop/repo.git", tag = "v1", subdirectory = "in" }
near = { path = "near" }
[tool.poetry.extras]
fast = ["ujson"]
[tool.poetry.group.web.dependencies]
attrs = "23.*"
[[tool.poetry.source]]
name = "first"
url = "https://x.example/simple"
[[tool.poetry.source]]
name = "second"
url = "https://y.example/simple"
priority = "explicit"
"""


def lines(folder: Path, selection: Selection | None = None) -> list[str]:
    """What is asked for, each with its line."""
    written = read(folder, selection).written
    return [f"{line.origin.line}: {line}" for line in written.requested]


def write(folder: Path, text: str) -> Path:
    """The manifest."""
    (folder / "near").mkdir()
    (folder / "pyproject.toml").write_text(text, "utf-8")
    return folder


def test_the_standard_section(tmp_path: Path) -> None:
    write(tmp_path, STANDARD)
    assert lines(tmp_path) == ["5: six>=1", '6: idna; sys_platform == "linux"']
    assert lines(tmp_path, Selection(extras=("fast-one",)))[2:] == ["9: ujson"]
    assert lines(tmp_path, Selection(only_groups=("web",))) == ["11: attrs", "12: click"]
    assert (read(tmp_path).name, str(read(tmp_path).requires_python), read(tmp_path).lock) == ("shop", ">=3.11", None)


def test_the_section_of_poetry(tmp_path: Path) -> None:
    write(tmp_path, POETRY)
    near = (tmp_path / "near").as_uri()
    assert lines(tmp_path) == [
        "5: six<2,>=1.2",
        '6: idna[all]<3.2,>=3.1; python_full_version < "3.13"',
        "8: repo @ git+ssh://git@x.example/shop/repo.git@v1#subdirectory=in",
        f"9: near @ {near}",
    ]
    assert lines(tmp_path, Selection(extras=("fast",)))[4:] == ["7: ujson"]
    assert lines(tmp_path, Selection(only_groups=("web",))) == ["13: attrs==23.*"]


def test_indexes_of_poetry(tmp_path: Path) -> None:
    reading = read(write(tmp_path, POETRY), POETRY_HTTP_BASIC_SECOND_USERNAME="me")
    indexes = reading.written.indexes
    assert indexes is not None
    assert (indexes.default_url, indexes.urls) == ("https://x.example/simple", ())
    assert reading.sources == ("https://x.example/simple", "https://me:@y.example/simple")


def test_sources_of_uv(tmp_path: Path) -> None:
    member = tmp_path / "packages" / "member"
    member.mkdir(parents=True)
    (member / "pyproject.toml").write_text('[project]\nname = "member"\n', "utf-8")
    write(
        tmp_path,
        '[project]\nname = "shop"\ndependencies = ["member", "near>=1", "far"]\n'
        "[tool.uv]\ndev-dependencies = ['pytest']\n[tool.uv.workspace]\nmembers = ['packages/*']\n[tool.uv.sources]\n"
        "member = { workspace = true }\n"
        "near = { path = 'near', editable = true }\n"
        "far = { url = 'https://x.example/far.zip' }\n",
    )
    assert lines(tmp_path) == [
        f"3: member @ {member.as_uri()}",
        f"3: near @ {(tmp_path / 'near').as_uri()}",
        "3: far @ https://x.example/far.zip",
    ]
    assert lines(tmp_path, Selection(only_groups=("dev",))) == ["5: pytest"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[project]\nname = 'a'\ndependencies = ['six >']\n", r"pyproject\.toml:3: Invalid requirement: 'six >'"),
        ("[project]\ndependencies = 'six'\n", r"toml:2: 'project.dependencies' is a text, not a list"),
        ("[project]\ndependencies = [1]\n", r"toml:2: 'project.dependencies\[0\]' is a number, not a text"),
        ("[project]\ndependencies = ['--pre']\n", "is not a requirement"),
        ("[dependency-groups]\na = [{include-group = 'b'}]\n", "'b' is included but does not exist"),
        ("[dependency-groups]\na = [{include-group = 'a'}]\n", "'a' includes itself"),
        ("[tool.poetry.dependencies]\nsix = '^1 || ^3'\n", r"toml:2: .*allows alternatives, which need a lock"),
        ("[tool.poetry.dependencies]\nsix = 'latest one'\n", r"toml:2: .*is not a version constraint"),
        ("[tool.poetry.dependencies]\nsix = { path = 'far' }\n", "does not exist; correct the path"),
        (
            "[project]\ndependencies = ['a']\n[tool.uv.sources]\na = { workspace = true }\n",
            "not a member of its workspace",
        ),
        ("[project\n", "is not TOML"),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read(write(tmp_path, text))


SCRIPT = """\
#!/usr/bin/env python3
# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "six>=1",
# ]
# ///
import six
"""


def test_a_script(tmp_path: Path) -> None:
    (tmp_path / "job.py").write_text(SCRIPT, "utf-8")
    reading = read(tmp_path, at="job.py")
    assert [f"{line.origin.line}: {line}" for line in reading.written.requested] == ["5: six>=1"]
    assert (reading.name, str(reading.requires_python)) == ("job", ">=3.11")


def test_the_lock_of_a_script_counts_before_it(tmp_path: Path) -> None:
    (tmp_path / "job.py").write_text(SCRIPT, "utf-8")
    (tmp_path / "job.py.lock").write_text(
        'version = 1\n[manifest]\nrequirements = [{ name = "six", specifier = ">=1" }]\n[[package]]\nname = "six"\n'
        'version = "1.0"\nsource = { registry = "https://x.example" }\nwheels = []\n',
        "utf-8",
    )
    reading = read(tmp_path, at="job.py")
    assert reading.lock is not None
    assert [(str(root), root.origin.line) for root in reading.lock.roots] == [("six", 5)]
    assert reading.name == "job"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("import six\n", "has no '# /// script' comment"),
        (SCRIPT + SCRIPT, "has more than one '# /// script' comment"),
        (SCRIPT.replace("#   ", "# ["), "is not TOML"),
    ],
)
def test_scripts_that_say_nothing(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "job.py").write_text(text, "utf-8")
    with pytest.raises(UsageError, match=message):
        read(tmp_path, at="job.py")


CONFLICTS = """\
[project]
name = "shop"
[project.optional-dependencies]
old = ["idna==2.10"]
new = ["idna==3.10"]
[dependency-groups]
gold = ["idna==2.9"]
[tool.uv]
conflicts = [
  [{ extra = "old" }, { extra = "New" }, { group = "gold" }],
  [{ package = "another", extra = "old" }, { package = "another", extra = "gold" }],
]
"""


@pytest.mark.parametrize(
    ("selection", "words"),
    [
        (Selection(extras=("old", "new")), "the extra 'New' and the extra 'old' cannot be packed together"),
        (Selection(extras=("old",), groups=("gold",)), "the extra 'old' and the group 'gold' cannot be packed"),
    ],
)  # fmt: skip
def test_extras_that_the_project_declares_to_conflict(tmp_path: Path, selection: Selection, words: str) -> None:
    write(tmp_path, CONFLICTS)

    with pytest.raises(UsageError, match=f"{words}.*pyproject.toml'; choose one of them"):
        read(tmp_path, selection)
    assert read(tmp_path, Selection(extras=("old",))).written.requested


def test_a_script_keeps_packages_to_its_indexes(tmp_path: Path) -> None:
    lines = [
        "# /// script",
        "# dependencies = ['lib']",
        "# [[tool.uv.index]]",
        "# name = 'corp'",
        "# url = 'https://corp.example'",
        "# explicit = true",
        "# [tool.uv.sources]",
        "# lib = { index = 'corp' }",
        "# ///",
    ]
    script = tmp_path / "s.py"
    script.write_text("".join(f"{line}\n" for line in lines), "utf-8")
    indexes = read_inputs([script], Selection(), {}).written.indexes
    assert indexes is not None
    assert (indexes.urls, indexes.scopes) == ((), (IndexScope("https://corp.example", only=("lib",)),))


def test_a_source_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    text = "[project]\ndependencies = ['lib']\n[tool.uv.sources]\nlib = { index = 'corp' }\n"
    index = "[[tool.uv.index]]\nname = 'other'\nurl = 'https://x.example'\n"
    with pytest.raises(
        UsageError, match=r"'lib' is to come from the index 'corp', which is not there .there: 'other'."
    ):
        read(write(tmp_path, text + index))


@pytest.mark.parametrize(
    ("source", "selection"),
    [
        ("{ index = 'corp', extra = 'e' }", Selection(extras=("e",))),
        ("{ index = 'corp', extra = 'e' }", Selection(extras=("f",))),
        ("{ index = 'corp', extra = 'e' }", Selection()),
        ("{ index = 'corp', group = 'base' }", Selection(groups=("all",))),
        ("[{ index = 'corp', extra = 'e' }, { index = 'pub', extra = 'g' }]", Selection(extras=("f",))),
    ],
)
def test_a_source_counts_for_extras_and_groups_that_lead_to_it(
    tmp_path: Path, source: str, selection: Selection
) -> None:
    # uv 0.13.9 takes it from there in all of these: a stranger's package may be on the other index.
    text = (
        "[project]\nname = 'shop'\ndependencies = ['six']\n"
        "[project.optional-dependencies]\ne = ['lib']\nf = ['Shop[e]']\ng = ['lib']\n"
        "[dependency-groups]\nbase = ['lib']\nall = [{ include-group = 'base' }]\n"
        f"[tool.uv.sources]\nlib = {source}\n"
        "[[tool.uv.index]]\nname = 'corp'\nurl = 'https://corp.example'\nexplicit = true\n"
        "[[tool.uv.index]]\nname = 'pub'\nurl = 'https://pub.example'\ndefault = true\n"
    )

    indexes = read(write(tmp_path, text), selection).written.indexes

    assert indexes is not None
    assert indexes.scopes == (IndexScope("https://corp.example", only=("lib",)),)


@pytest.mark.parametrize(
    ("marker", "is_near"),
    [("sys_platform == 'linux'", True), ("sys_platform == 'win32'", False), ("python_version >= '3'", True)],
)
def test_a_place_by_marker(tmp_path: Path, marker: str, *, is_near: bool) -> None:
    text = (
        "[project]\nname = 'shop'\ndependencies = ['near>=1']\n"
        f"[tool.uv.sources]\nnear = {{ path = 'near', marker = \"{marker}\" }}\n"
    )
    write(tmp_path, text)

    near = f"near @ {(tmp_path / 'near').as_uri()}"
    assert lines(tmp_path) == [f"3: {near if is_near else 'near>=1'}"]


def test_a_place_on_some_targets_only_needs_a_lock(tmp_path: Path) -> None:
    text = (
        "[project]\nname = 'shop'\ndependencies = ['near']\n"
        "[tool.uv.sources]\nnear = { path = 'near', marker = \"platform_machine == 'aarch64'\" }\n"
    )
    with pytest.raises(UsageError, match=r"pyproject\.toml:3: 'near' has a source by marker; lock the project first"):
        read(write(tmp_path, text))
