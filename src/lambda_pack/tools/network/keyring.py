"""The `keyring` program, asked as pip's and uv's subprocess provider ask it."""

from __future__ import annotations

import shutil
from collections.abc import Mapping

from lambda_pack.tools.process import run

__all__ = ["ask_keyring"]

# In seconds: one that waits for somebody to unlock it must not hang a build.
_TIMEOUT = 60.0


def ask_keyring(environ: Mapping[str, str], url: str, user: str) -> str | None:
    """The password; None where there is no such program, or it knows none."""
    program = shutil.which("keyring", path=environ.get("PATH"))
    if program is None:
        return None
    answer = run((program, "get", url, user), environment=environ, timeout=_TIMEOUT)
    return answer.output.strip() or None if answer.status == 0 else None
