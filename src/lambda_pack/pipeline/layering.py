"""Step 8, where layers are wanted: which package goes into which of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Self

from msgspec import Struct
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from lambda_pack.errors import LimitExceeded, UsageError
from lambda_pack.files.bundle import Bundle
from lambda_pack.files.division import divide, evenly, heaviest_first, split_packages, within
from lambda_pack.files.wheel import WheelArchive
from lambda_pack.model.chains import dependencies_in, find_chains
from lambda_pack.model.choices import Layout
from lambda_pack.model.layering import BySize, Evenly, Layering, Named, NamedLayer
from lambda_pack.model.layouts import FORMS
from lambda_pack.model.limits import MOST_LAYERS, ZIPPED_LIMIT
from lambda_pack.model.packages import Pin
from lambda_pack.model.request import PackRequest
from lambda_pack.model.requirements import Origin, Requested
from lambda_pack.model.targets import Target
from lambda_pack.ports import Narrator

__all__ = ["Asked", "in_parts"]

# What a zip has beside its members.
_END_OF_ARCHIVE = 22


class Asked(Struct, frozen=True):
    """What the user asks for, and what each package does."""

    requested: tuple[Requested, ...]
    requires: Mapping[Pin, tuple[Requirement, ...]]

    @classmethod
    def read(cls, requested: tuple[Requested, ...], wheels: Iterable[WheelArchive]) -> Self:
        """As the user wrote it, and as the wheels' metadata say."""
        return cls(requested, {wheel.pin: dependencies_in(wheel.metadata()) for wheel in wheels})

    def line(self, layer: NamedLayer, name: NormalizedName) -> Requested:
        """One package, with every extra that anybody asks it for."""
        own = (line.requirement for line in self.requested if line.requirement is not None)
        lines = (*own, *(line for lines in self.requires.values() for line in lines))
        requirement = Requirement(name)
        requirement.extras = {extra for line in lines if canonicalize_name(line.name) == name for extra in line.extras}
        return Requested(Origin(f"--layers {layer.name}", 1), requirement)


def in_parts(
    bundle: Bundle,
    layering: Layering,
    request: PackRequest,
    *,
    asked: Asked,
    narrator: Narrator,
) -> tuple[Bundle, ...]:
    """The bundle as the archives that are wanted: itself, or the function and its layers.

    Raises:
        UsageError: a layer names what is not in the bundle, or would be empty.
        LimitExceeded: it takes more layers than a function may have, and the request does not allow that.
    """
    match layering:
        case BySize():
            layers = _numbered(within(heaviest_first(bundle), ZIPPED_LIMIT - _END_OF_ARCHIVE))
        case Evenly(count):
            layers = _numbered(evenly(heaviest_first(bundle), count))
        case Named(wishes):
            layers = dict(_by_name(wishes, request.target, asked))
    if len(set(layers.values())) > MOST_LAYERS and not request.allow_oversize:
        raise LimitExceeded(
            f"{len(set(layers.values()))} layers would be needed for each to be uploaded directly, and a function has "
            f"at most {MOST_LAYERS}; say how many with --layers {MOST_LAYERS} and upload them through S3"
        )
    prefix = FORMS[Layout.LAYER].prefix_on(request.target)
    parts = divide(bundle, layers, prefix=prefix)
    for top in split_packages(parts, prefix=prefix):
        narrator.warn(
            f"{top} is partly in the function and partly in a layer, where Python will not look for the rest of it; "
            "put the packages that bring it into one layer"
        )
    return parts


def _numbered(places: Mapping[Pin, int]) -> Mapping[Pin, str]:
    return {pin: f"layer{place + 1}" for pin, place in places.items()}


def _by_name(layers: Iterable[NamedLayer], target: Target, asked: Asked) -> Iterator[tuple[Pin, str]]:
    left = {pin.name: pin for pin in asked.requires}
    known = frozenset(left)
    # The one that takes the rest does so at the end.
    for layer in sorted(layers, key=lambda one: one.takes_the_rest):
        unknown = sorted({*layer.packages} - known)
        if unknown:
            raise UsageError(f"the layer {layer.name!r} names {unknown[0]!r}, which nothing in the bundle asks for")
        wanted = (*layer.asked, *(asked.line(layer, name) for name in layer.packages))
        reached = (
            [*left]
            if layer.takes_the_rest
            else find_chains(wanted, {pin.name: lines for pin, lines in asked.requires.items()}, target)
        )
        found = [left.pop(name) for name in reached if name in left]
        if not found:
            raise UsageError(f"the layer {layer.name!r} would be empty; leave it out, or name what is to be in it")
        yield from ((pin, layer.name) for pin in found)
