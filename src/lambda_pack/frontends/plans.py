"""A plan: what would be packed, for people, for programs, and as the matrix of a GitHub workflow."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from math import ceil
from pathlib import Path
from typing import Any

from lambda_pack.errors import UsageError
from lambda_pack.model.cells import Cell
from lambda_pack.model.choices import PlanFormat
from lambda_pack.model.targets import Architecture

__all__ = ["MOST_JOBS", "matrix_of", "plan_document", "render_plan"]

MOST_JOBS = 256
"""Of one matrix: https://docs.github.com/en/actions/reference/limits, read 2026-11-26."""

_RUNNERS = {Architecture.X86_64: "ubuntu-24.04", Architecture.ARM64: "ubuntu-24.04-arm"}
"""A runner of the cell's own kind, so that what must be built is built natively."""

_SCHEMA_VERSION = 1


def render_plan(cells: Sequence[Cell], form: PlanFormat, *, most_jobs: int = MOST_JOBS) -> str:
    """The plan in a format; one newline at its end.

    Raises:
        UsageError: there are fewer jobs than architectures.
    """
    match form:
        case PlanFormat.TEXT:
            return "".join(f"{line}\n" for line in _lines(cells))
        case PlanFormat.JSON:
            return json.dumps(plan_document(cells), indent=2, ensure_ascii=False) + "\n"
        case PlanFormat.GITHUB_MATRIX:
            # One line: that is what GITHUB_OUTPUT takes.
            return json.dumps(matrix_of(cells, most_jobs=most_jobs), ensure_ascii=False, separators=(",", ":")) + "\n"


def plan_document(cells: Sequence[Cell]) -> dict[str, Any]:
    """The plan as JSON: each cell with what it is packed from."""
    return {"schema_version": _SCHEMA_VERSION, "bundles": [_row(cell) for cell in cells]}


def matrix_of(cells: Sequence[Cell], *, most_jobs: int = MOST_JOBS) -> dict[str, Any]:
    """The value of `strategy.matrix`: one job for each cell, several in a job where there would be too many.

    `only` says to `pack --only` what a job packs, one label a line; `runner` is for `runs-on`.
    """
    return {"include": [_job(batch) for batch in _batches(cells, most_jobs)]}


def _lines(cells: Sequence[Cell]) -> Iterator[str]:
    """Each function with its targets, and what it is packed from."""
    width = max((len(cell.name) for cell in cells), default=0)
    for _, group in groupby(cells, key=lambda cell: (cell.kind, cell.name)):
        same = list(group)
        first = same[0]
        places = ", ".join(dict.fromkeys((*_posix(first.request.requirements), *_code_of(first))))
        targets = ", ".join(str(cell.request.target) for cell in same)
        yield f"{first.kind.value:<8}  {first.name:<{width}}  {targets}  from {places or 'nothing'}"
    bundles = "1 bundle" if len(cells) == 1 else f"{len(cells)} bundles"
    yield f"{bundles} to pack"


def _row(cell: Cell) -> dict[str, Any]:
    request = cell.request
    return {
        **_identity(cell),
        "requirements": list(_posix(request.requirements)),
        "own_code": list(_code_of(cell)),
        "output": (request.to_dir or request.output).as_posix(),
        "place": cell.place,
    }


def _code_of(cell: Cell) -> Iterator[str]:
    yield from _posix((*(source.path for source in cell.request.sources), *cell.request.projects))


def _posix(paths: Iterable[Path]) -> Iterator[str]:
    return (path.as_posix() for path in paths)


def _identity(cell: Cell) -> dict[str, Any]:
    target = cell.request.target
    return {
        "label": cell.label,
        "kind": cell.kind.value,
        "name": cell.name,
        "runtime": target.runtime.name,
        "architecture": target.architecture.value,
    }


def _job(batch: Sequence[Cell]) -> dict[str, Any]:
    first = batch[0]
    architecture = first.request.target.architecture
    label = first.label if len(batch) == 1 else f"{first.label} and {len(batch) - 1} more"
    names = {"label": label, "only": "\n".join(cell.label for cell in batch)}
    return {**names, "architecture": architecture.value, "runner": _RUNNERS[architecture], "count": len(batch)}


def _batches(cells: Sequence[Cell], most: int) -> Iterator[Sequence[Cell]]:
    """One cell in each, or as many as it takes; never two architectures: a job has one runner."""
    kinds = [[cell for cell in cells if cell.request.target.architecture is one] for one in Architecture]
    kinds = [kind for kind in kinds if kind]
    if most < len(kinds):
        raise UsageError(f"{most} jobs are too few: each of {len(kinds)} architectures needs a runner of its own")
    size = 1
    while sum(ceil(len(kind) / size) for kind in kinds) > most:
        size += 1
    for kind in kinds:
        yield from (kind[begin : begin + size] for begin in range(0, len(kind), size))
