"""From which index, or which `--find-links` place, each package is: for the report alone, nothing is decided by it."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from lambda_pack.errors import IndexUnavailable
from lambda_pack.model.packages import Pin, Sdist, Wheel
from lambda_pack.model.report import PackedPackage
from lambda_pack.model.stock import Stock
from lambda_pack.ports import Index

__all__ = ["with_places"]


def with_places(packages: Iterable[PackedPackage], stock: Stock, index: Index) -> tuple[PackedPackage, ...]:
    """The packages, each with the index of its file; uv does not say it, so the pages of the indexes do."""
    unknown: dict[Pin, Wheel | Sdist] = {
        wheel.pin: origin
        for wheel, origin in stock.origins
        if isinstance(origin, Wheel | Sdist) and origin.index is None and not origin.is_exact
    }
    try:
        found = index.places(unknown.values())
    except IndexUnavailable:
        # Only a line of the report would be lost.
        found = {}
    return tuple(
        replace(package, index=found.get(unknown[package.pin])) if package.pin in unknown else package
        for package in packages
    )
