"""The nine steps of the seed document, from requirements to a bundle."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from types import MappingProxyType

from lambda_pack.model.choices import Preference
from lambda_pack.model.request import PackRequest
from lambda_pack.model.requirements import Requirements
from lambda_pack.model.stock import Stock
from lambda_pack.pipeline.alternatives import explain_rest
from lambda_pack.pipeline.audits import Auditing, refuse_by_contents, tell_findings
from lambda_pack.pipeline.builds import build_with_compiler, build_without_compiler
from lambda_pack.pipeline.closure import resolve_everything
from lambda_pack.pipeline.compatible_wheels import find_compatible_wheels
from lambda_pack.pipeline.composition import Parts, Writer, compose_bundle, planned
from lambda_pack.pipeline.explanations import trace_held_back
from lambda_pack.pipeline.misstatements import accept_misstated
from lambda_pack.pipeline.outcome import Outcome
from lambda_pack.pipeline.own_code import own_folders, with_projects
from lambda_pack.pipeline.passed_over import tell_prereleases
from lambda_pack.pipeline.places import with_places
from lambda_pack.pipeline.promises import hold_to_promises
from lambda_pack.ports import Ports

__all__ = ["STEPS", "decide", "take_nine_steps"]

# Each sentence is at once the comment, the log line and the group title, so it cannot drift.
STEPS = MappingProxyType(
    {
        1: "resolve everything, wheels and sdists alike",
        2: "sort into compatible wheels, incompatible wheels and sdists",
        3: "find compatible wheels for the rest",
        4: "build the rest from source",
        5: "build the rest again without a C compiler",
        6: "accept packages known to misstate their compatibility",
        7: "report what is still unmet",
        8: "compose the bundle from the chosen wheels",
        9: "clean up temporary files",
    }
)


def take_nine_steps(
    request: PackRequest,
    requirements: Requirements,
    scratch: AbstractContextManager[Path],
    *,
    wire: Callable[[Path], Ports],
    write: Writer,
) -> Outcome:
    """Pack. `wire` makes the tools, which keep their temporary files in `scratch`; `write` puts the bundle in place."""
    with scratch as folder:
        ports = wire(folder)
        own = own_folders(request, ports.narrator)
        auditing = Auditing.beside(own, request)
        stock = with_projects(decide(request, requirements, ports, auditing=auditing), requirements)
        ports.narrator.step(4, STEPS[4])
        stock = build_with_compiler(stock, ports, allow_unmet=request.allow_unmet)
        ports.narrator.step(5, STEPS[5])
        stock = build_without_compiler(stock, ports, allow_unmet=request.allow_unmet)
        ports.narrator.step(6, STEPS[6])
        stock = refuse_by_contents(accept_misstated(stock, ports.builder), ports, auditing)
        ports.narrator.step(7, STEPS[7])
        stock = trace_held_back(stock, requirements, ports.index)
        unmet, to_build = explain_rest(stock, requirements, ports, auditing, allow_unmet=request.allow_unmet)
        if unmet and not request.allow_unmet:
            packages = with_places(planned(stock), stock, ports.index)
            return Outcome(stock, unmet, packages=packages, to_build=to_build)
        tell_findings(stock, ports.narrator, request.audit)
        ports.narrator.step(8, STEPS[8])
        composed = compose_bundle(Parts(stock, own), request, requirements, ports=ports, write=write)
        packages = with_places(composed.packages, stock, ports.index)
        ports.narrator.step(9, STEPS[9])
    return Outcome(
        stock,
        unmet,
        composed.archive,
        packages,
        composed.origins,
        savings=composed.savings,
        layers=composed.layers,
    )


def decide(request: PackRequest, requirements: Requirements, ports: Ports, *, auditing: Auditing) -> Stock:
    """Steps 1 to 3, which write nothing: what is needed, and which wheel meets it."""
    ports.narrator.step(1, STEPS[1])
    stock = resolve_everything(requirements, request.target, ports)
    ports.narrator.step(2, STEPS[2])
    ports.narrator.note(f"{len(stock.chosen)} of {len(stock.closure)} packages have a compatible wheel")
    ports.narrator.step(3, STEPS[3])
    may_hold_back = request.prefer is Preference.COMPATIBLE or requirements.files.prefer_binary
    stock = find_compatible_wheels(stock, requirements, ports, may_hold_back=may_hold_back, auditing=auditing)
    tell_prereleases(stock, requirements, ports)
    return hold_to_promises(stock, requirements, ports)
