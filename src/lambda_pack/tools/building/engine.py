"""Containers: docker or podman, whichever answers.

A container gets its files by `cp` and gives them back by `cp`: nothing of this machine is mounted, so that it works
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

__all__ = ["Container", "Engine", "Image", "find_engine"]

# In seconds: a daemon that does not answer in this time is none; a container is gone in it, or never will be.
_PATIENCE = 20.0
# In seconds: a container ends by itself after this, whatever became of us.
_LIFETIME = 6 * 3600

_PLATFORMS = {Architecture.X86_64: "amd64", Architecture.ARM64: "arm64"}


class Image(Struct, frozen=True):
    """An image that is here; `digest` is that of its registry, or its own id where it came from none."""

    name: str
    digest: str


class Engine(Struct, frozen=True):
    """A program that answers. `environ` is the user's own: it finds the daemon and the logins of registries."""

    program: str
    environ: Mapping[str, str]

    def image(self, name: str, architecture: Architecture) -> Image:
        """The image for an architecture, fetched where it is not here yet.

        Raises:
            LambdaPackError: it cannot be had.
        """
        found = self._inspected(name)
        if found is None or found.get("Architecture") != _PLATFORMS[architecture]:
            ended = self._run("pull", "--quiet", "--platform", f"linux/{_PLATFORMS[architecture]}", name)
            found = self._inspected(name) if ended.status == 0 else None
            if found is None:
                raise LambdaPackError(
                    f"the image {name!r} cannot be had for linux/{_PLATFORMS[architecture]}; name another with "
                    "--build-image, or log in to its registry",
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
        name = f"lambda-pack-{secrets.token_hex(8)}"
        options = ["--name", name, "--pull", "never", "--platform", f"linux/{_PLATFORMS[architecture]}"]
        # `sleep` as the first process of a container hears no other signal, and podman would wait for it.
        options += ["--stop-signal", "KILL"]
        options += [] if network else ["--network", "none"]
        if Path(self.program).name.startswith("podman"):
            # It would hand over the proxy's settings, which may hold a login.
            options += ["--http-proxy=false"]
        try:
            begun = self._run("run", "--detach", *options, "--entrypoint", "sleep", image.name, str(_LIFETIME))
            if begun.status != 0:
                raise LambdaPackError(
                    f"no container of {image.name!r} starts; see what {self.program!r} says",
                    log=tail(masked(begun.log)),
                )
            yield Container(self, name)
        finally:
            clean_up((self.program, "rm", "--force", "--volumes", name), environment=self.environ, timeout=_PATIENCE)

    def _inspected(self, name: str) -> dict[str, Any] | None:
        ended = self._run("image", "inspect", name)
        if ended.status != 0:
            return None
        rows: list[dict[str, Any]] = json.loads(ended.output)
        return rows[0] if rows else None

    def _run(self, *arguments: str) -> Completed:
        return run((self.program, *arguments), environment=self.environ)


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
        answer = run((program, "info", "--format", "{{json .}}"), environment=environ, timeout=_PATIENCE)
        if answer.status == 0:
            return Engine(program, environ)
    return None


def _with_algorithm(identifier: str) -> str:
    return identifier if ":" in identifier else f"sha256:{identifier}"
