"""Steps 1 to 3 and 7 alone: what packing would come to, as far as it is known without building."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path

from lambda_pack.model.choices import AuditMode
from lambda_pack.model.packages import Offer, Pin
from lambda_pack.model.request import PackRequest
from lambda_pack.model.requirements import Requirements
from lambda_pack.model.stock import Stock
from lambda_pack.pipeline.audits import Auditing, tell_known_loads
from lambda_pack.pipeline.builds import left_to_build
from lambda_pack.pipeline.composition import planned
from lambda_pack.pipeline.explanations import explain, trace_held_back
from lambda_pack.pipeline.nine_steps import STEPS, decide
from lambda_pack.pipeline.outcome import Outcome
from lambda_pack.pipeline.places import with_places
from lambda_pack.pipeline.undetermined import metadata_of, tell_undetermined
from lambda_pack.ports import Ports

__all__ = ["look_ahead", "planned_origins"]


def look_ahead(
    request: PackRequest,
    requirements: Requirements,
    scratch: AbstractContextManager[Path],
    *,
    wire: Callable[[Path], Ports],
) -> Outcome:
    """Decide without writing. Unmet is only what has no source either: whether a build succeeds is not known yet."""
    with scratch as folder:
        ports = wire(folder)
        # Looking into wheels needs the whole of them.
        stock = decide(request, requirements, ports, auditing=Auditing(AuditMode.OFF))
        tell_undetermined(stock, requirements, partial(metadata_of, stock, ports.index), ports.narrator)
        if request.audit is not AuditMode.OFF:
            tell_known_loads(stock, request, ports.narrator)
        ports.narrator.step(7, STEPS[7])
        stock = trace_held_back(stock, requirements, ports.index)
        to_build = tuple(left_to_build(stock))
        buildable = {item.pin for item in to_build}
        unmet = explain([pin for pin in stock.unmet if pin not in buildable], stock, requirements, ports.index)
        packages = with_places(planned(stock), stock, ports.index)
    return Outcome(stock, unmet, packages=packages, to_build=to_build)


def planned_origins(stock: Stock) -> Iterator[tuple[Pin, Offer]]:
    """Each package with what it would come from: the chosen wheel, else the source it would be built from."""
    chosen: dict[Pin, Offer] = {wheel.pin: wheel for wheel, _ in stock.chosen}
    for pin in stock.closure:
        origin = chosen.get(pin) or stock.source(pin)
        if origin is not None:
            yield pin, origin
