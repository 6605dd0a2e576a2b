"""Step 8, where a smaller bundle is wanted: what packages that are left out would have added, and who needs them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from lambda_pack.model.chains import Dependencies
from lambda_pack.model.packages import Pin, Wheel
from lambda_pack.model.requirements import Origin, Requested, Requirements
from lambda_pack.model.runtime_packages import RUNTIME_PACKAGES
from lambda_pack.model.slimming import Measure, Saving, Slimming
from lambda_pack.model.stock import Stock
from lambda_pack.model.verdicts import Fits, preference
from lambda_pack.ports import Index

__all__ = ["savings_of_packages", "warnings_of_packages", "without_use"]

_MOST_NAMED = 5


def savings_of_packages(stock: Stock, index: Index) -> tuple[Saving, ...]:
    """What each package that was left out would have added; it is not fetched to find that out."""
    wheels = {pin: wheel for pin in stock.left_out if (wheel := _wheel(stock, pin)) is not None}
    sizes = index.sizes(wheels.values())
    return tuple(
        Saving(Measure.PACKAGE, sizes.get(wheels[pin]) if pin in wheels else None, package=str(pin))
        for pin in stock.left_out
    )


def _wheel(stock: Stock, pin: Pin) -> Wheel | None:
    fitting = [(wheel, verdict) for wheel, verdict in stock.wheels(pin) if isinstance(verdict, Fits)]
    return max(fitting, key=lambda pair: preference(*pair))[0] if fitting else None


def warnings_of_packages(
    stock: Stock, requirements: Requirements, slimming: Slimming, dependencies: Dependencies
) -> Iterator[str]:
    """Say what still needs a package that was left out, what only such packages need, and what the runtime decides."""
    for name in sorted(slimming.packages - {pin.name for pin in stock.left_out}):
        yield f"nothing asks for {name}, so leaving it out changes nothing; is that its name?"
    yield from _needed(stock, slimming, dependencies)
    yield from without_use(stock, requirements, dependencies)
    kept = {pin.name for pin in stock.closure}
    if kept & {"urllib3"} and not kept & {"botocore"}:
        yield "the bundle has its own urllib3 and no botocore: the runtime's botocore will use this one, if it can"


def _needed(stock: Stock, slimming: Slimming, dependencies: Dependencies) -> Iterator[str]:
    runtime, own = stock.target.runtime.name, RUNTIME_PACKAGES if slimming.without_runtime else frozenset[str]()
    theirs = [pin for pin in stock.left_out if pin.name in own]
    if theirs:
        asking = [line for pin in theirs for line in _asking(pin, dependencies)]
        verb, asked = "is" if len(theirs) == 1 else "are", f"; {_several(asking)}" if asking else ""
        yield (
            f"{', '.join(map(str, theirs))} {verb} left out, and {runtime} has its own, in a version that AWS chooses "
            f"and moves{asked}"
        )
    for pin in stock.left_out:
        if pin.name not in own and (asking := _asking(pin, dependencies)):
            yield f"{pin} is left out, and the bundle needs it: {_several(asking)}; it must come from a layer"


def _asking(pin: Pin, dependencies: Dependencies) -> list[str]:
    return sorted(
        f"{name} asks for {line.name}{line.specifier}"
        for name in dependencies.requires
        for line in dependencies.of(name)
        if canonicalize_name(line.name) == pin.name
    )


def _several(words: Sequence[str]) -> str:
    more = len(words) - _MOST_NAMED
    return ", ".join(words[:_MOST_NAMED]) + (f", and {more} more" if more > 0 else "")


def without_use(stock: Stock, requirements: Requirements, dependencies: Dependencies) -> Iterator[str]:
    """Say which packages only those that were left out ask for."""
    asked = [line for line in dependencies.lines if line.name not in requirements.left_out]
    if not dependencies.lines:
        # A lock without its manifest does not say where to begin.
        return
    mine = {project.pin.name for project in requirements.projects}
    asked += (Requested(Origin(name, 1), Requirement(name)) for name in mine)
    reached = dependencies.chains(asked)
    alone = sorted(str(pin) for pin in stock.closure if pin.name not in reached)
    if alone:
        yield f"only packages that are left out ask for {_several(alone)}; leave them out, too, if nothing uses them"
