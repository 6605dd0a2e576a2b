"""Which parts of a project are wanted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec import Struct

from lambda_pack.errors import UsageError

if TYPE_CHECKING:
    from packaging.utils import NormalizedName

__all__ = ["Selection"]


class Selection(Struct, frozen=True):
    """Which parts of a project are wanted: its main dependencies, and what is named here.

    With `only_groups` those groups alone count, without the main dependencies.
    """

    groups: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    only_groups: tuple[str, ...] = ()

    @property
    def takes_main(self) -> bool:
        """Whether the main dependencies count."""
        return not self.only_groups

    @property
    def all_groups(self) -> frozenset[NormalizedName]:
        """The groups that count, by their normalized names."""
        return _normalized((*self.groups, *self.only_groups))

    @property
    def all_extras(self) -> frozenset[NormalizedName]:
        """The extras that count, by their normalized names."""
        return _normalized(self.extras)

    @property
    def is_plain(self) -> bool:
        """Whether nothing is named: the main dependencies alone."""
        return not (self.groups or self.extras or self.only_groups)

    def check(self, *, groups: Iterable[str], extras: Iterable[str], where: str) -> None:
        """Refuse names that `where` does not have.

        Raises:
            UsageError: a group or an extra is unknown.
        """
        for kind, wanted, there in (("a group", self.all_groups, groups), ("an extra", self.all_extras, extras)):
            known = _normalized(there)
            for name in sorted(wanted - known):
                listed = f"choose one of: {', '.join(sorted(known))}" if known else f"it has no {kind.split()[1]}s"
                raise UsageError(f"{name!r} is not {kind} of {where}; {listed}")


def _normalized(names: Iterable[str]) -> frozenset[NormalizedName]:
    from packaging.utils import canonicalize_name  # start-up stays light

    return frozenset(map(canonicalize_name, names))
