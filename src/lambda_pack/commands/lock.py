"""Lock: the choices that packing would make, for one target or for several at once, as a standard lock (PEP 751)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from lambda_pack.commands.orders import take_order
from lambda_pack.commands.recorder import Recorder
from lambda_pack.commands.reports import report_of
from lambda_pack.commands.wiring import Workshop
from lambda_pack.files.whole import whole_file
from lambda_pack.model.joint_lock import joint_lock
from lambda_pack.model.locks import about_tokens
from lambda_pack.model.packages import Offer, Pin
from lambda_pack.model.report import Report
from lambda_pack.model.request import PackRequest
from lambda_pack.model.targets import Target
from lambda_pack.pipeline.preflight import look_ahead, planned_origins
from lambda_pack.ports import Narrator

__all__ = ["lock"]


def lock(
    requests: Sequence[PackRequest], output: Path, environ: Mapping[str, str], narrator: Narrator
) -> tuple[Report, ...]:
    """Write the lock of these requests, which differ in their targets; one report for each.

    Nothing is written where anything is unmet on any of them.

    Raises:
        UnmetDependencies: the requirements contradict each other; what is unmet for other reasons is in the reports.
        LambdaPackError: see `lambda_pack.errors`.
    """
    reports: list[Report] = []
    wanted: dict[Target, Sequence[tuple[Pin, Offer]]] = {}
    for request in requests:
        recorder = Recorder(narrator)
        order = take_order(request, environ, recorder)
        with Workshop(order, environ, recorder) as workshop:
            outcome = look_ahead(request, order.requirements, workshop.scratch(), wire=workshop.wire)
        wanted[request.target] = tuple(planned_origins(outcome.stock))
        for warning in about_tokens(offer for _, offer in wanted[request.target]):
            recorder.warn(warning)
        reports.append(replace(report_of(order, outcome, recorder, workshop.mask), is_check=True))
    if not any(report.unmet for report in reports):
        _write(wanted, output.absolute())
    return tuple(reports)


def _write(wanted: Mapping[Target, Sequence[tuple[Pin, Offer]]], output: Path) -> None:
    import tomli_w

    written = joint_lock(wanted, output.parent)
    written.validate()
    with whole_file(output) as file:
        file.write(tomli_w.dumps(written.to_dict()).encode())
