"""Inputs of an unexpected shape end with exit code 2 and a sentence, never with a traceback."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from lambda_pack.frontends.cli import main

PACK = ("pack", "--runtime", "python3.13", "--no-cache", "-q")
LOCKED = '[[package]]\nname = "a"\nversion = "1"\n'
ASSET = "a" * 64

# File, content, command, and what the message has.
ROWS: tuple[tuple[str, str, tuple[str, ...], str], ...] = (
    ("requirements.txt", "a @ file://[", PACK, "requirements.txt:1"),
    ("requirements.txt", f"-r {'x' * 300}.txt", PACK, "File name too long"),
    ("requirements.txt", "-r a\0b.txt", PACK, "embedded null"),
    ("requirements.txt", f"a; python_version < '{'9' * 5000}.1'", PACK, "requirements.txt"),
    ("pyproject.toml", "project = 3", PACK, "pyproject.toml:1: 'project' is a number, not a table"),
    ("pyproject.toml", "[dependency-groups]\na = 3", PACK, "pyproject.toml:1: 'dependency-groups[...]' is a number"),
    ("pyproject.toml", "[dependency-groups]\na = [{x = 'b'}]", PACK, "'include-group' is missing"),
    ("pyproject.toml", "[project]\nname = 'a'\ndependencies = []\n[tool.uv]\nworkspace = []", PACK, "toml:5: 'tool.uv"),
    ("uv.lock", "version = 1\n[[package]]\nname = 3", PACK, "uv.lock:3: 'package[0].name' is a number, not a text"),
    ("uv.lock", f"version = 1\n{LOCKED}{LOCKED}wheels = [[]]", PACK, "uv.lock:8: 'package[1].wheels[0]' is a list"),
    ("poetry.lock", "package = {}\n[metadata]", PACK, "poetry.lock:1: 'package' is a table, not a list"),
    ("Pipfile.lock", '{"_meta": []}', PACK, "Pipfile.lock:1: '_meta' is a list, not a table"),
    ("Pipfile.lock", '{"_meta": {"hash": "x"}}', PACK, "Pipfile.lock:1: '_meta.hash' is a text, not a table"),
    ("pylock.toml", "lock-version = []", PACK, "pylock.toml"),
    ("lambda-pack.yml", "functions: {a: {<<: 3}}", ("plan",), "lambda-pack.yml:1:17: '<<' takes a mapping"),
    ("lambda-pack.yml", "functions: &a {b: *a}", ("plan",), "lambda-pack.yml:1:19: the alias 'a'"),
    ("lambda-pack.yml", "? [a]\n: b", ("plan",), "lambda-pack.yml:1"),
    ("t.yaml", "Resources: {A: {Type: [x]}}", ("pack", "--template", "t.yaml"), "nothing in it that can be packed"),
    ("t.yaml", "Resources: 3", ("pack", "--template", "t.yaml"), "nothing in it that can be packed"),
    (
        "cdk.out/a.template.json",
        '{"Resources": {"A": {"Type": {}}}}',
        ("pack", "--template", "cdk.out"),
        "a.template.json:1: 'Resources[...].Type' is a table, not a text",
    ),
    ("cdk.out/a.template.json", '{"Resources": []}', ("pack", "--template", "cdk.out"), "is a list, not a table"),
    ("requirements.txt", "", (*PACK, "--name", "x" * 300), "has 300 bytes, and its files take names of 150"),
    ("requirements.txt", "", (*PACK, "-o", f"{'x' * 300}/y"), "is too long for a path"),
    ("requirements.txt", "", (*PACK, "--source", "x" * 300), "is too long for a path"),
)


@pytest.mark.parametrize("row", ROWS, ids=range(len(ROWS)))
def test_the_message_names_file_and_key(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    row: tuple[str, str, tuple[str, ...], str],
) -> None:
    name, content, command, words = row
    monkeypatch.chdir(tmp_path)
    Path(name).parent.mkdir(exist_ok=True)
    Path(name).write_text(content, "utf-8")
    if name.startswith("cdk.out"):
        Path("cdk.out/manifest.json").write_text("{}")

    code = main(command)

    errors = capsys.readouterr().err
    assert "Traceback" not in errors, errors
    assert code == 2
    assert words in errors
    assert "this is a bug" not in errors


@pytest.mark.parametrize("plan", ["[", "[]", "{}", '{"include": 3}', '{"include": [{"label": "x"}]}', "3"])
def test_a_plan_of_another_shape(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], plan: str
) -> None:
    settings: Mapping[str, str] = {"LAMBDA_PACK_PLAN": plan, "LAMBDA_PACK_REPORTS": str(tmp_path)}
    for variable, value in settings.items():
        monkeypatch.setenv(variable, value)

    code = main(("action", "merge"))

    said = capsys.readouterr()
    assert code == 2
    assert "LAMBDA_PACK_PLAN" in said.out + said.err
    assert "lambda-pack plan --format github-matrix" in said.out + said.err
