"""Containers of a runtime's image, with docker or podman, whichever answers."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from lambda_pack.errors import LambdaPackError
from lambda_pack.model.layouts import LAMBDA_IMAGE
from lambda_pack.model.loading import Rooms
from lambda_pack.model.targets import Architecture, Target
from lambda_pack.tools.loading.seats import FLAGS, Places
from lambda_pack.tools.process import Completed, run, tail

__all__ = ["ContainerSeat", "default_image", "find_engine", "open_container_seat"]

_ENGINES: Final = ("docker", "podman")
# In seconds: for a service to say that it is there, and for an image to arrive.
_PATIENCE: Final = 20.0
_ARRIVAL: Final = 900.0
# The names of the Open Container Initiative.
_ARCHITECTURES: Final = MappingProxyType({Architecture.X86_64: "amd64", Architecture.ARM64: "arm64"})
_TASK, _LAYERS, _TEMPORARY = "/var/task", "/opt", "/tmp"  # noqa: S108  # folders of the container's
_PROGRAMS, _CLIENT = "/var/lambda-pack/programs", "/var/lambda-pack/client"
# As on Lambda, a user who owns none of the files; no network, no way to more rights, nothing to write to but /tmp.
_CONFINED: Final = (
    *("--rm", "--pull", "never", "--network", "none", "--read-only", "--tmpfs", _TEMPORARY, "--user", "65534:65534"),
    *("--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--security-opt", "label=disable"),
    *("--workdir", _TASK),
)
# Both engines hand over the proxies of whoever asks, and a proxy's URL may hold a login.
_PROXY_NAMES: Final = ("http_proxy", "https_proxy", "ftp_proxy", "all_proxy", "no_proxy")
_NO_PROXIES: Final = MappingProxyType(dict.fromkeys((*_PROXY_NAMES, *map(str.upper, _PROXY_NAMES)), ""))


class ContainerSeat(Struct, frozen=True):
    """A new container for each start. `engine` is the path of docker or podman, `environ` what it may see."""

    engine: str
    image: str
    target: Target
    description: str
    environ: Mapping[str, str]

    @property
    def clients(self) -> tuple[str, ...]:
        """Where AWS's images have it."""
        return ("/var/runtime", f"/var/lang/lib/{self.target.runtime.name}/site-packages")

    def places(self, rooms: Rooms, client: Path | None) -> Places:
        """See `Seat`."""
        del rooms
        return Places(_TASK, _LAYERS, _TEMPORARY, _PROGRAMS, (*self.clients, *([_CLIENT] if client else [])))

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
        name = f"lambda-pack-{os.urandom(8).hex()}"
        mounts = [(rooms.task, _TASK), (rooms.layers, _LAYERS), (rooms.programs, _PROGRAMS)]
        mounts += [(client, _CLIENT)] if client else []
        command = [self.engine, "run", "--name", name, *_CONFINED, "--platform", _platform(self.target)]
        command += [f"--volume={outside}:{inside}:ro" for outside, inside in mounts]
        command += [f"--env={key}={value}" for key, value in (*_NO_PROXIES.items(), *environment.items())]
        command += ["--entrypoint", self.target.runtime.name, self.image, *FLAGS, *arguments]
        ended = None
        try:
            ended = run(command, environment=self.environ, timeout=seconds)
        finally:
            if ended is None or ended.timed_out:
                # The container is not the client's child: it would stay.
                run((self.engine, "rm", "--force", name), environment=self.environ, timeout=_PATIENCE)
        return ended


def default_image(target: Target) -> str:
    """AWS's image of the runtime (https://gallery.ecr.aws/lambda/python)."""
    return f"{LAMBDA_IMAGE}:{target.runtime.name.removeprefix('python')}"


def find_engine(environ: Mapping[str, str]) -> str | None:
    """The first of docker and podman that is installed and whose service answers."""
    for name in _ENGINES:
        program = shutil.which(name, path=environ.get("PATH"))
        if program and run((program, "info"), environment=environ, timeout=_PATIENCE).status == 0:
            return program
    return None


def open_container_seat(engine: str, image: str, target: Target, *, environ: Mapping[str, str]) -> ContainerSeat:
    """A seat in the image, which is fetched unless one for the target's architecture is there.

    Raises:
        LambdaPackError: the image cannot be had.
    """
    wanted = _ARCHITECTURES[target.architecture]
    present = _inspected(engine, image, environ)
    if present is None or present[1] != wanted:
        pulled = run((engine, "pull", "--platform", _platform(target), image), environment=environ, timeout=_ARRIVAL)
        present = _inspected(engine, image, environ)
        if pulled.status != 0 or present is None or present[1] != wanted:
            raise LambdaPackError(
                f"the image {image!r} cannot be had for {wanted}; name one that can with --image", log=tail(pulled.log)
            )
    description = f"{target.runtime.name} in a container of {image} ({present[0]}), started by {Path(engine).name}"
    return ContainerSeat(engine, image, target, description, environ)


def _inspected(engine: str, image: str, environ: Mapping[str, str]) -> tuple[str, str] | None:
    """Identity and architecture of an image that is here."""
    command = (engine, "image", "inspect", "--format", "{{.Id}} {{.Architecture}}", image)
    ended = run(command, environment=environ, timeout=_PATIENCE)
    identity, _, architecture = ended.output.strip().partition(" ")
    return (identity.removeprefix("sha256:")[:12], architecture) if ended.status == 0 and architecture else None


def _platform(target: Target) -> str:
    return f"linux/{_ARCHITECTURES[target.architecture]}"
