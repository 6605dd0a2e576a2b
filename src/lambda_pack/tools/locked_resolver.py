"""Resolving from a lock: everything is decided already."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from packaging.pylock import Pylock
from packaging.utils import NormalizedName
from packaging.version import Version

from lambda_pack.errors import UnmetDependencies
from lambda_pack.model.targets import Target

__all__ = ["LockedResolver"]


@dataclass(frozen=True, slots=True)
class LockedResolver:
    """A lock in the place of a resolver."""

    lock: Pylock

    def resolve(
        self, target: Target, *, at_most: Mapping[NormalizedName, Version], without: Collection[NormalizedName] = ()
    ) -> Pylock:
        """See `lambda_pack.ports.Resolver`; a lock has one version of each package, so nothing can be held back."""
        if at_most or without:
            raise UnmetDependencies(
                f"the lock has one version of {', '.join(sorted({*at_most, *without}))} for {target}"
            )
        return self.lock
