"""Real wheels, fetched by pip and kept for the session."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.support.processes import run

__all__ = ["fetch"]

_ENVIRONMENT = dict(os.environ)  # noqa: TID251  # the machine's own index settings say where packages are


def fetch(requirement: str, python: str, platform: str, shelf: Path) -> Path:
    """The wheel of a pinned requirement for CPython `python` ('312') on one platform; fetched once for each shelf."""
    own = shelf / f"{requirement}-{python}-{platform}"
    for wheel in own.glob("*.whl"):
        return wheel
    words = ("--no-deps", "--only-binary", ":all:", "--implementation", "cp", "--python-version", python)
    done = run(
        (sys.executable, "-m", "pip", "download", "-q", *words, "--platform", platform, "-d", own, requirement),
        _ENVIRONMENT,
        folder=shelf,
        timeout=600,
    )
    assert done.exit_code == 0, done.text
    (wheel,) = own.glob("*.whl")
    return wheel
