"""Laws of plans: every bundle once, the same each time, and in a matrix that GitHub takes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_pack.errors import UsageError
from lambda_pack.frontends.plans import MOST_JOBS, matrix_of, plan_document, render_plan
from lambda_pack.model.cells import Cell, CellKind
from lambda_pack.model.choices import PlanFormat
from lambda_pack.model.request import PackRequest
from lambda_pack.model.targets import Target

TARGETS = [
    Target.parse(f"python3.{minor}", architecture) for minor in (12, 13, 14) for architecture in ("x86_64", "arm64")
]


def cell(name: str, target: Target, kind: CellKind = CellKind.FUNCTION) -> Cell:
    return Cell(kind, name, PackRequest(target, (Path(f"{name}/requirements.txt"),), name=name), place="here:1:1")


PLANS = st.lists(
    st.builds(cell, st.from_regex("[a-z][a-z0-9-]{0,6}", fullmatch=True), st.sampled_from(TARGETS)),
    max_size=60,
    unique_by=lambda one: one.label,
)


@given(PLANS, st.integers(2, MOST_JOBS))
def test_every_bundle_is_in_one_job_of_its_own_architecture(cells: list[Cell], most: int) -> None:
    jobs = matrix_of(cells, most_jobs=most)["include"]

    architectures = {one.label: one.request.target.architecture.value for one in cells}
    packed = [label for job in jobs for label in job["only"].splitlines()]
    assert sorted(packed) == sorted(architectures)
    assert len(jobs) <= most
    for job in jobs:
        assert {architectures[label] for label in job["only"].splitlines()} == {job["architecture"]}
        assert job["runner"].endswith("-arm") == (job["architecture"] == "arm64")
        assert job["count"] == len(job["only"].splitlines())


@given(PLANS)
def test_the_matrix_survives_the_way_through_an_output(cells: list[Cell]) -> None:
    text = render_plan(cells, PlanFormat.GITHUB_MATRIX)

    assert text.count("\n") == 1, "GITHUB_OUTPUT takes one line"
    assert json.loads(text) == matrix_of(cells)
    assert text == render_plan(list(cells), PlanFormat.GITHUB_MATRIX)


@given(PLANS)
def test_the_document_has_every_bundle_in_the_plans_order(cells: list[Cell]) -> None:
    document = json.loads(render_plan(cells, PlanFormat.JSON))

    assert document == plan_document(cells)
    assert [row["label"] for row in document["bundles"]] == [one.label for one in cells]


def test_as_few_bundles_to_a_job_as_there_may_be_jobs() -> None:
    cells = [cell(f"f{number}", target) for number in range(200) for target in TARGETS[:2]]

    jobs = matrix_of(cells)["include"]

    assert {job["count"] for job in jobs} == {2}
    assert len(jobs) == 200
    assert jobs[0]["label"] == "f0-python3.12-x86_64 and 1 more"
    assert all(job["count"] == 1 for job in matrix_of(cells[:256])["include"])


def test_a_job_has_one_runner() -> None:
    with pytest.raises(UsageError, match="1 jobs are too few: each of 2 architectures needs a runner of its own"):
        matrix_of([cell("api", target) for target in TARGETS], most_jobs=1)


def test_nothing_to_pack_is_an_empty_plan() -> None:
    assert render_plan([], PlanFormat.GITHUB_MATRIX) == '{"include":[]}\n'
    assert render_plan([], PlanFormat.TEXT) == "0 bundles to pack\n"
