"""The tables of settings against what the installed pip and uv know."""

from __future__ import annotations

import json
import os
import re
import runpy
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from lambda_pack.inputs.known_pip import PIP_LINES, PIP_OPTIONS
from lambda_pack.inputs.known_uv import UV_INDEX_KEYS, UV_KEYS, UV_PIP_KEYS, UV_VARIABLES
from lambda_pack.inputs.pip_settings import _ALIASES, _LISTS, _TEXTS
from lambda_pack.inputs.requirement_line import _OPTIONS
from lambda_pack.tools.process import Completed, run
from lambda_pack.tools.uv_program import find_uv

CHECKOUT = Path(__file__).parent.parent.parent
NEW = "a release of {} has new settings; add a row for each to lambda_pack.inputs.{}, and run script/settings-table: {}"

# Run by the Python that has pip, in a process of its own: pip changes the process that imports it.
PIP_PROGRAM = """
import json
from pip._internal.commands import create_command, commands_dict
from pip._internal.req import req_file
names = lambda option: [one[2:] for one in option._long_opts]
found = {"options": [], "lines": []}
for command in ("install", "download", "wheel", "lock"):
    if command in commands_dict:
        for option in create_command(command).parser.option_list_all:
            found["options"] += names(option)
for make in req_file.SUPPORTED_OPTIONS + req_file.SUPPORTED_OPTIONS_REQ:
    found["lines"] += names(make())
print(json.dumps(found))
"""


def run_here(command: list[str], folder: Path | None = None) -> Completed:
    return run(command, environment={"PATH": os.defpath}, folder=folder)


def ended_well(ended: Completed) -> Completed:
    assert ended.status == 0, ended.log
    return ended


@pytest.fixture(scope="module")
def pip() -> dict[str, list[str]]:
    found: dict[str, list[str]] = json.loads(ended_well(run_here([sys.executable, "-I", "-c", PIP_PROGRAM])).output)
    assert "uploaded-prior-to" in found["options"], "pip is too old for this test"
    return found


def test_every_option_of_pip_has_a_row(pip: dict[str, list[str]]) -> None:
    unknown = sorted(set(pip["options"]) - PIP_OPTIONS.keys())
    assert not unknown, NEW.format("pip", "known_pip", unknown)


def test_every_option_of_requirements_files_has_a_row_and_is_parsed(pip: dict[str, list[str]]) -> None:
    unknown = sorted(set(pip["lines"]) - PIP_LINES.keys())
    assert not unknown, NEW.format("pip", "known_pip", unknown)
    parsed = {spelling.lstrip("-") for spellings in _OPTIONS for spelling in spellings}
    of_lines = {"requirement", "constraint", "editable", "hash", "config-settings"}
    assert set(pip["lines"]) <= parsed | of_lines


def test_what_is_called_honoured_is_read() -> None:
    honoured = {name for name, setting in PIP_OPTIONS.items() if setting.treatment.value == "honoured"}
    assert {_ALIASES.get(name, name) for name in honoured} == _TEXTS | _LISTS


def refused_by_uv(tmp_path: Path, text: str) -> set[str]:
    """The keys that uv lists when it refuses an unknown one."""
    (tmp_path / "uv.toml").write_text(text)
    (tmp_path / "requirements.in").write_text("")
    command = [find_uv({}), "pip", "compile", "requirements.in", "--config-file", "uv.toml", "--offline"]
    log = run_here(command, tmp_path).log
    listed = re.search(r"unknown field `[^`]*`,\s+expected\s+one\s+of\s+(.*)", log, re.DOTALL)
    assert listed, log
    return set(re.findall(r"`([^`]+)`", listed[1]))


@pytest.mark.parametrize(
    ("text", "known"), [("x-y = 1\n", UV_KEYS), ("[pip]\nx-y = 1\n", UV_PIP_KEYS)], ids=["uv", "pip"]
)
def test_every_key_of_uv_has_a_row(tmp_path: Path, text: str, known: Mapping[str, object]) -> None:
    keys = refused_by_uv(tmp_path, text)
    assert "exclude-newer" in keys
    assert not sorted(keys - known.keys()), NEW.format("uv", "known_uv", sorted(keys - known.keys()))
    assert not sorted(known.keys() - keys), "uv no longer knows these keys"


def test_every_variable_of_uv_has_a_row() -> None:
    words = ("pip compile", "pip install", "pip sync", "lock", "export", "sync", "build", "run")
    texts = [ended_well(run_here([find_uv({}), "help", "--no-pager", *one.split()])).output for one in words]
    found = {name for text in texts for name in re.findall(r"\bUV_[A-Z0-9_]+\b", text)}
    assert "UV_EXCLUDE_NEWER" in found
    unknown = sorted(found - UV_VARIABLES.keys())
    assert not unknown, NEW.format("uv", "known_uv", unknown)


def test_rows_say_how_or_why() -> None:
    for table in (PIP_OPTIONS, PIP_LINES, UV_KEYS, UV_PIP_KEYS, UV_INDEX_KEYS, UV_VARIABLES):
        for name, setting in table.items():
            assert re.fullmatch(r"[A-Za-z][\w-]*", name), name
            assert setting.why.rstrip(".") == setting.why, name


def test_the_paper_has_these_tables() -> None:
    script = runpy.run_path(str(CHECKOUT / "script" / "settings-table"))
    text = (CHECKOUT / "docs" / "settings.md").read_text("utf-8")
    assert script["with_tables"](text) == text, "run script/settings-table"
