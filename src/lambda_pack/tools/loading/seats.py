"""Where an interpreter sits: how it is started there, and where it sees our folders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from msgspec import Struct

from lambda_pack.model.loading import Rooms
from lambda_pack.tools.process import Completed, run

__all__ = [
    "CLIENT",
    "FLAGS",
    "LAYERS",
    "PROGRAMS",
    "TASK",
    "TEMPORARY",
    "DirectSeat",
    "Places",
    "Seat",
    "aws_clients",
    "bundle_file",
    "bundle_mounts",
    "lambda_places",
]

# Folders as a function sees them on Lambda, and two of ours beside them.
TASK, LAYERS, TEMPORARY = "/var/task", "/opt", "/tmp"  # noqa: S108  # not this machine's
PROGRAMS, CLIENT = "/var/lambda-pack/programs", "/var/lambda-pack/client"

# No variables, no user's packages and no folder of the script's; no site-packages; nothing compiled into the bundle; a
# crash prints where it was.
FLAGS = ("-I", "-S", "-B", "-X", "faulthandler")


class Places(Struct, frozen=True):
    """Our folders as the interpreter sees them; `clients` are those where awslambdaric may be."""

    task: str
    layers: str
    temporary: str
    programs: str
    clients: tuple[str, ...] = ()


def lambda_places(clients: Sequence[str], client: Path | None) -> Places:
    """Return the folders of a root of its own, which has them where Lambda does; `client` is mounted there, too."""
    return Places(TASK, LAYERS, TEMPORARY, PROGRAMS, (*clients, *([CLIENT] if client else [])))


def bundle_mounts(rooms: Rooms) -> tuple[tuple[Path, str], ...]:
    """Return the bundle's folders on this machine, each with its place on Lambda."""
    return (rooms.task, TASK), (rooms.layers, LAYERS)


def bundle_file(path: str, rooms: Rooms) -> Path | None:
    """Return the file on this machine that lies at a path on Lambda; None for files that are not the bundle's."""
    for outside, inside in bundle_mounts(rooms):
        if path.startswith(f"{inside}/"):
            return outside / path[len(inside) + 1 :]
    return None


def aws_clients(runtime: str) -> tuple[str, ...]:
    """Return the folders in which AWS's image of a runtime ('python3.13') may have awslambdaric."""
    return "/var/runtime", f"/var/lang/lib/{runtime}/site-packages"


class Seat(Protocol):
    """One way to start the interpreter."""

    @property
    def description(self) -> str:
        """Which interpreter it is, and where it comes from."""

    @property
    def clients(self) -> tuple[str, ...]:
        """Folders of its own in which awslambdaric may be."""

    @property
    def system(self) -> str | None:
        """Whose libraries the interpreter finds outside of the bundle ('this machine'); None for the runtime's."""

    def file(self, path: str, rooms: Rooms) -> Path:
        """The file on this machine that the interpreter sees by a path."""

    def places(self, rooms: Rooms, client: Path | None) -> Places:
        """The folders as the interpreter will see them; `client` is one of ours that holds awslambdaric."""

    def run(
        self,
        arguments: Sequence[str],
        rooms: Rooms,
        client: Path | None,
        *,
        environment: Mapping[str, str],
        seconds: float,
    ) -> Completed:
        """Run the interpreter in the function's folder; after so many seconds, it and all that it started end."""


class DirectSeat(Struct, frozen=True):
    """A program of this machine, which sees its files: an interpreter, or an emulator with one. `command` starts it."""

    command: tuple[str, ...]
    description: str
    clients: tuple[str, ...] = ()
    system: str | None = "this machine"

    def places(self, rooms: Rooms, client: Path | None) -> Places:
        """See `Seat`."""
        task, layers, temporary, programs = map(str, (rooms.task, rooms.layers, rooms.temporary, rooms.programs))
        return Places(task, layers, temporary, programs, (*self.clients, *([str(client)] if client else [])))

    def file(self, path: str, rooms: Rooms) -> Path:
        """See `Seat`."""
        del rooms
        return Path(path)

    def run(
        self,
        arguments: Sequence[str],
        rooms: Rooms,
        client: Path | None,
        *,
        environment: Mapping[str, str],
        seconds: float,
    ) -> Completed:
        """See `Seat`."""
        del client
        return run((*self.command, *FLAGS, *arguments), environment=environment, folder=rooms.task, timeout=seconds)
