"""Whose word a digest is: an index's, the user's, or only the resolver's about what it was sent itself."""

from __future__ import annotations

from dataclasses import replace

from lambda_pack.model.packages import Wheel
from lambda_pack.model.requirements import Requirements, proofs_in
from lambda_pack.model.stock import Stock
from lambda_pack.ports import Index

__all__ = ["without_own_words"]


def without_own_words(stock: Stock, requirements: Requirements, index: Index) -> Stock:
    """The stock without digests that nobody promised: a lock must have one for each file, so resolvers make them up.

    The public index promises one for every file; the pages of others are read again to see whether they do.
    """
    doubtful = [wheel for wheel, _ in stock.chosen if _is_doubtful(wheel, stock, requirements)]
    if not doubtful:
        return stock
    listed = index.files({wheel.pin.name for wheel in doubtful})
    promised = {file.filename for file in listed if isinstance(file, Wheel) and proofs_in(file.hashes)}
    own_words = {wheel for wheel in doubtful if wheel.filename not in promised}
    offers = (replace(one, hashes=()) if one in own_words and isinstance(one, Wheel) else one for one in stock.offers)
    return replace(stock, offers=frozenset(offers))


def _is_doubtful(wheel: Wheel, stock: Stock, requirements: Requirements) -> bool:
    if not requirements.requested or not wheel.hashes or requirements.hashes(wheel.pin.name):
        # From a lock, which is the user's word itself; without any promise; or promised by the user.
        return False
    if any(item.wheel == wheel for item in stock.accepted):
        return False
    places = requirements.indexes
    others = {places.index_url, *places.extra_index_urls} - {None}
    return wheel.index in others if wheel.index is not None else bool(others or places.find_links)
