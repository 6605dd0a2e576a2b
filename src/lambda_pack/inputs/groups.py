"""Groups that include each other: each is read once, however often others include it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias, TypeVar

from lambda_pack.errors import UsageError
from lambda_pack.model.input_limits import NESTING

__all__ = ["each_once"]

Name = TypeVar("Name", bound=str)
Line = TypeVar("Line")
_LinesOf: TypeAlias = Callable[[Name, Callable[[Name], Iterable[Line]]], Iterable[Line]]


def each_once(names: Iterable[Name], lines_of: _LinesOf[Name, Line], *, where: str) -> dict[Name, tuple[Line, ...]]:
    """Return the lines of each group without repetition, those of included groups at their place.

    `lines_of` gets a name and a function that returns the lines of a group that it includes. `where` begins messages.

    Raises:
        UsageError: a group includes itself, or the includes are nested too deeply.
    """
    found: dict[Name, tuple[Line, ...]] = {}
    opened: list[Name] = []

    def included(name: Name) -> tuple[Line, ...]:
        if name in opened:
            raise UsageError(f"{where} {name!r} includes itself; correct it")
        if len(opened) > NESTING.most:
            raise UsageError(f"{where} {name!r} {NESTING.refusal()}; include less")
        if name not in found:
            opened.append(name)
            found[name] = tuple(dict.fromkeys(lines_of(name, included)))
            opened.pop()
        return found[name]

    return {name: included(name) for name in names}
