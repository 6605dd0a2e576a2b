"""Globs as the Serverless Framework reads them."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from lambda_pack.errors import UsageError
from lambda_pack.model.globs import GlobRules, fixed_part, glob_pattern
from tests.support.node_tools import node_modules, run_node

_FOLDERS = ("a", "b", "ab", ".env", ".git", "src", "x.py", "y.js", "node_modules", "a.b", "[x]", "A")
_PARTS = (
    *("**", "*", "*.py", "a", "src", "{a,b}", "*.{py,js}", "a*", "?", "[ab]", "[!a]", "[^a]", "@(a|b)", "+(a|b)*"),
    *("*(a)b", "node_modules", ".*", "**.py", "a**", "*.*", "x.py", "a?(b)", "{a,b/c}", "(a|b)", "\\*"),
)


@pytest.mark.parametrize(
    ("glob", "path", "matches"),
    [
        ("secret/**", "secret/x.txt", True),
        ("secret/**", "secret/a/.b/x.txt", True),
        ("secret/**", "other/secret/x.txt", False),
        ("secret", "secret/x.txt", False),
        ("secret/", "secret/x.txt", False),
        ("*.txt", "a/b.txt", False),
        ("**/*.txt", "b.txt", True),
        ("**/*.txt", "a/.b/c.txt", True),
        ("./src/*.py", "src/a.py", True),
        ("src/**/*.{py,txt}", "src/a/b.txt", True),
        ("**", ".hidden/file", True),
        ("*", ".hidden", True),
        ("a?c", "a/c", False),
        ("[!a]", "a", True),
        ("**.py", "a/b.py", True),
        ("a/**.py", "a/b/c.py", False),
    ],
)
def test_globs(glob: str, path: str, *, matches: bool) -> None:
    assert bool(glob_pattern(glob).fullmatch(path)) is matches


@pytest.mark.parametrize("glob", ["!(a)/**", "x{1..3}", "[[:alpha:]]", "(?i)a"])
def test_globs_that_are_not_understood_are_refused(glob: str) -> None:
    with pytest.raises(UsageError, match="not understood here"):
        glob_pattern(glob)


def test_the_last_rule_that_matches_counts() -> None:
    rules = GlobRules(("!**", "src/**", "!src/b.py"))
    assert [rules.keeps(path, kept=True) for path in ("a.py", "src/a.py", "src/b.py")] == [False, True, False]


def test_rules_see_the_path_from_the_folder_that_they_are_written_for() -> None:
    rules = GlobRules(("!api/secret/**",), "api/")
    assert [rules.keeps(path, kept=True) for path in ("secret/a", "app.py")] == [False, True]


@pytest.mark.parametrize(
    ("glob", "inside"),
    [(".env", True), ("node_modules/x/**", False), ("**", False), ("**/.env", False), ("!.env", False)],
)
def test_only_a_name_takes_in_what_is_left_out(glob: str, *, inside: bool) -> None:
    assert GlobRules((glob,)).names_inside(".env") is inside


def test_the_fixed_part_ends_at_the_first_wildcard() -> None:
    assert [fixed_part(glob) for glob in ("a/b/*.py", "a{b,c}/d", "a/b")] == ["a/b", "", "a/b"]


@pytest.mark.network
def test_globs_are_read_as_micromatch_reads_them(tmp_path: Path) -> None:
    chance = random.Random(20261128)  # noqa: S311  # the same in every run
    paths = sorted({"/".join(chance.choices(_FOLDERS, k=chance.randint(1, 4))) for _ in range(400)})
    globs = sorted({"/".join(chance.choices(_PARTS, k=chance.randint(1, 4))) for _ in range(1500)})
    (tmp_path / "question.json").write_text(json.dumps([paths, globs]))
    (tmp_path / "ask.js").write_text(
        f"const micromatch = require({json.dumps(str(node_modules() / 'micromatch'))});"
        "const [paths, globs] = require('./question.json');"
        "console.log(JSON.stringify(globs.map(one => micromatch(paths, [one], {dot: true}))))"
    )

    answers = json.loads(run_node("ask.js", folder=tmp_path))

    different = {
        glob: (set(answer), found)
        for glob, answer in zip(globs, answers, strict=True)
        if set(answer) != (found := {path for path in paths if glob_pattern(glob).fullmatch(path)})
    }
    assert not different
