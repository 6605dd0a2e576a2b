"""What the nine steps came to."""

from __future__ import annotations

from msgspec import Struct

from lambda_pack.model.packages import Offer, Wheel
from lambda_pack.model.report import ArchiveFacts, LayerFacts, PackedPackage, ToBuild, Unmet
from lambda_pack.model.slimming import Saving
from lambda_pack.model.stock import Stock

__all__ = ["Outcome"]


class Outcome(Struct, frozen=True):
    """What the steps came to; without `archive` nothing was written: something is unmet, or it was only a check."""

    stock: Stock
    unmet: tuple[Unmet, ...]
    archive: ArchiveFacts | None = None
    packages: tuple[PackedPackage, ...] = ()
    origins: tuple[tuple[Wheel, Offer], ...] = ()
    savings: tuple[Saving, ...] = ()
    layers: tuple[LayerFacts, ...] = ()
    to_build: tuple[ToBuild, ...] = ()
