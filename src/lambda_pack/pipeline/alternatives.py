"""Step 7: what the files of an unmet package say on other targets, so that none is advised where it would not load."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lambda_pack.errors import IndexUnavailable, IntegrityError
from lambda_pack.model.advice import Inspection, best_by_tags, other_targets
from lambda_pack.model.choices import AuditMode
from lambda_pack.model.findings import Finding, errors_in
from lambda_pack.model.packages import Pin, Wheel
from lambda_pack.model.report import ToBuild, Unmet
from lambda_pack.model.requirements import Requirements
from lambda_pack.model.stock import Stock
from lambda_pack.model.targets import Target
from lambda_pack.pipeline.audits import Auditing
from lambda_pack.pipeline.builds import left_to_build
from lambda_pack.pipeline.explanations import explain
from lambda_pack.ports import Ports

__all__ = ["explain_rest"]

# Files are fetched only to be advised about: a few, and none that takes minutes.
_MOST_WHEELS = 12
_LARGEST = 100_000_000  # in bytes


def explain_rest(
    stock: Stock, requirements: Requirements, ports: Ports, auditing: Auditing, *, allow_unmet: bool
) -> tuple[tuple[Unmet, ...], tuple[ToBuild, ...]]:
    """Return why each package that is left cannot be met, and what was not built because the run cannot succeed.

    With `allow_unmet` everything was built that could be.
    """
    to_build = () if allow_unmet else tuple(left_to_build(stock))
    untried = {item.pin for item in to_build}
    missing = [pin for pin in stock.unmet if pin not in untried]
    inspections = _inspect_alternatives(stock, ports, auditing)
    return explain(missing, stock, requirements, ports.index, inspections=inspections), to_build


def _inspect_alternatives(stock: Stock, ports: Ports, auditing: Auditing) -> Mapping[Pin, Inspection]:
    """What was found in the wheels of each unmet package, on the target and on those that could be chosen instead.

    Only wheels that fit by their tags are looked into, and of many packages not all of them. An index or a file that
    fails costs the advice, no more.
    """
    if auditing.mode is AuditMode.OFF:
        return {}
    candidates = [(pin, target, wheel) for pin in stock.unmet for target, wheel in _candidates(stock, pin)]
    looked_into = [item for item in candidates[:_MOST_WHEELS] if (item[2].size or 0) <= _LARGEST]
    ports.downloads.begin(wheel for _, _, wheel in looked_into)
    found: dict[Pin, Inspection] = {}
    for pin in stock.unmet:
        looked_at = {
            target: errors
            for one, target, wheel in looked_into
            if one == pin and (errors := _errors(wheel, target, stock, ports, auditing)) is not None
        }
        found[pin] = Inspection(looked_at.pop(stock.target, ()), looked_at, auditing.package_type)
    return found


def _candidates(stock: Stock, pin: Pin) -> Iterator[tuple[Target, Wheel]]:
    """For each target the wheel that would be taken there; for this one only where its files keep it out."""
    wheels = [wheel for wheel, _ in stock.wheels(pin)]
    for target in (stock.target, *other_targets(stock.target)):
        wheel = best_by_tags(wheels, target)
        if wheel is not None and (target != stock.target or (wheel.pin, wheel.filename) in stock.unloadable):
            yield target, wheel


def _errors(wheel: Wheel, target: Target, stock: Stock, ports: Ports, auditing: Auditing) -> tuple[Finding, ...] | None:
    """What keeps it from loading beside the other packages; None where that could not be found out."""
    try:
        paths = ports.downloads.fetch([wheel, *(chosen for chosen, _ in stock.chosen)])
        audit = ports.auditor.audit(
            {one: path for one, path in paths.items() if isinstance(one, Wheel)}, target, auditing.own
        )
    except (IndexUnavailable, IntegrityError):
        return None
    return errors_in(audit.wheels[wheel].findings)
