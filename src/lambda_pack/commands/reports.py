"""From what the steps came to, to the report."""

from __future__ import annotations

import platform
from collections.abc import Iterator

from lambda_pack import __version__
from lambda_pack.commands.orders import Order
from lambda_pack.commands.recorder import Recorder
from lambda_pack.model.report import Report
from lambda_pack.pipeline.nine_steps import Outcome

__all__ = ["report_of"]


def report_of(order: Order, outcome: Outcome, recorder: Recorder) -> Report:
    """The report of a run that ends now."""
    return Report(
        name=order.name,
        target=order.request.target,
        layout=order.request.layout.value,
        packages=outcome.packages,
        to_build=outcome.to_build,
        held_back=outcome.stock.held_back,
        unmet=outcome.unmet,
        attempts=outcome.stock.attempts,
        warnings=recorder.warnings,
        archive=outcome.archive,
        timings=recorder.timings(),
        tools=tuple(_tools(order)),
    )


def _tools(order: Order) -> Iterator[tuple[str, str]]:
    yield "lambda-pack", __version__
    yield "python", platform.python_version()
    if order.lock is None:
        from importlib.metadata import version  # noqa: PLC0415  # a lock needs no resolver, and no look at its version

        name = order.request.resolver.value
        yield name, version(name)
