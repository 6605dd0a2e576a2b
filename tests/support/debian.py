"""Programs of Debian's that tests need, installed where they are missing and may be."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from tests.support.processes import run

__all__ = ["PYTHONS", "why_not_here"]

PYTHONS = {"3.9": "bullseye", "3.11": "bookworm", "3.13": "trixie", "3.14": "forky", "3.15": "forky"}
"""The release that has each version."""


def why_not_here(packages: Mapping[str, str]) -> str | None:
    """Why programs are not on this machine; None where they are, after their packages were installed if need be.

    `packages` has the package of each program.
    """
    missing = [package for program, package in packages.items() if not shutil.which(program)]
    if not missing:
        return None
    if sys.platform != "linux" or os.geteuid() != 0:
        return f"{', '.join(missing)} is installed on Linux by root alone"
    if not shutil.which("apt-get"):
        return f"{', '.join(missing)} and apt-get are not here"
    machine = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}  # noqa: TID251  # the machine's way to its packages
    for arguments in (("update",), ("install", "-y", "--no-install-recommends", *missing)):
        done = run(("apt-get", "-q", *arguments), machine, folder=Path("/"), timeout=600)
        assert done.exit_code == 0, done.text
    return None
