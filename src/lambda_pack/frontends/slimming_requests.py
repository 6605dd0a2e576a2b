"""From what the user said about a smaller bundle to a `Slimming`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from lambda_pack.frontends.values import choice, choices_of, is_on, names
from lambda_pack.model.choices import DistInfo, Part
from lambda_pack.model.given import Given
from lambda_pack.model.slimming import Slimming

__all__ = ["slimming_of"]


def slimming_of(said: Mapping[str, Given]) -> Slimming:
    """What to leave out; what nobody set keeps its default.

    Raises:
        UsageError: a value is unknown, or sources shall go that nothing stands in for.
    """
    known: dict[str, Any] = {
        "packages": names(said, "exclude-package"),
        "without_runtime": is_on(said, "exclude-runtime-packages"),
        "parts": choices_of(said, "drop", Part),
        "dist_info": choice(said, "dist-info", DistInfo),
        "strip": is_on(said, "strip"),
        "compile": is_on(said, "compile"),
    }
    return replace(Slimming(), **{name: value for name, value in known.items() if value is not None})
