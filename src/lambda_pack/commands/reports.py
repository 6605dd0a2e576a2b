"""From what the steps came to, to the report."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from dataclasses import replace

from lambda_pack.commands.orders import Order
from lambda_pack.commands.recorder import Recorder
from lambda_pack.model.product import VERSION
from lambda_pack.model.report import Report
from lambda_pack.model.stock import Attempt
from lambda_pack.pipeline.nine_steps import Outcome

__all__ = ["report_of"]


def report_of(order: Order, outcome: Outcome, recorder: Recorder, mask: Callable[[str], str]) -> Report:
    """The report of a run that ends now; `mask` takes secrets out of what tools have written."""

    def shown(attempt: Attempt) -> Attempt:
        return replace(
            attempt, detail=mask(attempt.detail), command=mask(attempt.command), log=mask(attempt.log), wheel=None
        )

    unmet = (replace(one, attempts=tuple(map(shown, one.attempts))) for one in outcome.unmet)
    return Report(
        name=order.name,
        target=order.request.target,
        layout=order.request.layout.value,
        packages=outcome.packages,
        to_build=outcome.to_build,
        held_back=outcome.stock.held_back,
        unmet=tuple(unmet),
        attempts=tuple(map(shown, outcome.stock.attempts)),
        warnings=tuple(map(mask, recorder.warnings)),
        archive=outcome.archive,
        timings=recorder.timings(),
        tools=tuple(_tools(order)),
    )


def _tools(order: Order) -> Iterator[tuple[str, str]]:
    yield "lambda-pack", VERSION
    yield "python", platform.python_version()
    if order.lock is None:
        from importlib.metadata import version  # noqa: PLC0415  # a lock needs no resolver, and no look at its version

        name = order.request.resolver.value
        yield name, version(name)
