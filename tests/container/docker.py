"""A docker daemon of the test's own: Debian's, unpacked and not installed, with its files below one folder."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lambda_pack.tools.process import started
from tests.support.processes import run

__all__ = ["docker"]

PACKAGES = ("docker.io", "containerd", "runc")
# Seconds between two questions, and how often the daemon is asked whether it is there.
PAUSE, PATIENCE = 0.5, 120
# Whatever it starts ends with it, and it changes no network but its own, which leads nowhere.
CONFINED = ("unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc")
NETWORKLESS = ("--bridge=none", "--iptables=false", "--ip6tables=false", "--ip-forward=false", "--ip-masq=false")


@contextmanager
def docker(folder: Path) -> Iterator[dict[str, str]]:
    """Variables in which docker is the engine that answers; `folder` is new, and left to whoever gave it."""
    folder.mkdir()
    machine = dict(os.environ)  # noqa: TID251  # the machine's way to its packages
    for command in (("apt-get", "-q", "update"), ("apt-get", "-q", "download", *PACKAGES)):
        done = run(command, machine, folder=folder, timeout=600)
        assert done.exit_code == 0, done.text
    for package in folder.glob("*.deb"):
        done = run(("dpkg", "--extract", package, folder / "debian"), machine, folder=folder)
        assert done.exit_code == 0, done.text
    programs = (folder / "debian/usr/bin", folder / "debian/usr/sbin")
    socket = f"unix://{folder}/docker.sock"
    environment = {
        **machine,
        "PATH": os.pathsep.join([*map(str, programs), machine["PATH"]]),
        "DOCKER_HOST": socket,
        "DOCKER_CONFIG": str(folder / "config"),
    }
    settings = folder / "daemon.json"
    settings.write_text("{}", "utf-8")
    places = ("--data-root", folder / "data", "--exec-root", folder / "run", "--pidfile", folder / "pid")
    daemon = ("dockerd", "--config-file", settings, *places, "-H", socket, "--storage-driver", "vfs", *NETWORKLESS)
    own_dev = Path(__file__).with_name("in-own-dev")
    with started(tuple(map(str, (*CONFINED, own_dev, *daemon))), environment=environment, folder=folder) as running:
        for _ in range(PATIENCE):
            if run(("docker", "info"), environment, folder=folder).exit_code == 0:
                break
            time.sleep(PAUSE)
        else:
            pytest.fail(f"docker did not start:\n{running.finish(timeout=0).log[-3000:]}")
        yield environment
