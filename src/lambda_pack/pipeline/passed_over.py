"""Step 7: versions that a resolver was not shown, because their code may not run, and that nothing else has told about.

Where sources are kept out (`--no-build`, `--only-binary`), uv and pip pass over every version without a wheel in
silence, and may end at one of ten years ago (seen: gensim 0.10.1 in the place of 4.4.0).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName
from packaging.version import Version

from lambda_pack.model.building import BuildPermission
from lambda_pack.model.packages import Pin, Sdist
from lambda_pack.model.permissions import permitted
from lambda_pack.model.requirements import Requirements
from lambda_pack.model.stock import HeldBack, Stock
from lambda_pack.ports import Index

__all__ = ["passed_over", "with_hidden_files"]

# A package whose chosen release is younger than this is taken to be up to date, so that not every page is read again.
_FRESH = timedelta(days=180)


def with_hidden_files(stock: Stock, requirements: Requirements, index: Index) -> Stock:
    """Return the stock with all files of the packages that may have been passed over; itself where there are none.

    Raises:
        IndexUnavailable: an index did not answer.
    """
    names = frozenset(_suspects(stock, requirements))
    return stock + permitted(index.files(names), _with_sources(requirements), pins=stock.closure) if names else stock


def passed_over(
    stock: Stock, requirements: Requirements, demands: Callable[[Pin], SpecifierSet], known: Collection[NormalizedName]
) -> Iterator[HeldBack]:
    """Yield the packages of which a newer version is only on offer as source; `known` are told about already.

    `stock` is one `with_hidden_files`, `demands` what the closure asks of the versions of a package.
    """
    suspects = frozenset(_suspects(stock, requirements)) - frozenset(known)
    for pin in stock.closure:
        if pin.name in suspects and pin.version is not None:
            newest = _newest_source(stock, pin, demands(pin) & requirements.allowed(pin.name))
            if newest is not None and newest > pin.version and newest not in stock.fitting_versions(pin.name):
                refusal = _refusal(pin.name, requirements)
                yield HeldBack(pin.name, newest, pin.version, f"{pin.name} {newest} {refusal}")


def _suspects(stock: Stock, requirements: Requirements) -> Iterator[NormalizedName]:
    if not requirements.files.enforced.only_binary or not requirements.requested:
        # Without lines there is a lock: what it has chosen is not resolved again.
        return
    for wheel, _ in stock.chosen:
        is_fresh = wheel.uploaded is not None and datetime.now(UTC) - wheel.uploaded < _FRESH
        if not is_fresh and not wheel.is_exact and _refusal(wheel.pin.name, requirements):
            yield wheel.pin.name


def _refusal(name: NormalizedName, requirements: Requirements) -> str | None:
    """In words that stand behind a version why a resolver does not see its source; None where it does."""
    files = requirements.files
    is_kept_out = files.only_binary & {":all:", name} and name not in files.no_binary
    return files.building.refusal(name) or ("is source, which --only-binary keeps out" if is_kept_out else None)


def _with_sources(requirements: Requirements) -> Requirements:
    """The requirements without what keeps out sources; cooldowns and hashes stay."""
    return replace(requirements, files=replace(requirements.files, building=BuildPermission(), only_binary=frozenset()))


def _newest_source(stock: Stock, pin: Pin, allowed: SpecifierSet) -> Version | None:
    """The newest version that has a source which could be used on the target if its code might run."""
    may_be_young = pin.version is not None and pin.version.is_prerelease
    sources = (
        offer
        for offer in stock.offers
        if isinstance(offer, Sdist) and offer.pin.name == pin.name and offer.refused is None and offer.yanked is None
    )
    versions = {
        source.pin.version
        for source in sources
        if source.pin.version is not None and stock.target.runtime.admits(source.requires_python)
    }
    wanted = (one for one in versions if may_be_young or not one.is_prerelease)
    return max(allowed.filter(wanted, prereleases=True), default=None)
