"""Step 6: wheels that name a platform and need none."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from packaging.tags import Tag

from lambda_pack.model.misstated import misstated
from lambda_pack.model.packages import Wheel
from lambda_pack.model.stock import Accepted, Stock
from lambda_pack.model.targets import Target
from lambda_pack.model.urls import path_of
from lambda_pack.model.verdicts import Fits, judge

__all__ = ["accept_misstated"]


def accept_misstated(stock: Stock) -> Stock:
    """The stock with those wheels accepted that were built here for another platform and hold nothing of any platform.

    Contents come first: a wheel without an ELF file is pure whatever it says. Then the curated list.
    """
    return stock + _accepted(stock)


def _accepted(stock: Stock) -> Iterator[Accepted]:
    unmet = frozenset(stock.unmet)
    for attempt in stock.attempts:
        if attempt.wheel is None or attempt.pin not in unmet or not attempt.pin.is_met_by(attempt.wheel.pin):
            continue
        if not _runs_as_pure(attempt.wheel, stock.target):
            continue
        row = misstated(attempt.wheel.pin)
        if not _has_binaries(attempt.wheel):
            evidence = f"{attempt.wheel.filename} names a platform and holds no binary for any"
        elif row is not None:
            evidence = f"{row.evidence} (checked {row.checked})"
        else:
            continue
        yield Accepted(attempt.pin, attempt.wheel, Fits(len(stock.target.tags), evidence))


def _runs_as_pure(wheel: Wheel, target: Target) -> bool:
    """Whether it would fit if it named no platform; its ABI stops mattering together with its binaries."""
    pure = frozenset(Tag(_python(tag), "none", "any") for tag in wheel.tags)
    return isinstance(judge(replace(wheel, tags=pure), target), Fits)


def _python(tag: Tag) -> str:
    return tag.interpreter.replace("cp", "py", 1) if tag.abi != "none" else tag.interpreter


def _has_binaries(wheel: Wheel) -> bool:
    from lambda_pack.files.binaries import wheel_binaries

    return bool(wheel_binaries(path_of(wheel.url)))
