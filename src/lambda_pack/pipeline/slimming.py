"""Step 8, where a smaller bundle is wanted: what packages that are left out would have added, and who needs them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from lambda_pack.files.wheel import WheelArchive
from lambda_pack.model.chains import dependencies_in, find_chains, with_names
from lambda_pack.model.packages import Pin, Wheel
from lambda_pack.model.requirements import Requirements
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
    stock: Stock, requirements: Requirements, slimming: Slimming, wheels: Iterable[WheelArchive]
) -> Iterator[str]:
    """Who needs what was left out, what nobody needs any more, and whose version the runtime decides."""
    requires = {wheel.pin.name: dependencies_in(wheel.metadata()) for wheel in wheels}
    for name in sorted(slimming.packages - {pin.name for pin in stock.left_out}):
        yield f"nothing asks for {name}, so leaving it out changes nothing; is that its name?"
    yield from _needed(stock, slimming, requires)
    yield from without_use(stock, requirements, requires)
    kept = {pin.name for pin in stock.closure}
    if kept & {"urllib3"} and not kept & {"botocore"}:
        yield "the bundle has its own urllib3 and no botocore: the runtime's botocore will use this one, if it can"


def _needed(
    stock: Stock, slimming: Slimming, requires: Mapping[NormalizedName, Sequence[Requirement]]
) -> Iterator[str]:
    runtime, own = stock.target.runtime.name, RUNTIME_PACKAGES if slimming.without_runtime else frozenset[str]()
    theirs = [pin for pin in stock.left_out if pin.name in own]
    if theirs:
        asking = [line for pin in theirs for line in _asking(pin, stock, requires)]
        verb, asked = "is" if len(theirs) == 1 else "are", f"; {_several(asking)}" if asking else ""
        yield (
            f"{', '.join(map(str, theirs))} {verb} left out, and {runtime} has its own, in a version that AWS chooses "
            f"and moves{asked}"
        )
    for pin in stock.left_out:
        if pin.name not in own and (asking := _asking(pin, stock, requires)):
            yield f"{pin} is left out, and the bundle needs it: {_several(asking)}; it must come from a layer"


def _asking(pin: Pin, stock: Stock, requires: Mapping[NormalizedName, Sequence[Requirement]]) -> list[str]:
    return sorted(
        f"{name} asks for {line.name}{line.specifier}"
        for name, lines in requires.items()
        for line in lines
        if canonicalize_name(line.name) == pin.name and stock.target.satisfies(line.marker)
    )


def _several(words: Sequence[str]) -> str:
    more = len(words) - _MOST_NAMED
    return ", ".join(words[:_MOST_NAMED]) + (f", and {more} more" if more > 0 else "")


def without_use(
    stock: Stock, requirements: Requirements, requires: Mapping[NormalizedName, tuple[Requirement, ...]]
) -> Iterator[str]:
    """Packages that only those that were left out had asked for."""
    lines = with_names(requirements.requested or requirements.lineage.direct, stock.offers)
    asked = [line for line in lines if line.name not in requirements.left_out]
    if not lines:
        # A lock without its manifest does not say where to begin.
        return
    mine = {project.pin.name for project in requirements.projects}
    reached = set(find_chains(asked, requires, stock.target)) | mine
    reached |= {canonicalize_name(line.name) for name in mine for line in requires.get(name, ())}
    alone = sorted(str(pin) for pin in stock.closure if pin.name not in reached)
    if alone:
        yield f"only packages that are left out ask for {_several(alone)}; leave them out, too, if nothing uses them"
