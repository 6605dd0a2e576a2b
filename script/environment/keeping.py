"""Keeps what is made whole or absent: one process makes it, the others wait; and what the maker says meanwhile."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

__all__ = ["INTERRUPTED", "NETWORK", "USAGE", "Refusal", "only_one", "tell"]

USAGE, NETWORK, INTERRUPTED = 2, 5, 130  # as in lambda_pack.errors, which cannot be imported yet
_PATIENCE = 2.0  # seconds before we say that we wait


class Refusal(Exception):  # noqa: N818  # reads as what it is
    """The environment cannot be made; the message says why and what to do now."""

    def __init__(self, message: str, code: int) -> None:
        """`code` becomes the exit code."""
        super().__init__(message)
        self.code = code


@contextlib.contextmanager
def only_one(path: Path) -> Iterator[int]:
    """Hold the lock file; the system lets go of it when the last process that has it open ends, however it ends."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        began, is_told = time.monotonic(), False
        while not taken(descriptor):
            time.sleep(0.02)
            if not is_told and time.monotonic() - began > _PATIENCE:
                tell("waiting for another process that is making the environment")
                is_told = True
        yield descriptor
    finally:
        os.close(descriptor)


def taken(descriptor: int) -> bool:
    """Take the lock if it is free; return whether it is ours now."""
    try:
        if sys.platform == "win32":
            import msvcrt  # not on POSIX

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl  # not on Windows

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True


def tell(text: str) -> None:
    """Write a line to standard error."""
    sys.stderr.write(f"lambda-pack: {text}\n")
    sys.stderr.flush()
