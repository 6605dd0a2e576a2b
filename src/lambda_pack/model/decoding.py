"""Values of ours out of JSON, in any thread."""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any, TypeVar

import msgspec

__all__ = ["from_json", "from_plain"]

Value = TypeVar("Value")

# msgspec looks into a class when it first meets it, and crashes where two threads do so at once (0.22.0, seen with
# `pack --all`). Decoding takes microseconds: nobody waits long.
_ONE_AT_A_TIME = Lock()


def from_json(content: bytes, kind: type[Value], *, made: Callable[[type[Any], Any], Any] | None = None) -> Value:
    """The value of this kind; `made` makes parts that JSON does not know of what stands for them.

    Raises:
        msgspec.DecodeError: it is no JSON, or not of this kind.
    """
    with _ONE_AT_A_TIME:
        return msgspec.json.decode(content, type=kind, dec_hook=made)


def from_plain(plain: object, kind: type[Value]) -> Value:
    """The same for what was read from JSON already.

    Raises:
        msgspec.ValidationError: it is not of this kind.
    """
    with _ONE_AT_A_TIME:
        return msgspec.convert(plain, kind)
