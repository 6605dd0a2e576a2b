"""What the text of a setting means, where it is more than text."""

from __future__ import annotations

from lambda_pack.errors import UsageError
from lambda_pack.model.given import Given

__all__ = ["number", "pair", "truth"]


def truth(given: Given, name: str) -> bool:
    """A switch, in the spellings that pip and uv accept.

    Raises:
        UsageError: it is neither yes nor no.
    """
    text = given.values[-1].strip().lower()
    if text in {"y", "yes", "t", "true", "on", "1"}:
        return True
    if text in {"n", "no", "f", "false", "off", "0", ""}:
        return False
    raise UsageError(f"{given.values[-1]!r} for {name} in {given.source} is neither yes nor no; write true or false")


def pair(text: str, option: str) -> tuple[str, str]:
    """Key and value of `KEY=VALUE`, given to an option whose name is said without dashes.

    Raises:
        UsageError: it is something else.
    """
    key, separator, value = text.partition("=")
    if not separator or not key:
        raise UsageError(f"--{option}={text!r} is not KEY=VALUE; write a key, '=' and its value")
    return key, value


def number(given: Given, name: str) -> float:
    """A number that is not negative.

    Raises:
        UsageError: it is something else.
    """
    try:
        value = float(given.values[-1])
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise UsageError(f"{given.values[-1]!r} for {name} in {given.source} is not a number of 0 or more; correct it")
    return value
