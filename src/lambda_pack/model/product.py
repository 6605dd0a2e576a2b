"""What this is."""

from __future__ import annotations

__all__ = ["SCRATCH_PREFIX", "VERSION"]

VERSION = "0.1.0"

SCRATCH_PREFIX = ".lambda-pack-"
"""How our hidden names begin: what a killed run (SIGKILL, power) may leave behind can be found by it."""
