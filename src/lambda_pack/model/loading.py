"""What is asked of a bundle that shall prove that it loads, and what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import TypeAlias

from msgspec import Struct, field

from lambda_pack.model.limits import LOADING_TIME
from lambda_pack.model.targets import Target

__all__ = [
    "VERIFICATION_VERSION",
    "Answered",
    "Failed",
    "Invocation",
    "LoadWith",
    "Loaded",
    "Outcome",
    "Rooms",
    "Skipped",
    "Verification",
    "VerifyRequest",
]

VERIFICATION_VERSION = 1
"""Of the JSON document; another one for whatever a reader of this one could misunderstand."""


class LoadWith(Enum):
    """Where the interpreter comes from; the value is what users write."""

    AUTO = "auto"
    CLEAN_ROOT = "clean-root"
    HOST = "host"
    CONTAINER = "container"
    QEMU = "qemu"


class Invocation(Struct, frozen=True):
    """One call of a handler ('app.handler'); `event` is JSON."""

    handler: str
    event: str = "{}"


class VerifyRequest(Struct, frozen=True):
    """One bundle to load. `target` None is what its report or its file name says.

    `layers` are zips in the order in which a function names them; a later one wins. `timeout` is in seconds, for each
    import and for the handler. `variables` are what the function would be configured with. `skip` names modules that
    are not imported; with `submodules`, what is inside packages is imported as well. `image` belongs to containers,
    `sysroot` to clean roots and to qemu, `interpreter` to the host; None looks for one.
    """

    archive: Path
    target: Target | None = None
    layers: tuple[Path, ...] = ()
    invocation: Invocation | None = None
    means: LoadWith = LoadWith.AUTO
    image: str | None = None
    sysroot: Path | None = None
    interpreter: Path | None = None
    timeout: float = LOADING_TIME
    variables: Mapping[str, str] = field(default_factory=dict)
    skip: frozenset[str] = frozenset()
    cache: Path | None = None
    submodules: bool = False


class Rooms(Struct, frozen=True):
    """Folders around an unpacked bundle: the function's, the layers', one to write to, and one for our own programs."""

    task: Path
    layers: Path
    temporary: Path
    programs: Path


class Loaded(Struct, frozen=True):
    """A module that was imported; `doubtful` are libraries of the system's that the runtime may lack."""

    module: str
    doubtful: tuple[str, ...] = ()


class Skipped(Struct, frozen=True):
    """Something that looks like code and was not imported; `what` is a module or a path in the bundle."""

    what: str
    why: str


class Failed(Struct, frozen=True):
    """What does not load: a module, a handler, or a file.

    `error` is one line, its kind first; `traceback` is its end, or the end of what was printed. `file` is the file of
    the bundle that it concerns, as its path on Lambda; `package` is whose that is, as 'NAME VERSION'. `missing` are the
    modules that were not found, each with the file of the bundle that asked for it. `kinds` are the names of the
    built-in exceptions that the error and those behind it are, where an import raised it.
    """

    what: str
    error: str
    traceback: str = ""
    file: str | None = None
    package: str | None = None
    missing: tuple[tuple[str, str | None], ...] = ()
    kinds: tuple[str, ...] = ()


class Answered(Struct, frozen=True):
    """A handler that returned; `response` is JSON."""

    handler: str
    response: str


Outcome: TypeAlias = Loaded | Skipped | Failed | Answered


class Verification(Struct, frozen=True):
    """What came of loading a bundle. `loader` says with what it was loaded; `notes` say what that does not prove."""

    archive: Path
    target: Target
    loader: str
    outcomes: tuple[Outcome, ...]
    notes: tuple[str, ...] = ()

    @property
    def loads(self) -> bool:
        """Whether nothing failed."""
        return not any(isinstance(outcome, Failed) for outcome in self.outcomes)
