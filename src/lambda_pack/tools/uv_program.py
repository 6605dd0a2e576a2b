"""Where uv is, and which version."""

from __future__ import annotations

import re
import shutil
from collections.abc import Mapping
from functools import lru_cache

from lambda_pack.errors import LambdaPackError
from lambda_pack.tools.environment import package_environment
from lambda_pack.tools.parts import Part, is_there, need
from lambda_pack.tools.process import run

__all__ = ["OLDEST_UV", "find_uv", "uv_version"]

OLDEST_UV = (0, 13)
"""A uv on PATH is used if it is not older than this, which is what pyproject.toml asks of the package."""

_TIMEOUT = 5.0  # seconds: a shim that fetches uv first takes longer, and is not used


def find_uv(environ: Mapping[str, str]) -> str:
    """Return the uv that was installed with us, else a good one on PATH, else the one that is fetched now.

    Raises:
        LambdaPackError: uv is not installed and cannot be fetched.
    """
    found = shutil.which("uv", path=environ.get("PATH"))
    if not is_there(Part.RESOLVE):
        if found and (_version_of(found, tuple(package_environment(environ).items())) or (0,)) >= OLDEST_UV:
            return found
        need(Part.RESOLVE)
    from uv import find_uv_bin

    try:
        return str(find_uv_bin())
    except FileNotFoundError:
        if found is None:
            raise LambdaPackError(
                "there is no uv beside lambda-pack or on PATH; install it, or choose --resolver pip"
            ) from None
    return found


def uv_version(environ: Mapping[str, str]) -> str:
    """Return the version of the uv that `find_uv` returns, as uv itself says it."""
    numbers = _version_of(find_uv(environ), tuple(package_environment(environ).items()))
    return ".".join(map(str, numbers)) if numbers else "unknown"


@lru_cache
def _version_of(program: str, environment: tuple[tuple[str, str], ...]) -> tuple[int, ...] | None:
    try:
        answer = run([program, "--version"], environment=dict(environment), timeout=_TIMEOUT)
    except LambdaPackError:
        return None
    match = re.match(r"uv (\d+)\.(\d+)\.(\d+)", answer.output) if answer.status == 0 else None
    return tuple(map(int, match.groups())) if match else None
