"""Where uv is."""

from __future__ import annotations

import shutil
from collections.abc import Mapping

from lambda_pack.errors import LambdaPackError

__all__ = ["find_uv"]


def find_uv(environ: Mapping[str, str]) -> str:
    """The uv that was installed with us, else the one on PATH.

    Raises:
        LambdaPackError: there is none.
    """
    from uv import find_uv_bin

    try:
        return str(find_uv_bin())
    except FileNotFoundError:
        found = shutil.which("uv", path=environ.get("PATH"))
    if found is None:
        raise LambdaPackError("there is no uv beside lambda-pack or on PATH; install it, or choose --resolver pip")
    return found
