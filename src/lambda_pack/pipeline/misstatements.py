"""Step 6: wheels that name a platform and need none."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace
from packaging.tags import Tag

from lambda_pack.model.misstated import misstated
from lambda_pack.model.packages import Wheel
from lambda_pack.model.stock import Accepted, Stock
from lambda_pack.model.targets import Target
from lambda_pack.model.urls import path_of
from lambda_pack.model.verdicts import Fits, judge
from lambda_pack.ports import Builder

__all__ = ["accept_misstated"]


def accept_misstated(stock: Stock, builder: Builder) -> Stock:
    """The stock with those wheels accepted that were built here, name a platform and run on any.

    Contents come first: a wheel without an ELF file is pure whatever it says, and is given the tags that say so. Then
    the curated list.
    """
    return stock + _accepted(stock, builder)


def _accepted(stock: Stock, builder: Builder) -> Iterator[Accepted]:
    unmet = set(stock.unmet)
    for attempt in stock.attempts:
        if attempt.wheel is None or attempt.pin not in unmet or not attempt.pin.is_met_by(attempt.wheel.pin):
            continue
        if not _runs_as_pure(attempt.wheel, stock.target):
            continue
        wheel, build, row = attempt.wheel, attempt.build, misstated(attempt.wheel.pin)
        if not _has_binaries(wheel):
            evidence = f"{wheel.filename} names a platform and holds no binary for any"
            build = build and replace(build, retagged_from=wheel.filename)
            wheel = builder.as_pure(wheel)
        elif row is not None:
            evidence = f"{row.evidence} (checked {row.checked})"
        else:
            continue
        unmet.discard(attempt.pin)
        yield Accepted(attempt.pin, wheel, Fits(len(stock.target.tags), evidence), build)


def _runs_as_pure(wheel: Wheel, target: Target) -> bool:
    """Whether it would fit if it named no platform; its ABI stops mattering together with its binaries."""
    pure = frozenset(Tag(_python(tag), "none", "any") for tag in wheel.tags)
    return isinstance(judge(replace(wheel, tags=pure), target), Fits)


def _python(tag: Tag) -> str:
    return tag.interpreter.replace("cp", "py", 1) if tag.abi != "none" else tag.interpreter


def _has_binaries(wheel: Wheel) -> bool:
    from lambda_pack.files.binaries import wheel_binaries

    return bool(wheel_binaries(path_of(wheel.url)))
