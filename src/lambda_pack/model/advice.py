"""What a user can do about a dependency that is unmet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from packaging.utils import NormalizedName

from lambda_pack.model.packages import Offer, Pin, Wheel
from lambda_pack.model.requirements import Requirements
from lambda_pack.model.stock import Stock
from lambda_pack.model.targets import RUNTIMES, Architecture, Target
from lambda_pack.model.verdicts import Fits, judge

__all__ = ["advise"]


def advise(
    stock: Stock, pin: Pin, requirements: Requirements, *, way: Sequence[NormalizedName] = ()
) -> tuple[str, ...]:
    """What would help, the most likely first; never empty. `way` leads from a requirement down to the package."""
    found = (*_advice(stock, pin, requirements), *_newest_instead(stock, pin, requirements, way))
    return found or (f"ask the maintainers of {pin.name} for a wheel for {stock.target}, or replace the package",)


def _advice(stock: Stock, pin: Pin, requirements: Requirements) -> Iterator[str]:
    offers = [offer for offer in stock.offers if offer.pin.name == pin.name]
    if not offers:
        yield f"no index knows {pin.name!r}: check the spelling, or name its index with --extra-index-url"
        return
    if pin.version is None:
        newest = max((offer.pin.version for offer in offers if offer.pin.version is not None), default=None)
        if newest is not None:
            wanted = requirements.allowed(pin.name)
            asked = f"{str(wanted)!r}" if wanted else "all that is asked of it"
            yield f"no version of {pin.name} satisfies {asked}; the newest on offer is {newest}"
    yield from _other_targets(stock, pin)
    older = max(stock.fitting_versions(pin.name), default=None)
    if any(unloadable == pin for unloadable, _ in stock.unloadable):
        yield "pack it in spite of what its files need with --audit warn, where a layer or your own code brings that"
    elif older is not None:
        yield f"{pin.name} {older} has a wheel that fits: allow it in the requirements"
    source = stock.source(pin)
    if source is not None and any(attempt.pin == pin for attempt in stock.attempts):
        yield (
            f"build it where {stock.target} runs (the same architecture and glibc), or in a container: install docker "
            "or podman, and see --build-image; the log says why it failed here"
        )
    elif source is None and any(_is_source(offer, pin) for offer in offers):
        yield from _permissions(pin, requirements)


def _newest_instead(stock: Stock, pin: Pin, requirements: Requirements, way: Sequence[NormalizedName]) -> Iterator[str]:
    """An older version that was taken for its wheel may ask for what the newest does not ask for."""
    for held in stock.held_back:
        if held.name in {pin.name, *way} and requirements.files.allows_sdist(held.name):
            yield (
                f"--prefer newest takes {held.name} {held.newest} and builds it where it must: {held.chosen}, in its "
                f"place for now, leads to {pin}"
            )


def _other_targets(stock: Stock, pin: Pin) -> Iterator[str]:
    wheels = [wheel for wheel, _ in stock.wheels(pin)]
    lambdas = RUNTIMES.values() if stock.target.runtime.name in RUNTIMES else ()
    runtimes = [
        runtime.name
        for runtime in lambdas
        if runtime != stock.target.runtime
        and stock.target.architecture in runtime.architectures
        and not runtime.preview
        and (runtime.deprecated or date.max) >= (stock.target.runtime.deprecated or date.min)
        and _any_fits(wheels, Target(runtime, stock.target.architecture))
    ]
    if runtimes:
        yield f"choose another runtime: {pin} has a wheel for {', '.join(runtimes)}"
    for architecture in Architecture:
        if architecture in stock.target.runtime.architectures and architecture is not stock.target.architecture:
            other = Target(stock.target.runtime, architecture)
            if _any_fits(wheels, other):
                yield f"choose another architecture: {pin} has a wheel for {other}"


def _is_source(offer: Offer, pin: Pin) -> bool:
    return offer.pin == pin and not isinstance(offer, Wheel)


def _permissions(pin: Pin, requirements: Requirements) -> Iterator[str]:
    """What the user would have to take back, in the order in which it is looked at."""
    files = requirements.files
    if files.building.refusal(pin.name) and files.building.nothing:
        yield "let it be built, if you trust its code: leave out --no-build"
    elif pin.name in files.building.never:
        yield "let it be built, if you trust its code: leave out --no-build-package for it"
    elif files.building.refusal(pin.name):
        yield f"let it be built, if you trust its code: add --only-build {pin.name}"
    elif files.why_no_sdist(pin.name):
        yield "let it be built: lift --only-binary for it"


def _any_fits(wheels: list[Wheel], target: Target) -> bool:
    return any(isinstance(judge(wheel, target), Fits) for wheel in wheels)
