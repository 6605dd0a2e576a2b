"""Step 7: for each dependency still unmet, everything that is known about why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from types import MappingProxyType

from msgspec import Struct
from msgspec.structs import replace
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from lambda_pack.errors import IndexUnavailable
from lambda_pack.model.advice import NOT_LOOKED_AT, Inspection, advise
from lambda_pack.model.chains import Chain, dependencies_in, find_chains, with_names
from lambda_pack.model.packages import Checkout, Folder, Offer, Pin, Sdist, Wheel
from lambda_pack.model.report import FileOnOffer, Unmet
from lambda_pack.model.requirements import Requested, Requirements
from lambda_pack.model.stock import HeldBack, Stock
from lambda_pack.model.verdicts import Misfit, Reason, closest
from lambda_pack.pipeline.passed_over import passed_over, with_hidden_files
from lambda_pack.ports import Index

__all__ = ["explain", "trace_held_back", "why_no_wheel"]

_WITHOUT_COMPILER = 5


def explain(
    pins: Sequence[Pin],
    stock: Stock,
    requirements: Requirements,
    index: Index,
    *,
    inspections: Mapping[Pin, Inspection] = MappingProxyType({}),
) -> tuple[Unmet, ...]:
    """One explanation for each of these unmet pins; nothing is fetched when there are none.

    `inspections` say what is known of the files of their wheels; without them, advice goes by tags, and says so.
    """
    if not pins:
        return ()
    known = _Known(stock, requirements, _declared(stock, requirements, index))
    chains = known.chains
    return tuple(
        _explained(known, pin, chains.get(pin.name), inspection=inspections.get(pin, NOT_LOOKED_AT)) for pin in pins
    )


def trace_held_back(stock: Stock, requirements: Requirements, index: Index) -> Stock:
    """Return the stock in which each package held back says what brought it in; nothing is fetched for none.

    Those are among them that the resolver passed over because their newer versions are source alone.
    """
    try:
        wider = with_hidden_files(stock, requirements, index)
    except IndexUnavailable:
        # It costs what would have been said, no more.
        wider = stock
    if wider is stock and not stock.held_back:
        return stock
    known = _Known(wider, requirements, _declared(stock, requirements, index))
    told = {held.name for held in stock.held_back}
    found = (*stock.held_back, *passed_over(wider, requirements, known.specifier, told))
    chains = known.chains if found else {}
    return replace(stock, held_back=tuple(_traced(held, chains.get(held.name), wider) for held in found))


def _traced(held: HeldBack, chain: Chain | None, stock: Stock) -> HeldBack:
    newest, chosen = _uploaded(held.name, held.newest, stock), _uploaded(held.name, held.chosen, stock)
    held = replace(held, uploaded=(newest, chosen) if newest and chosen else None)
    return replace(held, required_by=chain.names, origin=str(chain.origin)) if chain else held


def _uploaded(name: NormalizedName, version: Version, stock: Stock) -> date | None:
    """The day when the first file of a version was uploaded: later ones may be years younger than what is in them."""
    offers = (one for one in stock.offers if one.pin == Pin(name, version) and isinstance(one, Wheel | Sdist))
    return min((one.uploaded.date() for one in offers if one.uploaded is not None), default=None)


class _Known(Struct, frozen=True):
    """What an explanation stands on; `requires` is what each package of the closure declares, as far as it is known."""

    stock: Stock
    requirements: Requirements
    requires: Mapping[NormalizedName, tuple[Requirement, ...]]

    @property
    def lines(self) -> tuple[Requested, ...]:
        """The lines that the user wrote, each with a name where one is known."""
        return with_names(self.requirements.requested or self.requirements.lineage.direct, self.stock.offers)

    @property
    def chains(self) -> Mapping[NormalizedName, Chain]:
        """What pulled each package in."""
        return find_chains(self.lines, self.requires, self.stock.target)

    def specifier(self, pin: Pin) -> SpecifierSet:
        """Return what all of them together ask of the versions of a package."""
        return SpecifierSet(",".join(str(specifier) for _, specifier in self.demands(pin)))

    def demands(self, pin: Pin) -> Iterator[tuple[str, SpecifierSet]]:
        """Yield what is asked of the versions of a package, with the words that say what asks for it."""
        for line in self.lines:
            if line.requirement is not None and line.name == pin.name and line.requirement.specifier:
                yield f"the requirements ask for {line.name}{line.requirement.specifier}", line.requirement.specifier
        for parent in self.stock.closure:
            for child in self.requires.get(parent.name, ()):
                is_needed = child.specifier and self.stock.target.satisfies(child.marker)
                if is_needed and canonicalize_name(child.name) == pin.name:
                    parent_name = f"{parent.name} {parent.version}" if parent.version else parent.name
                    yield f"{parent_name} needs {pin.name}{child.specifier}", child.specifier


def _declared(
    stock: Stock, requirements: Requirements, index: Index
) -> Mapping[NormalizedName, tuple[Requirement, ...]]:
    """Return what each package declares; an index that fails costs explanations, no more."""
    if requirements.lineage.requires or not (requirements.requested or requirements.lineage.direct):
        return requirements.lineage.requires
    try:
        metadata = index.metadata([wheel for wheel, _ in stock.chosen])
    except IndexUnavailable:
        return {}
    return {wheel.pin.name: dependencies_in(text) for wheel, text in metadata.items()}


def _explained(known: _Known, pin: Pin, chain: Chain | None, *, inspection: Inspection) -> Unmet:
    stock, requirements = known.stock, known.requirements
    offers = sorted((offer for offer in stock.offers if offer.pin == pin), key=partial(_nearness, stock=stock))
    return Unmet(
        pin=pin,
        required_by=chain.names if chain else (),
        origin=str(chain.origin) if chain else None,
        reason=_reason(stock, pin, _why_not_older(known, pin)),
        files=tuple(_on_offer(offer, stock) for offer in offers),
        attempts=tuple(attempt for attempt in stock.attempts if attempt.pin == pin),
        advice=advise(stock, pin, requirements, way=chain.names if chain else (), inspection=inspection),
    )


def _why_not_older(known: _Known, pin: Pin) -> str | None:
    """Return what keeps out the versions that would fit, and what is wrong with the others; None where nothing does.

    In words: 'rio-tiler 7.9.6 needs rasterio>=1.4; every such wheel needs libexpat.so.1: …'.
    """
    demands = list(known.demands(pin))
    if not demands:
        return None
    allowed = SpecifierSet(",".join(str(specifier) for _, specifier in demands))
    versions = known.stock.versions(pin.name)
    within = {version for version in allowed.filter(versions, prereleases=True) if not version.is_prerelease}
    fitting = set(known.stock.fitting_versions(pin.name))
    misfits = [misfit for version in within if (misfit := closest(verdict for _, verdict in versions[version]))]
    is_pinned = len(within) == 1 and any(line.name == pin.name for line in known.lines)
    if is_pinned or pin.version not in within or within & fitting or fitting <= within or not misfits:
        return None
    asked = " and ".join(dict.fromkeys(words for words, _ in demands))
    own = closest(verdict for _, verdict in versions[pin.version]) or misfits[0]
    if len({misfit.cause or misfit.detail for misfit in misfits}) == 1:
        return f"{asked}; every such wheel {own.detail}"
    return f"{asked}; of {len(within)} such versions none has a wheel that fits: that of {pin.version} {own.detail}"


def _reason(stock: Stock, pin: Pin, why_not_older: str | None = None) -> str:
    """One line: what stands between the package and the target."""
    if pin.version is None and not any(offer.pin == pin for offer in stock.offers):
        known = any(offer.pin.name == pin.name for offer in stock.offers)
        return "no version on offer is allowed" if known else "unknown to every index"
    if not any(offer.pin == pin for offer in stock.offers):
        return "none of the files that the lock has is on offer any more"
    no_wheel = why_not_older or why_no_wheel(stock, pin) + _looked_into(stock, pin)
    attempts = [attempt for attempt in stock.attempts if attempt.pin == pin]
    if attempts:
        # A build without a compiler fails for want of one; what the build before it came to is the reason.
        telling = [attempt for attempt in attempts if attempt.step != _WITHOUT_COMPILER] or attempts
        # So is the failure with today's tools; those of another day were only to cure it.
        today = [attempt for attempt in telling if attempt.limits is None] or telling
        return f"{no_wheel}; {today[-1].detail}"
    if stock.source(pin) is None:
        refused = (one.refused for one in stock.offers if one.pin == pin and not isinstance(one, Wheel) and one.refused)
        refusal = min(refused, default=None)
        return f"{no_wheel}; the rest {refusal}" if refusal else f"{no_wheel}, and there is no source to build it from"
    return no_wheel


def _looked_into(stock: Stock, pin: Pin) -> str:
    """Return how many versions were refused by contents, where others were passed over (see `compatible_wheels`)."""
    looked = {refused.version for refused, _ in stock.unloadable if refused.name == pin.name}
    older = [version for version in stock.fitting_versions(pin.name) if pin.version and version < pin.version]
    if pin.version not in looked or len(looked) == 1 or not older:
        return ""
    return f" (of {len(looked) + len(older)} versions {len(looked)} were looked into, the oldest among them)"


def why_no_wheel(stock: Stock, pin: Pin) -> str:
    """What is wrong with the wheels of a pin without a fitting one, by the wheel that came closest."""
    misfit = closest(verdict for _, verdict in stock.wheels(pin))
    return f"no wheel fits: the closest {misfit.detail}" if misfit else "there is no wheel"


def _nearness(offer: Offer, stock: Stock) -> tuple[int, str]:
    """Sort key: the files that came closest first, source last."""
    if not isinstance(offer, Wheel):
        return 1, offer.filename
    verdict = stock.judge(offer)
    return (-verdict.reason.nearness if isinstance(verdict, Misfit) else -len(Reason)), offer.filename


def _on_offer(offer: Offer, stock: Stock) -> FileOnOffer:
    match offer:
        case Wheel():
            verdict = stock.judge(offer)
            reason, detail = (verdict.reason.value, verdict.detail) if isinstance(verdict, Misfit) else ("fits", "fits")
        case Sdist(refused=str(refusal)) | Checkout(refused=str(refusal)) | Folder(refused=str(refusal)):
            reason, detail = Reason.REFUSED.value, refusal
        case _:
            reason, detail = "source", "source, to be built"
    return FileOnOffer(offer.filename, reason, detail)
