"""Step 8, where layers are wanted: which package goes into which of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from packaging.requirements import Requirement
from packaging.utils import NormalizedName

from lambda_pack.errors import LimitExceeded, UsageError
from lambda_pack.files.bundle import Bundle
from lambda_pack.files.division import divide, evenly, heaviest_first, split_packages, within
from lambda_pack.model.chains import Dependencies
from lambda_pack.model.choices import Layout
from lambda_pack.model.layering import BySize, Evenly, Layering, Named, NamedLayer
from lambda_pack.model.layouts import FORMS
from lambda_pack.model.limits import MOST_LAYERS, ZIPPED_LIMIT
from lambda_pack.model.packages import Pin
from lambda_pack.model.request import PackRequest
from lambda_pack.model.requirements import Origin, Requested
from lambda_pack.ports import Narrator

__all__ = ["in_parts"]

# What a zip has beside its members.
_END_OF_ARCHIVE = 22


def in_parts(
    bundle: Bundle,
    layering: Layering,
    request: PackRequest,
    *,
    dependencies: Dependencies,
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
            pins = [pin for pin, _ in heaviest_first(bundle)]
            layers = dict(_by_name(wishes, pins, dependencies))
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


def _by_name(
    layers: Iterable[NamedLayer], pins: Iterable[Pin], dependencies: Dependencies
) -> Iterator[tuple[Pin, str]]:
    left = {pin.name: pin for pin in pins}
    # The one that takes the rest does so at the end.
    for layer in sorted(layers, key=lambda one: one.takes_the_rest):
        unknown = sorted({*layer.packages} - {*dependencies.requires})
        if unknown:
            raise UsageError(f"the layer {layer.name!r} names {unknown[0]!r}, which nothing in the bundle asks for")
        wanted = (*layer.asked, *(_line(layer, name, dependencies) for name in layer.packages))
        reached = [*left] if layer.takes_the_rest else dependencies.chains(wanted)
        found = [left.pop(name) for name in reached if name in left]
        if not found:
            raise UsageError(f"the layer {layer.name!r} would be empty; leave it out, or name what is to be in it")
        yield from ((pin, layer.name) for pin in found)


def _line(layer: NamedLayer, name: NormalizedName, dependencies: Dependencies) -> Requested:
    """A requirement on one package, with the extras that the bundle's own dependencies ask it for."""
    requirement = Requirement(name)
    requirement.extras = set(dependencies.extras.get(name, ()))
    return Requested(Origin(f"--layers {layer.name}", 1), requirement)
