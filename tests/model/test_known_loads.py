"""The tables of what Python code loads by name: each row is complete, and found."""

from __future__ import annotations

import pytest
from packaging.utils import canonicalize_name

from lambda_pack.model.known_loads import (
    LOADS,
    OPTIONAL_LOADS,
    READ,
    KnownLoads,
    OptionalLoads,
    is_optional_load,
    known_loads,
    loads_of_package,
)


@pytest.mark.parametrize("row", LOADS, ids=lambda row: row.path)
def test_a_row_says_what_is_needed_and_how_that_is_known(row: KnownLoads) -> None:
    assert row.package == canonicalize_name(row.package)
    assert row.evidence
    assert all(load.programs or load.sonames or load.searched for load in row.loads)
    assert known_loads(row.path) is row
    assert known_loads(f"python/{row.path}") is row
    assert known_loads(f"x{row.path}") is None


@pytest.mark.parametrize("row", OPTIONAL_LOADS, ids=lambda row: row.pattern)
def test_an_optional_row_has_evidence_and_is_found_below_any_folder(row: OptionalLoads) -> None:
    path = row.pattern.replace("*", "x.py")

    assert row.evidence
    assert is_optional_load(path)
    assert is_optional_load(f"python/{path}")
    assert not is_optional_load(f"x{path}")


def test_no_module_has_two_rows_and_no_package_two_tables() -> None:
    assert len({row.path for row in LOADS}) == len(LOADS)
    assert not {row.package for row in LOADS} & READ.keys()
    assert all(name == canonicalize_name(name) for name in READ)


def test_what_own_wheels_bring_is_not_said_of_packages_that_were_not_looked_into() -> None:
    assert loads_of_package("rtree") == ()
    assert loads_of_package("pdf2image")
    assert loads_of_package("pyzbar")
    assert loads_of_package("six") == ()
