"""What came of many bundles: one summary for people, one document for programs, one exit code."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from lambda_pack.commands.many import Outcome, Packed, Refused
from lambda_pack.errors import LambdaPackError, UnmetDependencies
from lambda_pack.frontends.aws_commands import aws_commands
from lambda_pack.frontends.screen import clean
from lambda_pack.frontends.text_report import render_text
from lambda_pack.model.limits import megabytes
from lambda_pack.model.report_json import report_document

__all__ = ["EXIT_ORDER", "exit_code", "exit_code_of", "many_document", "many_json", "render_many", "said_of"]

EXIT_ORDER = (1, 6, 2, 5, 7, 4, 3)
"""Of several exit codes the first of these is the run's: what may be wrong with us or with a file comes before what
somebody must correct, and that before what a bundle cannot be."""

_SCHEMA_VERSION = 1


def exit_code_of(outcome: Outcome) -> int:
    """The exit code that this cell alone would have had."""
    match outcome:
        case Refused(error=error) | Packed(error=LambdaPackError() as error):
            return error.exit_code if isinstance(error, LambdaPackError) else LambdaPackError.exit_code
        case Packed(report=report):
            return UnmetDependencies.exit_code if report.unmet else 0


def exit_code(outcomes: Sequence[Outcome]) -> int:
    """The exit code of the run; see `EXIT_ORDER`."""
    codes = {exit_code_of(outcome) for outcome in outcomes}
    return next((code for code in EXIT_ORDER if code in codes), 0)


def said_of(outcome: Outcome) -> str:
    """What came of a cell, in one line."""
    match outcome:
        case Refused(error=error):
            return f"{outcome.cell.label}: failed ({exit_code_of(outcome)}): {str(error).splitlines()[0]}"
        case Packed(error=LambdaPackError() as error):
            return f"{outcome.cell.label}: not delivered: {error}"
        case Packed(report=report) if report.unmet:
            return f"{outcome.cell.label}: unmet: {', '.join(str(one.pin) for one in report.unmet)}"
        case Packed(report=report):
            size = f", {megabytes(report.archive.size)}" if report.archive else ""
            return f"{outcome.cell.label}: packed{size}"


def render_many(outcomes: Sequence[Outcome], *, verbose: bool = False, warnings: bool = True) -> str:
    """The summary: what was packed, how it is deployed, and in full what was not, as a run of its own would say it."""
    return clean("".join(f"{line}\n" for line in _lines(outcomes, verbose=verbose, warnings=warnings)))


def many_document(outcomes: Sequence[Outcome], warnings: Sequence[str] = ()) -> dict[str, Any]:
    """Return the summary as JSON: the report of each finished bundle, and warnings about settings that are ignored."""
    document = {"schema_version": _SCHEMA_VERSION, "exit_code": exit_code(outcomes), "warnings": list(warnings)}
    return {**document, "bundles": list(map(_row, outcomes))}


def many_json(outcomes: Sequence[Outcome], warnings: Sequence[str] = ()) -> str:
    """The document as text, one newline at its end."""
    return json.dumps(many_document(outcomes, warnings), indent=2, ensure_ascii=False) + "\n"


def _lines(outcomes: Sequence[Outcome], *, verbose: bool, warnings: bool) -> Iterator[str]:
    good = [outcome for outcome in outcomes if isinstance(outcome, Packed) and exit_code_of(outcome) == 0]
    bad = [outcome for outcome in outcomes if exit_code_of(outcome)]
    if good:
        yield from _packed(good, verbose=verbose, warnings=warnings)
    for outcome in bad:
        yield f"{outcome.cell.label} (exit code {exit_code_of(outcome)})"
        yield from (f"  {line}" if line else "" for line in _failed(outcome, verbose=verbose, warnings=warnings))
        yield ""
    yield f"packed {len(good)} of {len(outcomes)} bundles" + (f", {len(bad)} failed" if bad else "")


def _packed(outcomes: Sequence[Packed], *, verbose: bool, warnings: bool) -> Iterator[str]:
    yield "packed"
    width = max(len(outcome.cell.label) for outcome in outcomes)
    for outcome in outcomes:
        archive, delivered = outcome.report.archive, outcome.report.delivered
        if archive is not None:
            where = delivered.uri if delivered is not None else archive.path.as_posix()
            yield f"  {outcome.cell.label:<{width}}  {megabytes(archive.size):>9}  {where}"
            yield from (
                f"  {'':<{width}}  {megabytes(layer.archive.size):>9}  {layer.archive.path.as_posix()} (layer)"
                for layer in outcome.report.layers
            )
    yield ""
    told = [outcome for outcome in outcomes if verbose or (warnings and outcome.report.warnings)]
    for outcome in told:
        yield outcome.cell.label
        text = render_text(outcome.report, verbose=verbose, warnings=warnings)
        yield from (f"  {line}" if line else "" for line in text.splitlines())
        yield ""
    lines = [line for outcome in outcomes for line in _aws(outcome)]
    if lines:
        yield "deploy with"
        yield from (f"  {line}" for line in lines)
        yield ""


def _aws(outcome: Packed) -> Iterator[str]:
    """Nothing where nobody knows what Lambda calls it: a template gives that away only when it is deployed."""
    if outcome.cell.deployed_as is not None:
        yield from aws_commands(outcome.report, outcome.cell.deployed_as)


def _failed(outcome: Outcome, *, verbose: bool, warnings: bool) -> Iterator[str]:
    match outcome:
        case Packed(report=report, error=None):
            yield from render_text(report, verbose=verbose, warnings=warnings).splitlines()
        case Packed(error=error) | Refused(error=error):
            yield f"{error}" if isinstance(error, LambdaPackError) else f"this is a bug: {error!r}"
            log = error.log if isinstance(error, LambdaPackError) else ""
            yield from (f"| {line}" for line in log.splitlines())


def _row(outcome: Outcome) -> dict[str, Any]:
    cell = outcome.cell
    report = outcome.report if isinstance(outcome, Packed) else None
    return {
        "label": cell.label,
        "kind": cell.kind.value,
        "name": cell.name,
        "exit_code": exit_code_of(outcome),
        "error": None if outcome.error is None else str(outcome.error),
        "report": None if report is None else report_document(report),
        "aws": list(_aws(outcome)) if isinstance(outcome, Packed) else [],
    }
