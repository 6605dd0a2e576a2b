from __future__ import annotations

from pathlib import Path

import pytest

from lambda_pack.errors import UsageError
from lambda_pack.inputs.configuration import read_configuration


@pytest.mark.parametrize(
    ("text", "table"),
    [
        ("", {}),
        ("[tool.other]\nx = 1", {}),
        ("[tool.lambda-pack]\nruntime = 'python3.13'", {"runtime": "python3.13"}),
    ],
)
def test_the_table_is_read(tmp_path: Path, text: str, table: dict[str, str]) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    assert read_configuration(tmp_path / "pyproject.toml") == table


def test_no_file_is_no_table(tmp_path: Path) -> None:
    assert read_configuration(tmp_path / "pyproject.toml") == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("tool = 3", r"pyproject.toml:1: 'tool' is a number, not a table"),
        ("[[tool.lambda-pack]]", "is not a table"),
        ("[", "is not TOML"),
        ("x = " + "[" * 100_000, "is not TOML"),
    ],
)
def test_what_is_no_table_is_said(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(UsageError, match=message):
        read_configuration(tmp_path / "pyproject.toml")
