"""Runs that are about many functions: `pack --all` and `plan`."""

from __future__ import annotations

import gc
import os
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from lambda_pack.commands.many import Outcome, Refused, pack_many
from lambda_pack.errors import LambdaPackError, UsageError
from lambda_pack.frontends.cells import cells_of, chosen
from lambda_pack.frontends.error_document import telling_errors
from lambda_pack.frontends.many_report import exit_code, many_json, render_many, said_of
from lambda_pack.frontends.narrators import PlainNarrator, SilentNarrator
from lambda_pack.frontends.plans import MOST_JOBS, render_plan
from lambda_pack.frontends.requests import said_by_arguments, said_by_machine
from lambda_pack.frontends.values import choice
from lambda_pack.inputs.documents import understood
from lambda_pack.inputs.functions_file import find_functions_file, read_functions_file
from lambda_pack.model.cells import Cell
from lambda_pack.model.choices import PlanFormat
from lambda_pack.model.given import Given
from lambda_pack.ports import Narrator

__all__ = ["CellNarrator", "finish", "pack_cells", "planned_cells", "run_pack_many", "run_plan"]


def run_pack_many(arguments: Mapping[str, Any]) -> int:
    """Pack them and print one summary; the exit code is that of `EXIT_ORDER`."""
    with telling_errors(as_json=arguments["json"]):
        cells = planned_cells(arguments, os.environ)  # noqa: TID251  # a front-end: strings in
    return finish(pack_cells(cells, arguments), arguments)


def pack_cells(cells: Sequence[Cell], arguments: Mapping[str, Any]) -> Sequence[Outcome]:
    """What came of each, in their order; told while it happens."""
    # A long run makes circles of references enough.
    gc.enable()
    quiet = arguments["quiet"] or arguments["json"]
    told = None if quiet else PlainNarrator(sys.stderr, verbose=arguments["verbose"])
    outcomes = {outcome.cell.label: outcome for outcome in _packed(cells, os.environ, told)}  # noqa: TID251  # as above
    return [outcomes[cell.label] for cell in cells]


def finish(outcomes: Sequence[Outcome], arguments: Mapping[str, Any], warnings: Sequence[str] = ()) -> int:
    """Print the summary; returns the exit code. `warnings` are about the file that names the bundles."""
    if arguments["json"]:
        sys.stdout.write(many_json(outcomes, warnings))
    else:
        sys.stdout.write(render_many(outcomes, verbose=arguments["verbose"], warnings=arguments["quiet"]))
    _tell_bugs(outcomes)
    return exit_code(outcomes)


def run_plan(arguments: Mapping[str, Any]) -> int:
    """Print what would be packed."""
    form = choice({"format": Given((arguments["format"],), "the command line")}, "format", PlanFormat)
    environ = os.environ  # noqa: TID251  # a front-end: strings in
    cells = planned_cells(arguments, environ)
    if revision := arguments["changed-since"]:
        from lambda_pack.commands.changes import changed_since

        cells = changed_since(revision, cells, find_functions_file(Path(arguments["place"] or ".")), environ)
    sys.stdout.write(render_plan(cells, form or PlanFormat.TEXT, most_jobs=_count(arguments["jobs"])))
    return 0


def planned_cells(arguments: Mapping[str, Any], environ: Mapping[str, str]) -> tuple[Cell, ...]:
    """The cells that these arguments are about.

    Raises:
        UsageError: there is no file that names functions, or it is wrong.
    """
    place = Path(arguments.get("place") or ".")
    with understood(place, what_now="correct it"):
        file = read_functions_file(find_functions_file(place))
        cells = cells_of(file, said_by_machine(environ), said_by_arguments(arguments))
    return chosen(cells, arguments.get("only") or (), file.name)


def _packed(cells: Sequence[Cell], environ: Mapping[str, str], told: PlainNarrator | None) -> Iterator[Outcome]:
    def narrate(cell: Cell) -> Narrator:
        return SilentNarrator() if told is None else CellNarrator(told, cell.label)

    for number, outcome in enumerate(pack_many(cells, environ, narrate), start=1):
        if told is not None:
            told.say(f"[{number}/{len(cells)}] {said_of(outcome)}")
        yield outcome


class CellNarrator(SilentNarrator):
    """Tells of one cell among others: what is worth it, with its name; the rest for who asked for details."""

    def __init__(self, told: PlainNarrator, label: str) -> None:
        self._told = told
        self._label = label

    def step(self, number: int, sentence: str) -> None:
        """A detail, among so many."""
        self._told.note(f"{self._label}: [{number}/9] {sentence}")

    def note(self, text: str) -> None:
        """A line for who asked for details."""
        self._told.note(f"{self._label}: {text}")

    def warn(self, text: str) -> None:
        """A line that says so."""
        self._told.warn(f"{self._label}: {text}")


def _tell_bugs(outcomes: Sequence[Outcome]) -> None:
    """Where we are wrong ourselves, a traceback helps."""
    for outcome in outcomes:
        if isinstance(outcome, Refused) and not isinstance(outcome.error, LambdaPackError):
            print(
                f"lambda-pack: {outcome.cell.label}: this is a bug; please report it with these lines", file=sys.stderr
            )
            traceback.print_exception(outcome.error)


def _count(text: str | None) -> int:
    if text is None:
        return MOST_JOBS
    if not text.isdecimal() or not 1 <= int(text) <= MOST_JOBS:
        raise UsageError(f"{text!r} is no number of jobs; write one from 1 to {MOST_JOBS}")
    return int(text)
