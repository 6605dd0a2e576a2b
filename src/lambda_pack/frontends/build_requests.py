"""From what the user said about builds to a `Building`."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from lambda_pack.errors import UsageError
from lambda_pack.frontends.options.wheelhouse import WHEELHOUSE
from lambda_pack.frontends.values import choice, is_on, many, names, one, paths, words
from lambda_pack.model.building import Building, BuildPermission
from lambda_pack.model.choices import BuilderName, BuildNetwork, WheelhouseMode
from lambda_pack.model.given import Given

if TYPE_CHECKING:
    from lambda_pack.model.shared_wheelhouse import SharedWheelhouse

__all__ = ["building_of"]


def building_of(said: Mapping[str, Given]) -> Building:
    """How to build; what nobody set keeps its default.

    Raises:
        UsageError: a value is unknown, or two of them exclude each other.
    """
    known: dict[str, Any] = {
        "builder": choice(said, "builder", BuilderName),
        "timeout": _seconds(one(said, "build-timeout")),
        "image": one(said, "build-image"),
        "before": many(said, "before-build"),
        "network": choice(said, "build-network", BuildNetwork),
        "constraints": paths(said, "build-constraint"),
        "without_isolation": _names_or_all(said, "no-build-isolation"),
        "may_install_python": is_on(said, "python-install"),
        "rebuild": is_on(said, "rebuild"),
        "wheelhouse": _wheelhouse(said),
    }
    building = replace(Building(), **{name: value for name, value in known.items() if value is not None})
    if building.network is BuildNetwork.NONE and building.builder is BuilderName.HOST:
        raise UsageError("--build-network none needs a container; leave out --builder host")
    return replace(building, permission=_permission(said))


def _permission(said: Mapping[str, Given]) -> BuildPermission:
    permission = BuildPermission(
        nothing=bool(is_on(said, "no-build")),
        only=names(said, "only-build") or frozenset(),
        never=names(said, "no-build-package") or frozenset(),
    )
    if permission.nothing and permission.only:
        raise UsageError("--no-build lets no code run, and --only-build some; leave one of them out")
    return permission


def _wheelhouse(said: Mapping[str, Given]) -> SharedWheelhouse | None:
    uri, owner = one(said, "wheelhouse"), one(said, "wheelhouse-owner")
    if uri is None:
        if stray := next((name for name in said if name in WHEELHOUSE.options), None):
            raise UsageError(f"--{stray} without a wheelhouse; name one with --wheelhouse s3://BUCKET/PREFIX")
        return None
    if owner is None:
        raise UsageError(
            f"--wheelhouse {uri} needs --wheelhouse-owner, the 12 digits of the account that owns the bucket: wheels "
            "of anybody else's bucket are never used"
        )
    from lambda_pack.model.shared_wheelhouse import SharedWheelhouse  # start-up stays light

    mode = choice(said, "wheelhouse-mode", WheelhouseMode) or WheelhouseMode.READ
    return SharedWheelhouse.parse(uri, owner, mode=mode)


def _seconds(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not isfinite(seconds) or seconds <= 0:
        raise UsageError(f"{text!r} is not a build-timeout; write seconds, more than 0")
    return seconds


def _names_or_all(said: Mapping[str, Given], option: str) -> frozenset[str] | None:
    listed = words(said, option)
    if listed is None or ":all:" in listed:
        return listed
    return frozenset[str](names(said, option) or ())
