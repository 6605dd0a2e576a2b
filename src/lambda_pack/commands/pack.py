"""Pack: a request becomes a bundle in its place, with its report and its lock beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from lambda_pack.commands.orders import Order, take_order
from lambda_pack.commands.recorder import Recorder
from lambda_pack.commands.wiring import Workshop
from lambda_pack.model.request import PackRequest
from lambda_pack.ports import Narrator
from lambda_pack.tools.parts import Part, begin

if TYPE_CHECKING:
    from lambda_pack.commands.shared_work import SharedWork
    from lambda_pack.model.report import Report

__all__ = ["pack"]


def pack(
    request: PackRequest,
    environ: Mapping[str, str],
    narrator: Narrator,
    *,
    shared: SharedWork | None = None,
) -> Report:
    """Pack, and say what came of it; with anything unmet and no `allow_unmet`, nothing is written.

    Zip, report and lock appear together at the end, or not at all. Where a lock and own code are as they were, and the
    outputs as the last pack has left them, nothing is done unless the request says `force`. `shared` is given where
    this is one of many (`lambda_pack.commands.many`).

    Raises:
        UnmetDependencies: the requirements contradict each other; what is unmet for other reasons is in the report.
        LambdaPackError: see `lambda_pack.errors`.
    """
    recorder = Recorder(narrator)
    try:
        return _packed(request, environ, recorder, shared=shared)
    finally:
        # Of a pack that failed, too.
        if request.profile is not None:
            from lambda_pack.commands.profile import write_profile

            write_profile(request.profile, recorder.spans())


def _packed(
    request: PackRequest,
    environ: Mapping[str, str],
    recorder: Recorder,
    *,
    shared: SharedWork | None,
) -> Report:
    order = take_order(request, environ, recorder)
    _begin_parts(order)
    inputs = None
    if order.lock is not None:
        from lambda_pack.commands.unchanged import inputs_digest, recall

        inputs = inputs_digest(order)
        unchanged = recall(order, inputs) if inputs is not None and not request.force else None
        if unchanged is not None:
            for warning in unchanged.warnings:
                recorder.warn(warning)
            return unchanged
    with Workshop(order, environ, recorder, shared=shared) as workshop:
        from lambda_pack.commands.packing import pack_order  # the resolver runs already

        report = pack_order(order, workshop, recorder, inputs=inputs)
    _keep_bounded(request)
    return report


def _begin_parts(order: Order) -> None:
    """Fetch in the background what is sure to be needed later."""
    if order.request.building.wheelhouse is not None:
        begin(Part.DELIVER)
    packages = [locked.package for locked in order.lock.packages] if order.lock is not None else []
    if any(package.sdist is not None and not package.wheels for package in packages):
        begin(Part.BUILD)


def _keep_bounded(request: PackRequest) -> None:
    from lambda_pack.tools.network.cache import cache_folder_of
    from lambda_pack.tools.network.cache_upkeep import keep_bounded

    folder = cache_folder_of(request)
    if folder is not None:
        keep_bounded(folder)
