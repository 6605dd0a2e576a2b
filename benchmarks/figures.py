"""The arithmetic: medians, spreads and ratios. Seconds in, figures out."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median
from typing import Self

from msgspec import Struct

__all__ = ["Spread", "extra", "ratios"]


class Spread(Struct, frozen=True):
    """The middle of several measurements, and how far they lie apart."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, measurements: Sequence[float]) -> Self:
        """Of at least one measurement.

        >>> Spread.of([3.0, 1.0, 2.0])
        Spread(median=2.0, least=1.0, most=3.0)
        """
        return cls(median(measurements), min(measurements), max(measurements))


def ratios(theirs: Sequence[float], ours: Sequence[float]) -> Spread:
    """How many times longer they took, pair by pair: both of a pair ran one after the other, in the same weather.

    >>> ratios([10.0, 30.0, 20.0], [1.0, 2.0, 4.0]).median
    10.0

    Raises:
        ValueError: they do not have the same number of measurements.
    """
    return Spread.of([their / our for their, our in zip(theirs, ours, strict=True)])


def extra(measured: Sequence[float], bare: Sequence[float]) -> Spread:
    """How many seconds more than the bare ones, pair by pair.

    Raises:
        ValueError: they do not have the same number of measurements.
    """
    return Spread.of([one - other for one, other in zip(measured, bare, strict=True)])
