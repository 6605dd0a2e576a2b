from __future__ import annotations

from pathlib import Path

from lambda_pack.model.input_limits import INPUT_LIMITS

PAGE = Path(__file__).parents[2] / "docs" / "limits.md"


def test_the_page_has_the_table() -> None:
    rows = [line for line in PAGE.read_text("utf-8").splitlines() if line.startswith("| ")]

    assert rows[1:] == [f"| {one.what} | {one.most:,} {one.unit} | {one.real} |" for one in INPUT_LIMITS]
