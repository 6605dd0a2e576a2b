"""The step summary in a real browser, with the Mermaid that draws its pie on GitHub."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import pytest

from lambda_pack.frontends.markdown_report import render_markdown
from tests.frontends.reports import REPORTS

HOUSE = Path(__file__).parents[2]


@pytest.mark.network
def test_the_pie_is_drawn(tmp_path: Path) -> None:
    script = runpy.run_path(str(HOUSE / "script" / "summary-picture"))
    if missing := script["missing"]():
        pytest.skip(f"not installed here, and only root could: {', '.join(missing)}")
    picture = tmp_path / "summary.png"

    document = script["draw"](render_markdown(REPORTS["good"]), tmp_path, picture)

    assert "data-error" not in document, document[:300]
    assert "language-mermaid" not in document.partition("<script")[0], "it is a picture now"
    slices = re.findall(r'class="legend".*?<text[^>]*>([^<]+)</text>', document, re.DOTALL)
    assert [text.partition(" [")[0] for text in slices][:2] == ["part-7==1.0", "part-6==1.0"]
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_the_picture_of_the_readme_is_small() -> None:
    picture = HOUSE / "docs" / "summary.png"

    assert 10_000 < picture.stat().st_size < 200_000
    assert "docs/summary.png" in (HOUSE / "README.md").read_text("utf-8")
