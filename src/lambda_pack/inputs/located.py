"""Values of a document, each with the place where it is written, so that a mistake can be shown where it was made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

from msgspec import Struct

__all__ = ["Located", "Place", "Table", "Value"]


class Place(Struct, frozen=True):
    """Where something is written. Lines and columns count from 1; None where the format does not say."""

    file: str
    line: int | None = None
    column: int | None = None

    def __str__(self) -> str:
        """As editors and compilers write it.

        >>> str(Place("lambda-pack.yml", 3, 5))
        'lambda-pack.yml:3:5'
        """
        return ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)


class Located(Struct, frozen=True):
    """A value and its place; `key` is the place of the key that names it, of the value itself where none does.

    `way` are the keys that lead to it. A number is the text that stands there: `012345678901` may be an account.
    """

    value: Value
    place: Place
    key: Place
    way: tuple[str, ...] = ()

    @property
    def named(self) -> str:
        """The way to it, as people write it."""
        return ".".join(self.way)


Table: TypeAlias = Mapping[str, Located]
Value: TypeAlias = "str | bool | tuple[Located, ...] | Table | None"
