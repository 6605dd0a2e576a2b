"""The curated list of packages that misstate their compatibility."""

from __future__ import annotations

from datetime import date

import pytest
from packaging.utils import canonicalize_name

from lambda_pack.model.misstated import MISSTATED, misstated
from lambda_pack.model.packages import Pin


@pytest.mark.parametrize(
    ("name", "version", "listed"),
    [
        ("SQLAlchemy", "1.4.54", True),
        ("sqlalchemy", "1.1.18", True),
        ("SQLAlchemy", "1.4.0b1", True),
        ("SQLAlchemy", "2.0.0", False),
        ("SQLAlchemy", "2.0.0rc1", False),
        ("sqlalchemy-utils", "0.1", False),
    ],
)
def test_rows_are_found_by_name_and_version(name: str, version: str, *, listed: bool) -> None:
    assert (misstated(Pin.parse(name, version)) is not None) is listed


def test_an_unknown_version_is_not_listed() -> None:
    assert misstated(Pin(canonicalize_name("sqlalchemy"), None)) is None


@pytest.mark.parametrize("row", MISSTATED, ids=lambda row: str(row.name))
def test_every_row_has_evidence_and_a_day(row: object) -> None:
    assert row in MISSTATED
    found = next(known for known in MISSTATED if known == row)
    assert found.evidence
    assert found.checked <= date(2026, 12, 31)
    assert found.name == canonicalize_name(found.name)
