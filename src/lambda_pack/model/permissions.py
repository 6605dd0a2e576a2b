"""What the user's own words keep out: options about kinds of file, and hashes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from lambda_pack.model.packages import Hashes, Offer, Sdist, Wheel
from lambda_pack.model.requirements import Requirements

__all__ = ["permitted"]


def permitted(offers: Iterable[Offer], requirements: Requirements) -> tuple[Offer, ...]:
    """The same files, each that the user's options or hashes keep out marked with why.

    A file whose index promises no hash, for a package with hashes in the requirements, must match one of those.
    """
    return tuple(_permitted(offer, requirements) for offer in offers)


def _permitted(offer: Offer, requirements: Requirements) -> Offer:
    if not isinstance(offer, Wheel | Sdist) or offer.refused is not None:
        return offer
    name, files = offer.pin.name, requirements.files
    if isinstance(offer, Wheel) and not files.allows_wheel(name):
        return replace(offer, refused="is a wheel, and --no-binary keeps wheels of it out")
    if isinstance(offer, Sdist) and not files.allows_sdist(name):
        return replace(offer, refused="is source, and --only-binary keeps source of it out")
    return _held_to(offer, requirements.hashes(name))


def _held_to(offer: Wheel | Sdist, wanted: Hashes) -> Wheel | Sdist:
    comparable = _of_algorithms(offer.hashes, wanted)
    if comparable and not set(comparable) & set(wanted):
        return replace(offer, refused="its hash is not among those in the requirements")
    if comparable or not wanted:
        return offer
    return replace(offer, hashes=wanted)


def _of_algorithms(hashes: Hashes, wanted: Hashes) -> Hashes:
    algorithms = {algorithm for algorithm, _ in wanted}
    return tuple(pair for pair in hashes if pair[0] in algorithms)
