"""What docs/container.md and .dockerignore say of the image is so."""

from __future__ import annotations

import re
import shutil
import sys
from pathlib import Path

import pytest

from tests.container.podman import HOUSE
from tests.support.processes import run

PAGE = (HOUSE / "docs" / "container.md").read_text("utf-8")
DOCKERFILE = (HOUSE / "Dockerfile").read_text("utf-8")


def snippet(language: str) -> str:
    """The page's one block in a language."""
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return str(found)


def test_every_build_argument_is_explained() -> None:
    (table,) = re.findall(r"^\| build argument .*?\n\n", PAGE, re.MULTILINE | re.DOTALL)
    explained = [name for row in table.splitlines()[2:] if row for name in re.findall(r"`(\w+)`", row.split("|")[1])]

    assert sorted(explained) == sorted(re.findall(r"^ARG (\w+)", DOCKERFILE, re.MULTILINE))
    (base,) = re.findall(r"^ARG BASE=(\S+)$", DOCKERFILE, re.MULTILINE)
    assert f"says which runtime the image is for. `{base}` |" in table


def test_what_is_copied_is_sent_and_nothing_else() -> None:
    copied = {name for line in re.findall(r"^COPY (.*) \S+$", DOCKERFILE, re.MULTILINE) for name in line.split()}
    sent = re.findall(r"^!(\S+)$", (HOUSE / ".dockerignore").read_text("utf-8"), re.MULTILINE)

    assert sorted(copied) == sorted(sent)
    assert all((HOUSE / name).exists() for name in copied)


def test_the_options_that_are_shown_exist() -> None:
    help_text = (HOUSE / "tests" / "frontends" / "snapshots" / "pack-help.txt").read_text("utf-8")
    commands = re.findall(r"lambda-pack(?::[\w.-]+)? pack(.*)", PAGE)
    shown = {option for command in commands for option in re.findall(r"(?<!\S)--?[a-z][\w-]*", command)} - {"--help"}

    assert shown
    assert {option for option in shown if not re.search(rf"(?m)^ .*{re.escape(option)}\b", help_text)} == set()


def test_the_pipeline_of_gitlab_is_one(tmp_path: Path) -> None:
    linter = shutil.which("check-jsonschema", path=str(Path(sys.executable).parent))
    if linter is None:
        pytest.skip("check-jsonschema is not installed here: it comes with the lint group")
    pipeline = tmp_path / ".gitlab-ci.yml"
    pipeline.write_text(snippet("yaml"), "utf-8")
    schema = ("--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci")

    done = run((linter, *schema, pipeline), {}, folder=tmp_path)

    assert done.exit_code == 0, done.text


def test_the_pipeline_of_jenkins_is_balanced() -> None:
    text = snippet("groovy")
    without_strings = re.sub(r"'[^'\n]*'", "''", text)
    depth = 0
    for line in without_strings.splitlines():
        depth -= line.count("}")
        assert line.startswith("    " * depth), line
        assert not line.startswith("    " * depth + " "), line
        depth += line.count("{")

    assert depth == 0
    # https://www.jenkins.io/doc/book/pipeline/syntax: what a declarative pipeline may hold, of what we use.
    sections = set(re.findall(r"^\s*(\w+)(?:\('Pack'\))? \{", text, re.MULTILINE))
    assert sections == {"pipeline", "agent", "docker", "stages", "stage", "steps", "post", "always"}
