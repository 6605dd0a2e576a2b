"""The values that were said, by option, as what they mean."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from lambda_pack.errors import UsageError
from lambda_pack.model.given import Given
from lambda_pack.model.suggestions import advice_for

if TYPE_CHECKING:
    from packaging.utils import NormalizedName

__all__ = ["choice", "choices_of", "is_on", "many", "names", "one", "path", "paths", "words"]

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
    return None if text is None else _chosen(text, name, choices)


def choices_of(said: Mapping[str, Given], name: str, choices: type[Choice]) -> frozenset[Choice] | None:
    """The values as choices, several of them by commas or by saying the option again.

    Raises:
        UsageError: one is none of them.
    """
    listed = words(said, name)
    return None if listed is None else frozenset(_chosen(word, name, choices) for word in sorted(listed))


def _chosen(text: str, name: str, choices: type[Choice]) -> Choice:
    try:
        return choices(text)
    except ValueError:
        advice = advice_for(text, [choice.value for choice in choices])
        raise UsageError(f"{text!r} is not a {name}; {advice}") from None


def names(said: Mapping[str, Given], option: str) -> frozenset[NormalizedName] | None:
    """Names as pip's lists have them: one or several, by commas."""
    listed = words(said, option)
    if listed is None:
        return None
    from packaging.utils import InvalidName, canonicalize_name  # start-up stays light

    try:
        return frozenset(canonicalize_name(word, validate=True) for word in listed)
    except InvalidName as error:
        raise UsageError(f"--{option}: {error}; name packages, separated by commas") from error


def words(said: Mapping[str, Given], option: str) -> frozenset[str] | None:
    """Words of lists: one or several, by commas."""
    values = many(said, option)
    if values is None:
        return None
    return frozenset(word for value in values for part in value.split(",") if (word := part.strip()))
