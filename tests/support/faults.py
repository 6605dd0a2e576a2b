"""How a `LoopbackIndex` can misbehave: one value for each way, each bound to what it concerns by a `Rule`."""

from __future__ import annotations

from fnmatch import fnmatchcase

from msgspec import Struct

__all__ = [
    "Cut",
    "Damage",
    "Fault",
    "MissingHash",
    "NoRange",
    "Protect",
    "Redirect",
    "Refuse",
    "Rule",
    "Slow",
    "WrongHash",
    "WrongLength",
]


class Refuse(Struct, frozen=True):
    """Answers `status` the first `times` times (None: always); `retry_after` is a Retry-After header, in seconds."""

    status: int = 503
    times: int | None = 1
    retry_after: int | None = None


class Cut(Struct, frozen=True):
    """Closes the connection after `after` bytes of the body, the first `times` times (None: always)."""

    after: int
    times: int | None = 1


class Damage(Struct, frozen=True):
    """Serves the body with one bit flipped in its middle, the first `times` times (None: always)."""

    times: int | None = None


class WrongLength(Struct, frozen=True):
    """Announces `more` bytes than it sends (fewer, where negative), the first `times` times (None: always)."""

    more: int
    times: int | None = None


class Slow(Struct, frozen=True):
    """Waits `seconds` before each `chunk` bytes of the body, the first one included."""

    seconds: float
    chunk: int = 65536
    times: int | None = None


class Redirect(Struct, frozen=True):
    """Points elsewhere: `to` is a path or a URL, in which '{path}' stands for the path that was asked."""

    to: str
    status: int = 302
    times: int | None = None


class Protect(Struct, frozen=True):
    """Answers 401 to whoever does not send these credentials (Basic)."""

    user: str
    password: str
    times: int | None = None


class NoRange(Struct, frozen=True):
    """Ignores Range, and does not announce it."""

    times: int | None = None


class WrongHash(Struct, frozen=True):
    """The page of the project promises another digest for the file."""


class MissingHash(Struct, frozen=True):
    """The page of the project promises no digest for the file."""


Fault = Refuse | Cut | Damage | WrongLength | Slow | Redirect | Protect | NoRange | WrongHash | MissingHash


class Rule(Struct, frozen=True):
    """A fault for whatever `pattern` names: a glob over file name ('six-*.whl') or path ('/simple/six/', '*')."""

    pattern: str
    fault: Fault

    def concerns(self, path: str) -> bool:
        """Whether the path, unquoted and without a query, is meant."""
        return fnmatchcase(path, self.pattern) or fnmatchcase(path.rsplit("/", 1)[-1], self.pattern)
