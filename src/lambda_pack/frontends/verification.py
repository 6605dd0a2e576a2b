"""What came of loading a bundle: as text for people, as JSON for machines."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from lambda_pack.frontends.screen import clean
from lambda_pack.model.loading import VERIFICATION_VERSION, Answered, Failed, Loaded, Outcome, Skipped, Verification

__all__ = ["verification_json", "verification_text"]

_MOST = 8
_MOST_NAMES = 3
_LONGEST_RESPONSE = 2_000


def verification_text(verification: Verification, *, verbose: bool = False) -> str:
    """What failed, what was left out, and the verdict; `verbose` names every module."""
    return clean("\n".join(_lines(verification, verbose=verbose)) + "\n")


def _lines(verification: Verification, *, verbose: bool) -> Iterator[str]:
    outcomes = verification.outcomes
    failed = [one for one in outcomes if isinstance(one, Failed)]
    for number, failure in enumerate(failed):
        yield from _failed(failure, traced=verbose or number < _MOST)
        yield ""
    yield from _listed("not imported", list(_skipped(outcomes, verbose=verbose)), verbose=verbose)
    loaded = [one.module for one in outcomes if isinstance(one, Loaded)]
    if verbose:
        yield from _listed("imported", loaded, verbose=True)
    for one in outcomes:
        if isinstance(one, Answered):
            short = one.response[:_LONGEST_RESPONSE]
            yield f"{one.handler} answered {short}{'…' if short != one.response else ''}"
    count = f"{len(loaded)} module{'' if len(loaded) == 1 else 's'} imported"
    verdict = "loads" if verification.loads else "does not load"
    trouble = f", {len(failed)} failed" if failed else ""
    yield f"{verification.archive.as_posix()} {verdict} on {verification.target}: {count}{trouble}"
    yield f"  with {verification.loader}"
    yield from (f"  note: {note}" for note in verification.notes)


def _failed(failure: Failed, *, traced: bool) -> Iterator[str]:
    yield f"failed: {failure.what}"
    yield f"  why      {failure.error}"
    if failure.file or failure.package:
        yield f"  where    {failure.file or 'no file of the bundle'}" + (
            f"  ({failure.package})" if failure.package else ""
        )
    if traced:
        yield from (f"  | {line}" for line in failure.traceback.splitlines())
    elif failure.traceback:
        yield "  | … (-v shows all tracebacks)"


def _skipped(outcomes: Sequence[Outcome], *, verbose: bool) -> Iterator[str]:
    """A line for each reason; `verbose` names everything that has it."""
    reasons: dict[str, list[str]] = {}
    for one in outcomes:
        if isinstance(one, Skipped):
            reasons.setdefault(one.why, []).append(one.what)
    for why, names in reasons.items():
        shown = names if verbose else names[:_MOST_NAMES]
        more = f" and {len(names) - len(shown)} more" if len(shown) < len(names) else ""
        yield f"{', '.join(shown)}{more}: {why}"


def _listed(title: str, lines: Sequence[str], *, verbose: bool) -> Iterator[str]:
    if not lines:
        return
    yield title
    shown = lines if verbose else lines[:_MOST]
    yield from (f"  {line}" for line in shown)
    if len(shown) < len(lines):
        yield f"  and {len(lines) - len(shown)} more (-v shows all)"
    yield ""


def verification_json(verification: Verification) -> str:
    """The document that `schemas/verification-1.schema.json` describes, one newline at the end."""
    document = {
        "schema_version": VERIFICATION_VERSION,
        "archive": verification.archive.as_posix(),
        "target": {
            "runtime": verification.target.runtime.name,
            "architecture": verification.target.architecture.value,
        },
        "loads": verification.loads,
        "loader": verification.loader,
        "notes": list(verification.notes),
        "outcomes": [_outcome(one) for one in verification.outcomes],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _outcome(outcome: Outcome) -> dict[str, Any]:
    match outcome:
        case Loaded(module):
            return {"outcome": "loaded", "what": module}
        case Skipped(what, why):
            return {"outcome": "skipped", "what": what, "why": why}
        case Answered(handler, response):
            return {"outcome": "answered", "what": handler, "response": response}
        case Failed():
            return {
                "outcome": "failed",
                "what": outcome.what,
                "error": outcome.error,
                "traceback": outcome.traceback,
                "file": outcome.file,
                "package": outcome.package,
            }
