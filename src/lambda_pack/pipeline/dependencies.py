"""The dependency graph of a bundle, read from the metadata of its wheels."""

from __future__ import annotations

from collections.abc import Iterable

from lambda_pack.files.wheel import WheelArchive
from lambda_pack.model.chains import Dependencies, with_names
from lambda_pack.model.requirements import Requirements
from lambda_pack.model.stock import Stock

__all__ = ["dependencies_between"]


def dependencies_between(stock: Stock, requirements: Requirements, wheels: Iterable[WheelArchive]) -> Dependencies:
    """Return what these wheels require of each other, below the lines of the user or, for a lock, of its manifest.

    Raises:
        IntegrityError: the metadata of a wheel is missing or damaged.
    """
    lines = with_names(requirements.requested or requirements.lineage.direct, stock.offers)
    return Dependencies.read(lines, {wheel.pin.name: wheel.metadata() for wheel in wheels}, stock.target)
