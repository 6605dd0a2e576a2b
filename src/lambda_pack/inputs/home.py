"""The user's home folder, as far as there is one."""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["home_folder"]

# Debian's home of those who have none (base-passwd): nothing is ever found there.
_NONE = Path("/nonexistent")


def home_folder() -> Path:
    """Where the user's own settings lie; a folder that is not there for a user without a home, or with a closed one.

    Both are usual in a container that runs as just any user: nothing says where the home is, or it is root's.
    """
    try:
        home = Path.home()
    except RuntimeError:  # neither HOME nor an entry in the table of users
        return _NONE
    return home if os.access(home, os.X_OK) else _NONE
