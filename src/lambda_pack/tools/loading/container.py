"""Containers of a runtime's image, with docker or podman, whichever answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final

from msgspec import Struct

from lambda_pack.model.layouts import LAMBDA_IMAGE
from lambda_pack.model.loading import Rooms
from lambda_pack.model.targets import Target
from lambda_pack.tools.containers import Engine, new_name, platform_of
from lambda_pack.tools.loading.seats import (
    CLIENT,
    FLAGS,
    PROGRAMS,
    TASK,
    TEMPORARY,
    Places,
    aws_clients,
    bundle_file,
    bundle_mounts,
    lambda_places,
)
from lambda_pack.tools.process import Completed, run

__all__ = ["ContainerSeat", "default_image", "open_container_seat"]

# As on Lambda, a user who owns none of the files; no network, no way to more rights, nothing to write to but /tmp.
_CONFINED: Final = (
    *("--rm", "--pull", "never", "--network", "none", "--read-only", "--tmpfs", TEMPORARY, "--user", "65534:65534"),
    *("--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--security-opt", "label=disable"),
    *("--workdir", TASK),
)
# Both engines hand over the proxies of whoever asks, and a proxy's URL may hold a login.
_PROXY_NAMES: Final = ("http_proxy", "https_proxy", "ftp_proxy", "all_proxy", "no_proxy")
_NO_PROXIES: Final = MappingProxyType(dict.fromkeys((*_PROXY_NAMES, *map(str.upper, _PROXY_NAMES)), ""))


class ContainerSeat(Struct, frozen=True):
    """A new container for each start, of the image of that name."""

    engine: Engine
    image: str
    target: Target
    description: str

    @property
    def clients(self) -> tuple[str, ...]:
        """Where AWS's images have it."""
        return aws_clients(self.target.runtime.name)

    @property
    def system(self) -> str | None:
        """None: an image that is named stands for the runtime, because a function may be an image itself."""
        return None

    def file(self, path: str, rooms: Rooms) -> Path:
        """Only the bundle's files are here."""
        return bundle_file(path, rooms) or Path(path)

    def places(self, rooms: Rooms, client: Path | None) -> Places:
        """See `Seat`."""
        del rooms
        return lambda_places(self.clients, client)

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
        name = new_name()
        mounts = [*bundle_mounts(rooms), (rooms.programs, PROGRAMS)]
        mounts += [(client, CLIENT)] if client else []
        command = [self.engine.program, "run", "--name", name, *_CONFINED]
        command += ["--platform", platform_of(self.target.architecture)]
        command += [f"--volume={outside}:{inside}:ro" for outside, inside in mounts]
        command += [f"--env={key}={value}" for key, value in (*_NO_PROXIES.items(), *environment.items())]
        command += ["--entrypoint", self.target.runtime.name, self.image, *FLAGS, *arguments]
        ended = None
        try:
            ended = run(command, environment=self.engine.environ, timeout=seconds)
        finally:
            if ended is None or ended.timed_out:
                self.engine.remove(name)
        return ended


def default_image(target: Target) -> str:
    """AWS's image of the runtime (https://gallery.ecr.aws/lambda/python)."""
    return f"{LAMBDA_IMAGE}:{target.runtime.name.removeprefix('python')}"


def open_container_seat(engine: Engine, name: str, target: Target) -> ContainerSeat:
    """A seat in the image of that name, which is fetched unless one for the target's architecture is there.

    Raises:
        LambdaPackError: the image cannot be had.
    """
    image = engine.image(name, target.architecture, option="--image")
    digest = image.digest.partition(":")[2][:12]
    description = f"{target.runtime.name} in a container of {name} ({digest}), started by {engine.name}"
    return ContainerSeat(engine, name, target, description)
