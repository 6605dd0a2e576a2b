"""Whose word a digest is: an index's, the user's, or only the resolver's about what it was sent itself."""

from __future__ import annotations

from urllib.parse import urlsplit

from msgspec.structs import replace

from lambda_pack.model.packages import Wheel
from lambda_pack.model.permissions import check_hashes
from lambda_pack.model.requirements import Requirements
from lambda_pack.model.stock import Stock
from lambda_pack.ports import Index, Ports

__all__ = ["hold_to_promises"]


def hold_to_promises(stock: Stock, requirements: Requirements, ports: Ports) -> Stock:
    """The stock with digests that somebody has promised, and nothing that the user's own hashes do not cover.

    Raises:
        UsageError, IntegrityError: see `check_hashes`.
    """
    stock = _without_own_words(stock, requirements, ports.index)
    for warning in check_hashes(stock, requirements):
        ports.narrator.warn(warning)
    return stock


def _without_own_words(stock: Stock, requirements: Requirements, index: Index) -> Stock:
    """The stock without digests that nobody promised: a lock must have one for each file, so resolvers make them up.

    The public index promises one for every file; of what other indexes and folders hold, their pages are read again.
    """
    hosts = _hosts(requirements)
    doubtful = {
        wheel
        for wheel, _ in stock.chosen
        if (wheel.url.startswith("file:") or urlsplit(wheel.url).netloc in hosts)
        and _is_resolvers_word(wheel, stock, requirements)
    }
    if not doubtful:
        return stock
    promised = index.promised({wheel.pin.name for wheel in doubtful})
    own_words = {wheel for wheel in doubtful if wheel.filename not in promised}
    offers = (replace(one, hashes=()) if isinstance(one, Wheel) and one in own_words else one for one in stock.offers)
    return replace(stock, offers=frozenset(offers))


def _is_resolvers_word(wheel: Wheel, stock: Stock, requirements: Requirements) -> bool:
    """Not so from a lock, which is the user's own word; where the user gave hashes; and of what was built here."""
    is_built = any(item.wheel == wheel for item in stock.accepted)
    return bool(requirements.requested and wheel.hashes and not is_built and not requirements.hashes(wheel.pin.name))


def _hosts(requirements: Requirements) -> frozenset[str]:
    places = requirements.indexes
    urls = (*places.urls, *places.find_links)
    return frozenset(urlsplit(url).netloc.rpartition("@")[2] for url in urls) - {""}
