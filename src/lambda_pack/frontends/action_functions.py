"""The GitHub Action on a file that names functions: one step packs one bundle of it, some, or all."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from lambda_pack.commands.many import Outcome, Packed, Refused, pack_many
from lambda_pack.errors import LambdaPackError, UnmetDependencies
from lambda_pack.frontends.action_cache import cache_folder
from lambda_pack.frontends.action_inputs import ActionInputs
from lambda_pack.frontends.action_outputs import PASSED_ON, REPORTED, bundles_output, delivered_outputs, outputs_of
from lambda_pack.frontends.annotations import annotations_of, annotations_of_conflict
from lambda_pack.frontends.cells import cells_of, chosen
from lambda_pack.frontends.many import CellNarrator
from lambda_pack.frontends.many_report import exit_code, render_many, said_of
from lambda_pack.frontends.markdown_report import render_delivered, render_markdown, render_merged, render_refusal
from lambda_pack.frontends.narrators import PlainNarrator
from lambda_pack.frontends.requests import said_by_machine
from lambda_pack.frontends.workflow_commands import Annotation, Workflow
from lambda_pack.inputs.documents import understood
from lambda_pack.inputs.functions_file import find_functions_file, read_functions_file
from lambda_pack.model.cells import Cell
from lambda_pack.ports import Narrator

__all__ = ["pack_functions", "planned_functions"]

_LISTS = ("unmet", "held-back", "layers")


def planned_functions(inputs: ActionInputs, environ: Mapping[str, str]) -> tuple[Cell, ...]:
    """The bundles that the inputs `config` and `function` name; other inputs are louder than the file.

    Raises:
        UsageError: the file is wrong, or has none of that name.
    """
    place = Path(inputs.config or ".")
    with understood(place, what_now="correct it"):
        file = read_functions_file(find_functions_file(place))
        cells = chosen(cells_of(file, said_by_machine(environ), inputs.said), inputs.functions, file.name)
    return tuple(_with_cache(cell, environ) if inputs.cache else cell for cell in cells)


def _with_cache(cell: Cell, environ: Mapping[str, str]) -> Cell:
    return replace(cell, request=replace(cell.request, cache=cache_folder(cell.request, environ)))


def pack_functions(
    inputs: ActionInputs, environ: Mapping[str, str], *, workflow: Workflow, workspace: Path | None
) -> int:
    """Pack and deliver them; outputs have a line for each bundle, in the plan's order. Returns the exit code."""
    cells = planned_functions(inputs, environ)
    told = PlainNarrator(sys.stdout, verbose=inputs.is_verbose)

    def narrate(cell: Cell) -> Narrator:
        return CellNarrator(told, cell.label)

    found = {}
    for number, outcome in enumerate(pack_many(cells, environ, narrate), start=1):
        workflow.say(f"[{number}/{len(cells)}] {said_of(outcome)}")
        found[outcome.cell.label] = outcome
    outcomes = [found[cell.label] for cell in cells]
    workflow.say(render_many(outcomes, verbose=inputs.is_verbose, warnings=False))
    workflow.set_outputs(_outputs(outcomes, inputs, workspace))
    for annotation in _annotations(outcomes, workspace):
        workflow.annotate(annotation)
    if inputs.summary:
        workflow.add_summary("\n".join(_summary(outcomes)))
    code = exit_code(outcomes)
    return 0 if code == UnmetDependencies.exit_code and not inputs.fail_on_unmet else code


def _outputs(outcomes: Sequence[Outcome], inputs: ActionInputs, workspace: Path | None) -> Mapping[str, str]:
    found = [(outcome, _outputs_of(outcome, inputs, workspace)) for outcome in outcomes]
    rows = [row for _, row in found if row]
    joined = {name: "\n".join(row[name] for row in rows) for name in (*REPORTED, *PASSED_ON)}
    lists = {name: _joined(row[name] for row in rows) for name in _LISTS}
    count = str(sum(int(row["unmet-count"]) for row in rows))
    first = next((row["artifact-name"] for row in rows), "")
    more = f"-and-{len(rows) - 1}-more" if len(rows) > 1 else ""
    # One artifact has all of them.
    named = {"artifact-name": f"{first}{more}"}
    cells = ((outcome.cell, {**row, **named} if row else row) for outcome, row in found)
    bundles = bundles_output((cell.name, cell.request.target, row) for cell, row in cells)
    return {**joined, **lists, **named, "unmet-count": count, "bundles": bundles}


def _outputs_of(outcome: Outcome, inputs: ActionInputs, workspace: Path | None) -> Mapping[str, str]:
    """The outputs of one bundle; none where it came to no report."""
    if not isinstance(outcome, Packed):
        return {}
    report, delivered = outcome.report, outcome.report.delivered
    return {
        **dict.fromkeys(REPORTED, ""),
        **outputs_of(report, outcome.cell.request, inputs, workspace=workspace),
        **(delivered_outputs(report, delivered) if delivered else {}),
    }


def _joined(lists: Iterator[str]) -> str:
    items = [item for text in lists for item in json.loads(text)]
    return json.dumps(items, ensure_ascii=False, separators=(",", ":"))


def _annotations(outcomes: Sequence[Outcome], workspace: Path | None) -> Iterator[Annotation]:
    for outcome in outcomes:
        if isinstance(outcome, Packed):
            yield from annotations_of(outcome.report, folder=Path.cwd(), workspace=workspace)
            for warning in outcome.report.warnings:
                yield Annotation("warning", "lambda-pack", f"{outcome.cell.label}: {warning}")
        if outcome.error is not None:
            yield from annotations_of_conflict(outcome.error, folder=Path.cwd(), workspace=workspace)
            yield Annotation("error", "lambda-pack", f"{outcome.cell.label}: {outcome.error}")


def _summary(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """The page: what failed first, then one table of all."""
    reports = [outcome.report for outcome in outcomes if isinstance(outcome, Packed)]
    failed = [outcome for outcome in outcomes if outcome.error is not None]
    for outcome in failed:
        log = outcome.error.log if isinstance(outcome.error, LambdaPackError) else ""
        yield render_refusal(f"{outcome.cell.label}: {outcome.error}", log)
    if len(outcomes) == 1 and reports:
        yield render_markdown(reports[0])
    elif reports:
        refused = [outcome.cell.label for outcome in outcomes if isinstance(outcome, Refused)]
        yield render_merged(reports, refused, why="nothing packed: see above")
    yield from (render_delivered(report.delivered) for report in reports if report.delivered)
