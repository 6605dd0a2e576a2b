"""How the works are packed: one row for each condition, in the order in which they are run."""

from __future__ import annotations

from msgspec import Struct

__all__ = ["CONDITIONS", "Condition"]


class Condition(Struct, frozen=True):
    """`is_cold`: nothing is in the tool's caches. `is_locked`: versions and hashes are given, nothing is resolved."""

    is_cold: bool
    is_locked: bool

    @property
    def title(self) -> str:
        """As the tables call it."""
        return f"{'cold' if self.is_cold else 'warm'}, {'locked' if self.is_locked else 'unlocked'}"


# Cold before warm: what the last cold run left is what the warm ones find.
CONDITIONS = (
    Condition(is_cold=True, is_locked=False),
    Condition(is_cold=False, is_locked=False),
    Condition(is_cold=True, is_locked=True),
    Condition(is_cold=False, is_locked=True),
)
