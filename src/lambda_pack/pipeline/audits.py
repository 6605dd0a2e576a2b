"""Step 3, and once more after step 6: what the binaries of the chosen wheels say, whatever their tags promise."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from msgspec import Struct
from msgspec.structs import replace

from lambda_pack.errors import IndexUnavailable, UnmetDependencies
from lambda_pack.files.binaries import judged_files
from lambda_pack.model.binaries import BinaryFile
from lambda_pack.model.choices import AuditMode
from lambda_pack.model.exclusions import Conflict
from lambda_pack.model.findings import BundleAudit, WheelAudit, errors_in, summaries
from lambda_pack.model.images import PackageType
from lambda_pack.model.known_loads import loads_of_package
from lambda_pack.model.layouts import FORMS
from lambda_pack.model.misstated import misstated
from lambda_pack.model.named_loads import Surroundings, unmet_loads
from lambda_pack.model.packages import Pin, Wheel
from lambda_pack.model.request import PackRequest
from lambda_pack.model.stock import Accepted, Attempt, Stock
from lambda_pack.model.verdicts import Fits, Misfit, Reason
from lambda_pack.pipeline.own_code import OwnFolder
from lambda_pack.ports import Index, Narrator, Ports

__all__ = ["Auditing", "accept_stricter_tags", "refuse_by_contents", "tell_findings", "tell_known_loads"]

_MISSTATED_BY_TAG = frozenset({Reason.GLIBC, Reason.UNPROVEN})
# Of own files that will not load, how many are named.
_NAMED = 3


class Auditing(Struct, frozen=True):
    """What is made of misfits, and the binaries of the user's own code, which lie beside those of the wheels.

    `package_type` says how the function is deployed, for the advice; the auditor judges by it.
    """

    mode: AuditMode
    own: tuple[BinaryFile, ...] = ()
    package_type: PackageType = PackageType.ZIP

    @classmethod
    def beside(cls, own: Iterable[OwnFolder], request: PackRequest) -> Auditing:
        """With the binaries in the user's own folders, the later over the earlier ones."""
        package_type = FORMS[request.layout].package_type
        if request.audit is AuditMode.OFF:
            return cls(request.audit, package_type=package_type)
        files = {entry.path: entry for folder in own for entry in folder.entries}
        return cls(request.audit, judged_files(files.values()), package_type)


def refuse_by_contents(
    stock: Stock, ports: Ports, auditing: Auditing, *, can_ask: Callable[[Stock, Conflict], bool] | None = None
) -> Stock:
    """Return the stock with every chosen wheel audited, and those refused that will not load: they no longer count.

    Where other versions of another package would mend all that is wrong with a wheel, and `can_ask` says that a
    resolver can be asked for them, the wheel is not refused: the stock then knows of one conflict more.
    """
    if auditing.mode is AuditMode.OFF:
        return stock
    found = _audit(dict(stock.chosen), stock, ports, auditing)
    refused = {
        wheel: errors[0]
        for wheel, audit in found.wheels.items()
        # Of a package in the curated list it is known that its binaries may fail.
        if (errors := errors_in(audit.findings)) and misstated(wheel.pin) is None
    }
    stock = replace(stock, audits=tuple(found.wheels.items()), own_findings=found.own)
    if auditing.mode is AuditMode.WARN or not refused:
        return stock
    if can_ask is not None:
        conflicts = {wheel: _conflicts(wheel, found.wheels[wheel], ports.index) for wheel in refused}
        asked = {wheel: some for wheel, some in conflicts.items() if some and all(can_ask(stock, one) for one in some)}
        refused = {wheel: error for wheel, error in refused.items() if wheel not in asked}
        stock = replace(stock, conflicts=stock.conflicts.union(*asked.values()))
    built = {item.wheel: item.pin for item in stock.accepted}
    misfits = {
        (wheel.pin, wheel.filename): Misfit(Reason.CONTENTS, f"{error.detail} ({error.path})", error.detail)
        for wheel, error in refused.items()
    }
    failures = (
        Attempt(built[wheel], 6, f"{wheel.filename}, {misfits[wheel.pin, wheel.filename].detail}", wheel=wheel)
        for wheel in refused
        if wheel in built
    )
    return replace(stock, unloadable={**stock.unloadable, **misfits}) + failures


def _conflicts(wheel: Wheel, audit: WheelAudit, index: Index) -> frozenset[Conflict]:
    """Return the conflicts with other packages that are all that is wrong with a wheel; empty where more is."""
    errors = errors_in(audit.findings)
    details = {error.goes_with: f"{error.detail} ({error.path})" for error in reversed(errors)}
    if None in details:
        return frozenset()
    try:
        metadata = index.metadata([wheel])[wheel]
    except IndexUnavailable:
        # A resolver that replaces metadata needs the whole of it.
        return frozenset()
    return frozenset(Conflict(wheel.pin, str(line), detail, metadata) for line, detail in details.items())


def accept_stricter_tags(stock: Stock, ports: Ports, auditing: Auditing) -> Stock:
    """The stock with wheels accepted whose tags ask for more than the target has, though their files do not."""
    candidates = {wheel: pin for pin in stock.unmet for wheel in _candidates(stock, pin)}
    if auditing.mode is AuditMode.OFF or not candidates:
        return stock
    audits = _audit({**candidates, **dict(stock.chosen)}, stock, ports, auditing).wheels
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


def _audit(wheels: Mapping[Wheel, object], stock: Stock, ports: Ports, auditing: Auditing) -> BundleAudit:
    paths: Mapping[Wheel, Path] = {
        wheel: path for wheel, path in ports.downloads.fetch(list(wheels)).items() if isinstance(wheel, Wheel)
    }
    return ports.auditor.audit(paths, stock.target, auditing.own)


def tell_known_loads(stock: Stock, request: PackRequest, narrator: Narrator) -> None:
    """Warn of what packages are known to load or start by name, where no wheel is looked into."""
    names = frozenset(str(pin.name) for pin in stock.closure)
    package_type = FORMS[request.layout].package_type
    around = Surroundings(request.target, package_type, bundled=MappingProxyType({}), packages=names)
    for pin in stock.closure:
        for finding in unmet_loads(loads_of_package(str(pin.name)), "", around):
            narrator.warn(
                f"{pin} {finding.what}: no wheel was looked into; unless the bundle or a layer has it, {finding.advice}"
            )


def tell_findings(stock: Stock, narrator: Narrator, mode: AuditMode) -> None:
    """Warn of what the audit found in what is packed.

    Raises:
        UnmetDependencies: the user's own code will not load, and nothing else can be taken in its place.
    """
    chosen = dict(stock.chosen)
    errors = errors_in(stock.own_findings)
    if errors and mode is AuditMode.ERROR:
        named = "; ".join(f"{error.path} {error.detail}" for error in errors[:_NAMED])
        more = f"; and {len(errors) - _NAMED} more" if len(errors) > _NAMED else ""
        raise UnmetDependencies(
            f"own code will not load on {stock.target}: {named}{more}; bring files that fit, leave these out with "
            "--exclude, or pack them all the same with --audit warn"
        )
    for summary in summaries(stock.own_findings):
        narrator.warn(f"own code: {summary}")
    for wheel, audit in stock.audits:
        # For those in the curated list its evidence has said it.
        if wheel in chosen and misstated(wheel.pin) is None:
            for summary in summaries(audit.findings):
                narrator.warn(f"{wheel.pin}: {summary}")
