"""Programs of npm that others pack with, from the public registry into a folder of their own, kept for later."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import platformdirs
import pytest

from tests.support.processes import run

__all__ = ["node_modules", "run_node"]

# Pinned: what they do is compared with what we do.
_PACKAGES = ("serverless@3.40.0", "serverless-python-requirements@6.1.2", "micromatch@4.0.8")


def node_modules() -> Path:
    """Return the folder of the packages; an installation that was cut short is made again."""
    if shutil.which("npm") is None:
        pytest.skip("there is no npm on this machine")
    folder = platformdirs.user_cache_path("lambda-pack") / "tests" / "node-tools" / "-".join(_PACKAGES)
    if not (folder / "whole").is_file():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "package.json").write_text("{}")
        _succeed(("npm", "install", "--no-audit", "--no-fund", *_PACKAGES), folder, {})
        (folder / "whole").touch()
    return folder / "node_modules"


def run_node(*arguments: str | Path, folder: Path, environment: Mapping[str, str] | None = None) -> str:
    """Run a program with node in a folder, which must succeed; return its standard output."""
    return _succeed(("node", *arguments), folder, environment or {})


def _succeed(command: tuple[str | Path, ...], folder: Path, environment: Mapping[str, str]) -> str:
    home = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}  # noqa: TID251  # npm's settings
    done = run(command, {**home, "SLS_TELEMETRY_DISABLED": "1", **environment}, folder=folder)
    if done.exit_code != 0:
        raise AssertionError(f"{command[0]} {command[1]}: {done.text}")
    return done.output
