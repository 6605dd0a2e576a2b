"""Real wheels, and the programs that judge them beside us: fetched by pip, installed by uv, kept for the session."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.support.processes import run

__all__ = ["AUDITWHEEL", "fetch", "oracle_python"]

AUDITWHEEL = "auditwheel==6.8.2"
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


def oracle_python(folder: Path) -> Path:
    """An interpreter with auditwheel and pyelftools."""
    uv = Path(sys.executable).with_name("uv")
    environment = folder / "oracles"
    for command in (
        (uv, "venv", "-q", "--python", sys.executable, environment),
        (uv, "pip", "install", "-q", "--python", environment / "bin" / "python", AUDITWHEEL),
    ):
        done = run(command, _ENVIRONMENT, folder=folder, timeout=600)
        assert done.exit_code == 0, done.text
    return environment / "bin" / "python"
