"""podman with a storage of its own, and base images that are made here instead of fetched."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.support.debian import why_not_here
from tests.support.processes import Finished, run

__all__ = ["HOUSE", "MMDEBSTRAP", "Podman", "why_not"]

HOUSE = Path(__file__).parents[2]
OWN_DEV = ("unshare", "--mount", str(Path(__file__).with_name("in-own-dev")))
# crun, which Debian prefers, wants more of the machine than a small one gives.
PROGRAMS = {name: name for name in ("podman", "buildah", "runc", "mmdebstrap")}
MMDEBSTRAP = (
    *(*OWN_DEV, "mmdebstrap", "--quiet"),
    # The security archive of bullseye is still listed, but its packages are gone (seen 2026-11-28).
    """--setup-hook=sed -i '/security.*bullseye/d' "$1"/etc/apt/sources.list""",
)
CERTIFICATES = Path("/etc/ssl/certs/ca-certificates.crt")
# The containers share the machine's network, and its certificates where it has any: both are how it reaches its index.
SETTINGS = """\
[containers]
netns = "host"
cgroupns = "host"
log_driver = "k8s-file"
default_sysctls = []
default_ulimits = ["nofile=4096:4096", "nproc=4096:4096"]
volumes = [{volumes}]
env = [{variables}]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
"""


def why_not() -> str | None:
    """Why no container can be made here; None where it can, after the programs were installed if need be."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "building an image of Debian's packages needs Linux and root"
    owned = run((*OWN_DEV, "true"), {"PATH": os.environ["PATH"]}, folder=HOUSE)  # noqa: TID251  # Debian's programs
    if owned.exit_code:
        return f"a /dev of its own cannot be had here: {owned.errors.strip()}"
    return why_not_here(PROGRAMS)


class Podman:
    """Images and containers whose files are below `folder`, and nowhere else."""

    def __init__(self, folder: Path) -> None:
        """`folder` is emptied by whoever gave it."""
        self._folder = folder
        certified = CERTIFICATES.is_file()
        settings = folder / "containers.conf"
        settings.write_text(
            SETTINGS.format(
                volumes=f'"{CERTIFICATES}:{CERTIFICATES}:ro"' if certified else "",
                variables=f'"PIP_CERT={CERTIFICATES}", "SSL_CERT_FILE={CERTIFICATES}"' if certified else "",
            ),
            "utf-8",
        )
        machine = dict(os.environ)  # noqa: TID251  # proxies, and where its index is
        self._environment = {**machine, "CONTAINERS_CONF": str(settings), "TMPDIR": str(folder)}
        self._index = {name: machine[name] for name in ("PIP_INDEX_URL",) if name in machine}

    def podman(self, *arguments: str | Path, timeout: float = 120) -> Finished:
        """Runs a command of podman's to its end; `timeout` in seconds."""
        return run((*OWN_DEV, *self._program(), *arguments), self._environment, folder=HOUSE, timeout=timeout)

    def on_path(self, *within: str) -> dict[str, str]:
        """An environment in which `podman` is this one, for a program that starts it itself.

        `within` is a command that starts it in other surroundings than those with a /dev of its own.
        """
        script = self._folder / ("bin-within" if within else "bin") / "podman"
        script.parent.mkdir(exist_ok=True)
        program = map(str, (*(within or OWN_DEV), *self._program()))
        script.write_text(f'#!/bin/sh\nexec {shlex.join(program)} "$@"\n', "utf-8")
        script.chmod(0o755)
        return {**self._environment, "PATH": f"{script.parent}{os.pathsep}{self._environment['PATH']}"}

    def _program(self) -> tuple[str | Path, ...]:
        """Named by its path: its namesake on PATH may be our own script."""
        found = shutil.which("podman") or "podman"
        return (found, "--root", self._folder / "storage", "--runroot", self._folder / "run")

    def debian(self, suite: str, *packages: str) -> str:
        """The smallest Debian with apt and these packages, as an image; returns its name."""
        archive = self._folder / f"{suite}.tar"
        self.succeeds(*MMDEBSTRAP, "--variant=minbase", f"--include={','.join(packages)}", suite, archive)
        name = f"localhost/base:{suite}"
        imported = self.podman("import", "--quiet", archive, name)
        assert imported.exit_code == 0, imported.text
        archive.unlink()
        return name

    def foreign(self, suite: str, architecture: str, *packages: str) -> str:
        """Packages of Debian's for another architecture, unpacked alone, as an image; returns its name."""
        archive = self._folder / f"{suite}-{architecture}.tar"
        wanted = (f"--architectures={architecture}", f"--include={','.join(packages)}")
        self.succeeds(*MMDEBSTRAP, "--variant=extract", *wanted, suite, archive)
        name = f"localhost/{architecture}:{suite}"
        imported = self.podman("import", "--quiet", "--arch", architecture, archive, name)
        assert imported.exit_code == 0, imported.text
        archive.unlink()
        return name

    def extract(self, suite: str, folder: Path, *packages: str) -> None:
        """Unpacks packages of Debian's, and all that they need, into a folder."""
        self.succeeds(*MMDEBSTRAP, "--variant=extract", f"--include={','.join(packages)}", suite, folder)

    def succeeds(self, *command: str | Path) -> None:
        """Runs a program of the machine's, which must succeed."""
        done = run(command, self._environment, folder=self._folder, timeout=600)
        assert done.exit_code == 0, done.text

    def build(self, base: str, tag: str, arguments: Mapping[str, str]) -> Finished:
        """Builds the Dockerfile of the house on a base, with further build arguments."""
        given = {"BASE": base, **self._index, **arguments}
        words = [word for name, value in given.items() for word in ("--build-arg", f"{name}={value}")]
        # One layer for all steps: nothing is built again here, and without an overlay each layer is a whole copy.
        return self.podman("build", "--layers=false", *words, "--tag", tag, HOUSE, timeout=900)

    def run(self, image: str, *command: str | Path, folder: Path, options: tuple[str, ...] = ()) -> Finished:
        """Runs a command in a new container, with `folder` at its own path; `options` are podman's."""
        mounted = ("--volume", f"{folder}:{folder}", "--workdir", folder)
        return self.podman("run", "--rm", *mounted, *options, image, *command)
