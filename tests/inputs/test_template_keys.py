"""The tables in the documentation are those of the code."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from lambda_pack.files.source import LEFT_OUT
from lambda_pack.inputs.template_keys import (
    ASSEMBLY_KEYS,
    PLUGIN_KEYS,
    PLUGINS,
    SAM_KEYS,
    SERVERLESS_KEYS,
    TemplateKey,
)

DOCS = Path(__file__).parents[2] / "docs"
TABLES = {
    "AWS SAM and CloudFormation": SAM_KEYS,
    "serverless.yml": SERVERLESS_KEYS,
    "custom.pythonRequirements": PLUGIN_KEYS,
    "plugins": PLUGINS,
    "cdk.out": ASSEMBLY_KEYS,
}


def rows_of(keys: Sequence[TemplateKey]) -> Iterator[str]:
    """The table in Markdown; names that are code and nothing else are written as code."""
    yield "| key | | |"
    yield "|---|---|---|"
    for key in keys:
        is_code = "`" not in key.name and " " not in key.name
        yield f"| {f'`{key.name}`' if is_code else key.name} | {key.heed.value} | {key.text} |"


def left_out() -> Iterator[str]:
    yield "| what | patterns | left out as well by |"
    yield "|---|---|---|"
    for row in LEFT_OUT:
        yield f"| {row.what} | {', '.join(f'`{pattern}`' for pattern in row.patterns)} | {row.tools} |"


@pytest.mark.parametrize("title", TABLES)
def test_the_table_of_each_tool_is_documented(title: str) -> None:
    table = "\n".join(rows_of(TABLES[title]))
    assert table in (DOCS / "many-functions.md").read_text("utf-8"), f"the table of {title} is:\n{table}"


def test_what_is_left_out_of_own_code_is_documented() -> None:
    table = "\n".join(left_out())
    assert table in (DOCS / "own-code.md").read_text("utf-8"), f"the table is:\n{table}"


@pytest.mark.parametrize("title", TABLES)
def test_no_key_is_in_a_table_twice(title: str) -> None:
    names = [key.name for key in TABLES[title]]
    assert len(set(names)) == len(names)
