"""Step 3, and once more after step 6: what the binaries of the chosen wheels say, whatever their tags promise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec.structs import replace

from lambda_pack.model.choices import AuditMode
from lambda_pack.model.findings import WheelAudit, errors_in, summaries
from lambda_pack.model.misstated import misstated
from lambda_pack.model.packages import Pin, Wheel
from lambda_pack.model.stock import Accepted, Attempt, Stock
from lambda_pack.model.verdicts import Fits, Misfit, Reason
from lambda_pack.ports import Narrator, Ports

__all__ = ["accept_stricter_tags", "refuse_by_contents", "tell_findings"]

_MISSTATED_BY_TAG = frozenset({Reason.GLIBC, Reason.UNPROVEN})


def refuse_by_contents(stock: Stock, ports: Ports, mode: AuditMode) -> Stock:
    """The stock with every chosen wheel audited, and those refused that will not load: they no longer count."""
    if mode is AuditMode.OFF:
        return stock
    audits = _audits(dict(stock.chosen), stock, ports)
    refused = {
        wheel: errors[0]
        for wheel, audit in audits.items()
        # Of a package in the curated list it is known that its binaries may fail.
        if (errors := errors_in(audit.findings)) and misstated(wheel.pin) is None
    }
    stock = replace(stock, audits=tuple(audits.items()))
    if mode is AuditMode.WARN or not refused:
        return stock
    built = {item.wheel: item.pin for item in stock.accepted}
    misfits = {
        (wheel.pin, wheel.filename): Misfit(Reason.CONTENTS, f"{error.detail} ({error.path})")
        for wheel, error in refused.items()
    }
    failures = (
        Attempt(built[wheel], 6, f"{wheel.filename}, {misfits[wheel.pin, wheel.filename].detail}", wheel=wheel)
        for wheel in refused
        if wheel in built
    )
    return replace(stock, unloadable={**stock.unloadable, **misfits}) + failures


def accept_stricter_tags(stock: Stock, ports: Ports, mode: AuditMode) -> Stock:
    """The stock with wheels accepted whose tags ask for more than the target has, though their files do not."""
    candidates = {wheel: pin for pin in stock.unmet for wheel in _candidates(stock, pin)}
    if mode is AuditMode.OFF or not candidates:
        return stock
    audits = _audits({**candidates, **dict(stock.chosen)}, stock, ports)
    accepted: dict[Pin, Accepted] = {}
    for wheel, pin in candidates.items():
        audit = audits[wheel]
        if pin not in accepted and audit.binaries and not errors_in(audit.findings):
            accepted[pin] = Accepted(pin, wheel, Fits(len(stock.target.tags), _evidence(wheel, audit)))
    return stock + accepted.values()


def _candidates(stock: Stock, pin: Pin) -> Iterator[Wheel]:
    """Wheels that nothing but their platform tag keeps out, the least demanding first."""
    for wheel, verdict in stock.wheels(pin):
        if (
            isinstance(verdict, Misfit)
            and verdict.reason in _MISSTATED_BY_TAG
            and wheel.refused is None
            and stock.target.runtime.admits(wheel.requires_python)
        ):
            yield wheel


def _evidence(wheel: Wheel, audit: WheelAudit) -> str:
    tags = ", ".join(sorted({tag.platform for tag in wheel.tags}))
    level = f"no more than glibc {'.'.join(map(str, audit.glibc))}" if audit.glibc else "no glibc"
    needs = "its one binary needs" if audit.binaries == 1 else f"its {audit.binaries} binaries need"
    return f"tagged {tags}, but {needs} {level}"


def _audits(wheels: Mapping[Wheel, object], stock: Stock, ports: Ports) -> Mapping[Wheel, WheelAudit]:
    paths: Mapping[Wheel, Path] = {
        wheel: path for wheel, path in ports.downloads.fetch(list(wheels)).items() if isinstance(wheel, Wheel)
    }
    return ports.auditor.audit(paths, stock.target)


def tell_findings(stock: Stock, narrator: Narrator) -> None:
    """Warn of what the audit found in the wheels that are packed."""
    chosen = dict(stock.chosen)
    for wheel, audit in stock.audits:
        # For those in the curated list its evidence has said it.
        if wheel in chosen and misstated(wheel.pin) is None:
            for summary in summaries(audit.findings):
                narrator.warn(f"{wheel.pin}: {summary}")
