"""Containers: docker or podman, whichever answers.

A `Container` gets its files by `cp` and gives them back by `cp`: nothing of this machine is mounted, so that it works
with an engine on another machine too, and what comes back belongs to whoever asked.
"""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from msgspec import Struct

from lambda_pack.errors import LambdaPackError
from lambda_pack.model.targets import Architecture
from lambda_pack.model.urls import masked
from lambda_pack.tools.process import Completed, clean_up, run, tail

__all__ = ["Container", "Engine", "Image", "find_engine", "new_name", "platform_of"]

# In seconds: a daemon that does not answer in this time is none.
_TIMEOUT = 20.0
# In seconds: a container is gone in it, or never will be; its files may be a gigabyte.
_REMOVAL = 120.0
# In seconds: for an image to arrive; those of AWS's have up to a gigabyte.
_ARRIVAL = 1800.0
# In seconds: a container ends by itself after this, whatever became of us.
_LIFETIME = 6 * 3600

# The names of the Open Container Initiative.
_ARCHITECTURES = {Architecture.X86_64: "amd64", Architecture.ARM64: "arm64"}


class Image(Struct, frozen=True):
    """An image that is here; `digest` is that of its registry, or its own id where it came from none."""

    name: str
    digest: str


class Engine(Struct, frozen=True):
    """A program that answers. `environ` is the user's own: it finds the daemon and the logins of registries."""

    program: str
    environ: Mapping[str, str]

    @property
    def name(self) -> str:
        """What its users call it."""
        return Path(self.program).name

    def image(self, name: str, architecture: Architecture, *, option: str) -> Image:
        """The image for an architecture, fetched where it is not here yet; `option` is the one that names another.

        Raises:
            LambdaPackError: it cannot be had.
        """
        platform = platform_of(architecture)
        found = self._inspected(name)
        if not _is_for(architecture, found):
            ended = run(
                (self.program, "pull", "--platform", platform, name), environment=self.environ, timeout=_ARRIVAL
            )
            found = self._inspected(name) if ended.status == 0 else {}
            if not _is_for(architecture, found):
                raise LambdaPackError(
                    f"the image {name!r} cannot be had for {platform}; name another with {option}, or log in to its "
                    "registry",
                    log=tail(masked(ended.log)),
                )
        digests = [digest.rpartition("@")[2] for digest in found.get("RepoDigests") or ()]
        return Image(name, digests[0] if digests else _with_algorithm(str(found["Id"])))

    @contextmanager
    def container(self, image: Image, architecture: Architecture, *, network: bool) -> Iterator[Container]:
        """A running container that does nothing yet; it is gone afterwards.

        Raises:
            LambdaPackError: it does not start.
        """
        name = new_name()
        options = ["--rm", "--name", name, "--pull", "never", "--platform", platform_of(architecture)]
        # `sleep` as the first process of a container hears no other signal, and podman would wait for it.
        options += ["--stop-signal", "KILL"]
        options += [] if network else ["--network", "none"]
        if self.name.startswith("podman"):
            # It would hand over the proxy's settings, which may hold a login.
            options += ["--http-proxy=false"]
        try:
            sleeping = (*options, "--entrypoint", "sleep", image.name, str(_LIFETIME))
            begun = run((self.program, "run", "--detach", *sleeping), environment=self.environ)
            if begun.status != 0:
                raise LambdaPackError(
                    f"no container of {image.name!r} starts; see what {self.program!r} says",
                    log=tail(masked(begun.log)),
                )
            yield Container(self, name)
        finally:
            self.remove(name)

    def remove(self, name: str) -> None:
        """End a container, if there is one of that name: it is not its client's child, and would stay."""
        clean_up((self.program, "rm", "--force", "--volumes", name), environment=self.environ, timeout=_REMOVAL)

    def _inspected(self, name: str) -> Mapping[str, Any]:
        """What is known of an image; nothing where it is not here."""
        ended = run((self.program, "image", "inspect", name), environment=self.environ, timeout=_TIMEOUT)
        rows: list[Mapping[str, Any]] = json.loads(ended.output) if ended.status == 0 else []
        return rows[0] if rows else {}


class Container(Struct, frozen=True):
    """A container that runs."""

    engine: Engine
    name: str

    def run(self, command: Sequence[str], *, timeout: float | None) -> Completed:
        """Run a program in it, as its root. A time that is over ends our waiting; the container ends the program."""
        program = (self.engine.program, "exec", self.name, *command)
        return run(program, environment=self.engine.environ, timeout=timeout)

    def put(self, path: Path, place: str) -> None:
        """Copy a file or folder into it.

        Raises:
            LambdaPackError: it cannot be copied.
        """
        self._copy(str(path), f"{self.name}:{place}")

    def get(self, place: str, path: Path) -> bool:
        """Copy a file or folder out of it; whether there is one."""
        try:
            self._copy(f"{self.name}:{place}", str(path))
        except LambdaPackError:
            return False
        return True

    def _copy(self, source: str, target: str) -> None:
        ended = run((self.engine.program, "cp", source, target), environment=self.engine.environ)
        if ended.status != 0:
            raise LambdaPackError(f"{source!r} cannot be copied to {target!r}", log=tail(masked(ended.log)))


def find_engine(environ: Mapping[str, str]) -> Engine | None:
    """The first that answers, docker before podman: on machines with both, docker is what its users set up."""
    for name in ("docker", "podman"):
        program = shutil.which(name, path=environ.get("PATH"))
        if program is None:
            continue
        # Without a daemon `version` alone would still say what the client is.
        answer = run((program, "info", "--format", "{{json .}}"), environment=environ, timeout=_TIMEOUT)
        if answer.status == 0:
            return Engine(program, environ)
    return None


def new_name() -> str:
    """A container's, which nobody else has."""
    return f"lambda-pack-{secrets.token_hex(8)}"


def platform_of(architecture: Architecture) -> str:
    """What the engines call it.

    >>> platform_of(Architecture.ARM64)
    'linux/arm64'
    """
    return f"linux/{_ARCHITECTURES[architecture]}"


def _is_for(architecture: Architecture, image: Mapping[str, Any]) -> bool:
    return image.get("Architecture") == _ARCHITECTURES[architecture]


def _with_algorithm(identifier: str) -> str:
    return identifier if ":" in identifier else f"sha256:{identifier}"
