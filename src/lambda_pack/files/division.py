"""A bundle divided into several, by owner: what was one tree on Lambda is one again there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from lambda_pack.files.archive import zipped_at_most
from lambda_pack.files.bundle import Bundle
from lambda_pack.files.entries import Owner
from lambda_pack.model.packages import Pin

__all__ = ["divide", "evenly", "heaviest_first", "split_packages", "within"]


def divide(bundle: Bundle, layers: Mapping[Pin, str], *, prefix: str) -> tuple[Bundle, ...]:
    """The function, unless nothing is left for one, then each layer by name; the files of layers lie below `prefix`.

    A package that is in no layer stays with the function, and so does the user's own code. A file that several
    packages bring is where the first of them is.
    """
    names = sorted(set(layers.values()))
    function = tuple(entry for entry in bundle.entries if _layer(entry.owner, layers) is None)
    parts = [replace(bundle, entries=function)] if function else []
    for name in names:
        inside = (entry for entry in bundle.entries if _layer(entry.owner, layers) == name)
        entries = tuple(entry._replace(path=prefix + entry.path) for entry in inside)
        if entries:
            parts.append(Bundle(entries, layer=name))
    return tuple(parts) or (bundle,)


def heaviest_first(bundle: Bundle) -> Sequence[tuple[Pin, int]]:
    """Each package with the bytes that its files take in a zip, at most."""
    of_owners: dict[Pin, list[int]] = {}
    for entry in bundle.entries:
        if isinstance(entry.owner, Pin):
            of_owners.setdefault(entry.owner, []).append(zipped_at_most([entry]))
    weights = {owner: sum(sizes) for owner, sizes in of_owners.items()}
    return sorted(weights.items(), key=lambda pair: (-pair[1], str(pair[0])))


def within(weights: Iterable[tuple[Pin, int]], limit: int) -> Mapping[Pin, int]:
    """Where each goes for few parts of at most `limit` bytes; what is heavier alone has a part of its own.

    First fit, the heaviest first: never more than a quarter above the fewest possible.
    """
    loads: list[int] = []
    places: dict[Pin, int] = {}
    for pin, weight in weights:
        place = next((at for at, load in enumerate(loads) if load + weight <= limit), len(loads))
        if place == len(loads):
            loads.append(0)
        loads[place] += weight
        places[pin] = place
    return places


def evenly(weights: Iterable[tuple[Pin, int]], count: int) -> Mapping[Pin, int]:
    """Where each goes for `count` parts of much the same size: the heaviest first, each to the lightest part."""
    loads = [0] * count
    places: dict[Pin, int] = {}
    for pin, weight in weights:
        place = loads.index(min(loads))
        loads[place] += weight
        places[pin] = place
    return places


def split_packages(parts: Sequence[Bundle], *, prefix: str) -> Iterator[str]:
    """Folders with an `__init__.py` that are in the function and in a layer: Python finds the function's alone."""
    function = _tops(entry.path for part in parts if part.layer is None for entry in part.entries)
    layered = _tops(path.removeprefix(prefix) for part in parts if part.layer is not None for path in _paths(part))
    for top in sorted(function.keys() & layered.keys()):
        if function[top] or layered[top]:
            yield top


def _paths(bundle: Bundle) -> Iterator[str]:
    return (entry.path for entry in bundle.entries)


def _tops(paths: Iterable[str]) -> dict[str, bool]:
    """The top folders, and whether each is a package of its own rather than a part of a namespace."""
    tops: dict[str, bool] = {}
    for path in paths:
        top, _, inside = path.partition("/")
        if inside and not top.endswith(".dist-info"):
            tops[top] = tops.get(top, False) or inside == "__init__.py"
    return tops


def _layer(owner: Owner, layers: Mapping[Pin, str]) -> str | None:
    return layers.get(owner) if isinstance(owner, Pin) else None
