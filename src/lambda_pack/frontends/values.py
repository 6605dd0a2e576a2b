"""The values that were said, by option, as what they mean."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import TypeVar

from lambda_pack.errors import UsageError
from lambda_pack.model.given import Given

__all__ = ["choice", "is_on", "many", "one", "path", "paths"]

Choice = TypeVar("Choice", bound=Enum)


def one(said: Mapping[str, Given], name: str) -> str | None:
    """The one value of an option, None where nobody set it; so with all that follow."""
    return said[name].values[-1] if name in said else None


def many(said: Mapping[str, Given], name: str) -> tuple[str, ...] | None:
    """All values, in their order."""
    return said[name].values if name in said else None


def is_on(said: Mapping[str, Given], name: str) -> bool | None:
    """Whether a switch is on."""
    return said[name].values[-1] == "true" if name in said else None


def path(said: Mapping[str, Given], name: str) -> Path | None:
    """The value as a path."""
    return Path(said[name].values[-1]) if name in said else None


def paths(said: Mapping[str, Given], name: str) -> tuple[Path, ...] | None:
    """The values as paths."""
    return tuple(Path(text) for text in said[name].values) if name in said else None


def choice(said: Mapping[str, Given], name: str, choices: type[Choice]) -> Choice | None:
    """The value as one of the choices.

    Raises:
        UsageError: it is none of them.
    """
    text = one(said, name)
    if text is None:
        return None
    try:
        return choices(text)
    except ValueError:
        listed = ", ".join(choice.value for choice in choices)
        raise UsageError(f"{text!r} is not a {name}; choose one of: {listed}") from None
