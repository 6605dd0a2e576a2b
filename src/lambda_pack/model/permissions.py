"""What the user's own words keep out: options about kinds of file, and hashes."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from msgspec.structs import replace

from lambda_pack.errors import IntegrityError, UsageError
from lambda_pack.model.packages import Checkout, Folder, Hashes, Offer, Pin, Sdist, Wheel
from lambda_pack.model.requirements import Requirements
from lambda_pack.model.stock import Stock
from lambda_pack.model.urls import without_credentials

__all__ = ["check_hashes", "permitted"]

_NO_HASH = "its hash is not among those in the requirements"


def permitted(offers: Iterable[Offer], requirements: Requirements, *, pins: Collection[Pin] = ()) -> tuple[Offer, ...]:
    """The same files, each that must not be used marked with why.

    A yanked file may be used where its very version is asked for: by the user, or by the resolver's choice of `pins`.
    A file whose index promises no hash, for a package with hashes in the requirements, must match one of those.
    """
    files = tuple(offers)
    hashes = {name: requirements.hashes(name) for name in {file.pin.name for file in files}}
    return tuple(_permitted(file, requirements, hashes[file.pin.name], is_chosen=file.pin in pins) for file in files)


def check_hashes(stock: Stock, requirements: Requirements) -> tuple[str, ...]:
    """Refuse a closure that the user's hashes do not cover, or that they contradict; else say what no hash can cover.

    Raises:
        UsageError: hashes are required, and a package of the closure has none.
        IntegrityError: no file on offer for a pin has one of its hashes: the index or the requirements were changed.
    """
    without = [pin for pin in stock.closure if requirements.require_hashes and not requirements.hashes(pin.name)]
    trees = {pin: source for pin in without if isinstance(source := stock.source(pin), Checkout | Folder)}
    unhashed = [str(pin) for pin in without if pin not in trees]
    if unhashed:
        raise UsageError(
            f"hashes are required, and the requirements have none for {', '.join(unhashed)}; list every package with "
            "its hashes, as `uv pip compile --generate-hashes` and `pip-compile --generate-hashes` write them"
        )
    for pin in stock.unmet:
        files = [offer for offer in stock.offers if offer.pin == pin and isinstance(offer, Wheel | Sdist)]
        if files and all(file.refused == _NO_HASH for file in files):
            raise IntegrityError(
                f"none of the {len(files)} files on offer for {pin} has a hash that the requirements list; "
                "find out who changed what, and only then lock again"
            )
    return tuple(
        f"{pin} comes from {without_credentials(source.filename)}, which no hash covers"
        for pin, source in trees.items()
    )


def _permitted(offer: Offer, requirements: Requirements, hashes: Hashes, *, is_chosen: bool) -> Offer:
    if offer.refused is not None:
        return offer
    if not isinstance(offer, Wheel | Sdist):
        return replace(offer, refused=requirements.files.building.refusal(offer.pin.name))
    if offer.yanked is not None and not is_chosen and not _is_named(offer.pin, requirements):
        return replace(offer, refused=offer.yanked)
    name, files = offer.pin.name, requirements.files
    if isinstance(offer, Wheel) and not files.allows_wheel(name):
        return replace(offer, refused="is a wheel, and --no-binary keeps wheels of it out")
    if isinstance(offer, Sdist) and (refusal := files.why_no_sdist(name)):
        return replace(offer, refused=refusal)
    return _held_to(offer, hashes)


def _is_named(pin: Pin, requirements: Requirements) -> bool:
    """Whether the user's lines name this very version."""
    allowed = requirements.allowed(pin.name)
    names_one = any(one.operator in {"==", "==="} and not one.version.endswith(".*") for one in allowed)
    return names_one and pin.version is not None and allowed.contains(pin.version, prereleases=True)


def _held_to(offer: Wheel | Sdist, wanted: Hashes) -> Wheel | Sdist:
    comparable = _of_algorithms(offer.hashes, wanted)
    if comparable and not set(comparable) & set(wanted):
        return replace(offer, refused=_NO_HASH)
    if comparable or not wanted:
        return offer
    return replace(offer, hashes=wanted)


def _of_algorithms(hashes: Hashes, wanted: Hashes) -> Hashes:
    algorithms = {algorithm for algorithm, _ in wanted}
    return tuple(pair for pair in hashes if pair[0] in algorithms)
