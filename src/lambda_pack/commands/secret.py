"""What only this user on this machine knows, so that nobody else can seal a recipe.

A cache may be saved, restored and shared; this lies apart from it. Imports next to nothing, as it is loaded first.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False  # `typing` costs 8 ms
if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["make_secret", "read_secret"]

_SIZE = 32  # bytes
_NAME = "recipes.secret"


def read_secret(environ: Mapping[str, str]) -> bytes | None:
    """The secret; None where there is none, or where others could have read or written it."""
    try:
        handle = os.open(_path(environ), os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0))
    except OSError:
        return None
    with os.fdopen(handle, "rb", buffering=0) as file:
        status = os.fstat(handle)
        is_ours = not hasattr(os, "getuid") or (status.st_uid == os.getuid() and not status.st_mode & 0o077)
        content = file.read(_SIZE + 1)
    return content if is_ours and len(content) == _SIZE else None


def make_secret(environ: Mapping[str, str]) -> bytes | None:
    """The secret, made where there is none; None where it cannot be kept."""
    path = _path(environ)
    try:
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb", buffering=0) as file:
            file.write(os.urandom(_SIZE))
    except OSError:
        pass
    return read_secret(environ)


def _path(environ: Mapping[str, str]) -> str:
    """In the user's folder for states; by hand where that is simple, because platformdirs takes 15 ms to import."""
    if sys.platform == "linux":
        folder = environ.get("XDG_STATE_HOME", "").strip() or os.path.expanduser("~/.local/state")
        return os.path.join(folder, "lambda-pack", _NAME)
    import platformdirs

    return os.path.join(platformdirs.user_state_dir("lambda-pack", appauthor=False), _NAME)
