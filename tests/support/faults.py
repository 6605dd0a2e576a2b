"""How a `LoopbackIndex` can misbehave: one value for each way, each bound to what it concerns by a `Rule`."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

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


@dataclass(frozen=True, slots=True)
class Refuse:
    """Answers `status` the first `times` times (None: always); `retry_after` is a Retry-After header, in seconds."""

    status: int = 503
    times: int | None = 1
    retry_after: int | None = None


@dataclass(frozen=True, slots=True)
class Cut:
    """Closes the connection after `after` bytes of the body, the first `times` times (None: always)."""

    after: int
    times: int | None = 1


@dataclass(frozen=True, slots=True)
class Damage:
    """Serves the body with one bit flipped in its middle, the first `times` times (None: always)."""

    times: int | None = None


@dataclass(frozen=True, slots=True)
class WrongLength:
    """Announces `more` bytes than it sends (fewer, where negative), the first `times` times (None: always)."""

    more: int
    times: int | None = None


@dataclass(frozen=True, slots=True)
class Slow:
    """Waits `seconds` before each `chunk` bytes of the body, the first one included."""

    seconds: float
    chunk: int = 65536
    times: int | None = None


@dataclass(frozen=True, slots=True)
class Redirect:
    """Points elsewhere: `to` is a path or a URL, in which '{path}' stands for the path that was asked."""

    to: str
    status: int = 302
    times: int | None = None


@dataclass(frozen=True, slots=True)
class Protect:
    """Answers 401 to whoever does not send these credentials (Basic)."""

    user: str
    password: str
    times: int | None = None


@dataclass(frozen=True, slots=True)
class NoRange:
    """Ignores Range, and does not announce it."""

    times: int | None = None


@dataclass(frozen=True, slots=True)
class WrongHash:
    """The page of the project promises another digest for the file."""


@dataclass(frozen=True, slots=True)
class MissingHash:
    """The page of the project promises no digest for the file."""


Fault = Refuse | Cut | Damage | WrongLength | Slow | Redirect | Protect | NoRange | WrongHash | MissingHash


@dataclass(frozen=True, slots=True)
class Rule:
    """A fault for whatever `pattern` names: a glob over file name ('six-*.whl') or path ('/simple/six/', '*')."""

    pattern: str
    fault: Fault

    def concerns(self, path: str) -> bool:
        """Whether the path, unquoted and without a query, is meant."""
        return fnmatchcase(path, self.pattern) or fnmatchcase(path.rsplit("/", 1)[-1], self.pattern)
