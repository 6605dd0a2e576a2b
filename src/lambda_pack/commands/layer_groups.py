"""What the groups ask for that layers are made of; read as the project itself is."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace
from packaging.requirements import Requirement

from lambda_pack.inputs.project import read_inputs
from lambda_pack.model.layering import Layering, Named
from lambda_pack.model.locked import needed
from lambda_pack.model.request import PackRequest
from lambda_pack.model.requirements import Origin, Requested
from lambda_pack.model.selection import Selection

__all__ = ["with_groups"]


def with_groups(layering: Layering, request: PackRequest, environ: Mapping[str, str]) -> Layering:
    """The layers with the lines of the groups that they name.

    Raises:
        UsageError: the project has no such group.
    """
    if not isinstance(layering, Named):
        return layering
    layers = (
        replace(layer, asked=tuple(line for group in layer.groups for line in _asked(group, request, environ)))
        for layer in layering.layers
    )
    return Named(tuple(layers))


def _asked(group: str, request: PackRequest, environ: Mapping[str, str]) -> tuple[Requested, ...]:
    reading = read_inputs(request.requirements, Selection(only_groups=(group,)), environ)
    if reading.lock is None:
        return reading.written.requested
    if reading.lock.roots:
        return reading.lock.roots
    # A lock that does not say where to begin: all that it has for this group.
    origin = Origin(str(request.requirements[0]), 1)
    return tuple(Requested(origin, Requirement(locked.package.name)) for locked in needed(reading.lock, request.target))
