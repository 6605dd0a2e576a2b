"""Dependencies into a folder that may hold the customer's code: what the seed document calls the builder's job."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from lambda_pack.commands.orders import take_order
from lambda_pack.commands.recorder import Recorder
from lambda_pack.commands.reports import report_of
from lambda_pack.commands.wiring import Workshop
from lambda_pack.files.bundle import Bundle
from lambda_pack.files.merge import merge_tree
from lambda_pack.model.report import ArchiveFacts, Report
from lambda_pack.model.request import PackRequest
from lambda_pack.pipeline.nine_steps import take_nine_steps
from lambda_pack.ports import Narrator

__all__ = ["merge_dependencies"]


def merge_dependencies(request: PackRequest, into: Path, environ: Mapping[str, str], narrator: Narrator) -> Report:
    """Put the dependencies into `into`, all of them or none; files of anybody else there stay as they are.

    Requirements that ask for nothing change nothing.

    Raises:
        UnmetDependencies: the requirements contradict each other; what is unmet for other reasons is in the report.
        LambdaPackError: see `lambda_pack.errors`.
    """
    recorder = Recorder(narrator)
    order = take_order(request, environ, recorder)

    def merge(bundle: Bundle) -> ArchiveFacts:
        if bundle.entries:
            merge_tree(bundle, into)
        return ArchiveFacts(into, bundle.unzipped_size, bundle.unzipped_size, len(bundle.entries))

    with Workshop(order, environ, recorder) as workshop:
        outcome = take_nine_steps(request, order.requirements, workshop.scratch(), wire=workshop.wire, write=merge)
    return report_of(order, outcome, recorder, workshop.mask)
