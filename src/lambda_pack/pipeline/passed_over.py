"""Step 7: newer versions that a resolver passed over in silence, because it found no file of them that it may use.

uv and pip do so where a version has neither a wheel for the target nor a source that may be used: a source may be kept
out (`--no-build`, `--only-binary`), or there is none. They may end at a release of ten years ago (seen: gensim 0.10.1
in the place of 4.4.0), or at a pre-release.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from datetime import UTC, datetime, timedelta

from msgspec.structs import replace
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName
from packaging.version import Version

from lambda_pack.errors import IndexUnavailable
from lambda_pack.model.building import BuildPermission
from lambda_pack.model.packages import Pin, Sdist, Wheel
from lambda_pack.model.permissions import permitted
from lambda_pack.model.requirements import Requirements
from lambda_pack.model.stock import HeldBack, Stock
from lambda_pack.model.verdicts import closest
from lambda_pack.ports import Index, Ports

__all__ = ["passed_over", "tell_prereleases", "with_hidden_files"]

# A package whose chosen release is younger than this is taken to be up to date, so that not every page is read again.
_FRESH = timedelta(days=365)


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
    """Yield the packages of which a newer version has no file that may be used; `known` are told about already.

    `stock` is one `with_hidden_files`, `demands` what the closure asks of the versions of a package.
    """
    suspects = frozenset(_suspects(stock, requirements)) - frozenset(known)
    for pin in stock.closure:
        if pin.name in suspects and pin.version is not None:
            found = _newer(stock, pin, demands(pin) & requirements.allowed(pin.name), _refusal(pin.name, requirements))
            if found is not None:
                newest, why = found
                yield HeldBack(pin.name, newest, pin.version, f"{pin.name} {newest} {why}")


def tell_prereleases(stock: Stock, requirements: Requirements, ports: Ports) -> None:
    """Warn of pre-releases that a resolver took because no final version can be used, unless lines ask for them.

    Packages that have nothing but pre-releases are taken as they are.
    """
    asked = {
        line.name for line in requirements.requested if line.requirement and line.requirement.specifier.prereleases
    }
    young = [
        pin
        for pin in (stock.closure if requirements.requested else ())
        if pin.version is not None
        and pin.version.is_prerelease
        and pin.name not in asked
        and requirements.files.allows_prereleases(pin.name) is None
    ]
    try:
        files = ports.index.files([pin.name for pin in young]) if young else ()
    except IndexUnavailable:
        return
    final = {file.pin.name for file in files if file.pin.version is not None and not file.pin.version.is_prerelease}
    for pin in young:
        if pin.name in final:
            ports.narrator.warn(f"{pin} is a pre-release, taken because no final version has a file that can be used")


def _suspects(stock: Stock, requirements: Requirements) -> Iterator[NormalizedName]:
    # Without lines there is a lock: what it has chosen is not resolved again.
    for wheel, _ in stock.chosen if requirements.requested else ():
        age = None if wheel.uploaded is None else datetime.now(UTC) - wheel.uploaded
        # Where the index does not say when, all pages would be read in every run: only for a better reason.
        is_old = age > _FRESH if age is not None else _refusal(wheel.pin.name, requirements) is not None
        if is_old and not wheel.is_exact:
            yield wheel.pin.name


def _refusal(name: NormalizedName, requirements: Requirements) -> str | None:
    """In words that stand behind a version why a resolver does not see its source; None where it does."""
    files = requirements.files
    is_kept_out = files.only_binary & {":all:", name} and name not in files.no_binary
    return files.building.refusal(name) or ("is source, which --only-binary keeps out" if is_kept_out else None)


def _with_sources(requirements: Requirements) -> Requirements:
    """The requirements without what keeps out sources; cooldowns and hashes stay."""
    return replace(requirements, files=replace(requirements.files, building=BuildPermission(), only_binary=frozenset()))


def _newer(stock: Stock, pin: Pin, allowed: SpecifierSet, refusal: str | None) -> tuple[Version, str] | None:
    """The newest version that the resolver did not see, with what is wrong with it in words that stand behind it.

    None where it saw one that is as new: then something else caps the version.
    """
    offers = [one for one in stock.offers if isinstance(one, Wheel | Sdist) and one.pin.name == pin.name]
    usable = [one for one in offers if one.refused is None and one.yanked is None]
    usable = [one for one in usable if stock.target.runtime.admits(one.requires_python)]
    may_be_young = pin.version is not None and pin.version.is_prerelease
    versions = {one.pin.version for one in usable if one.pin.version is not None}
    wanted = (one for one in versions if may_be_young or not one.is_prerelease)
    for version in sorted(allowed.filter(wanted, prereleases=True), reverse=True):
        if pin.version is None or version <= pin.version or version in stock.fitting_versions(pin.name):
            return None
        files = [one for one in usable if one.pin.version == version]
        if any(isinstance(one, Sdist) for one in files):
            return None if refusal is None else (version, refusal)
        misfit = closest(stock.judge(one) for one in files if isinstance(one, Wheel))
        if misfit is not None:
            return version, misfit.detail
    return None
