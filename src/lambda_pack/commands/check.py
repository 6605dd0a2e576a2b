"""Check: the verdicts of a pack without fetching more than metadata and without writing anything."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from lambda_pack.commands.orders import take_order
from lambda_pack.commands.recorder import Recorder
from lambda_pack.commands.wiring import Workshop
from lambda_pack.model.report import Report
from lambda_pack.model.request import PackRequest
from lambda_pack.ports import Narrator

__all__ = ["check"]


def check(request: PackRequest, environ: Mapping[str, str], narrator: Narrator) -> Report:
    """Say what packing would come to: what fits, what would be built, and what is certainly unmet.

    Raises:
        UnmetDependencies: the requirements contradict each other; what is unmet for other reasons is in the report.
        LambdaPackError: see `lambda_pack.errors`.
    """
    recorder = Recorder(narrator)
    order = take_order(request, environ, recorder)
    with Workshop(order, environ, recorder) as workshop:
        # The resolver runs already.
        from lambda_pack.commands.reports import report_of
        from lambda_pack.pipeline.preflight import look_ahead

        outcome = look_ahead(request, order.requirements, workshop.scratch(), wire=workshop.wire)
    return replace(report_of(order, outcome, recorder, workshop.mask), is_check=True)
