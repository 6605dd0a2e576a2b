"""Containers of arm64 on another machine: podman in namespaces in which qemu runs what they are made of."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lambda_pack.tools.process import started
from tests.container.podman import Podman
from tests.support.debian import why_not_here

__all__ = ["emulated"]

HOLD = Path(__file__).with_name("hold-emulation")
# Seconds between two looks, and how many there are.
PAUSE, PATIENCE = 0.2, 150


@contextmanager
def emulated(podman: Podman, folder: Path) -> Iterator[dict[str, str]]:
    """Variables in which `podman` runs images of arm64; skips where the kernel cannot, and says why."""
    why = why_not_here({"qemu-aarch64-static": "qemu-user-static", "ip": "iproute2", "pgrep": "procps"})
    if why is not None:
        pytest.skip(f"no container of arm64 runs: {why}")
    number = folder / "inside"
    command = (str(HOLD), shutil.which("qemu-aarch64-static") or "", str(number))
    with started(command, environment={"PATH": os.environ["PATH"]}) as running:  # noqa: TID251  # Debian's programs
        for _ in range(PATIENCE):
            if number.exists():
                break
            time.sleep(PAUSE)
        else:
            pytest.skip(f"no container of arm64 runs: {running.finish(timeout=0).log[-1000:]}")
        namespaces = ("--user", "--mount", "--pid", "--net", "--preserve-credentials")
        yield podman.on_path("nsenter", "--target", number.read_text("utf-8").strip(), *namespaces)
