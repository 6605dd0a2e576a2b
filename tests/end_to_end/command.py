"""The command as users start it."""

from __future__ import annotations

import sys

__all__ = ["COMMAND"]

COMMAND = (sys.executable, "-m", "lambda_pack")
