"""Starts programs for the tests: the only place under tests/ that does."""

from __future__ import annotations

import subprocess  # noqa: TID251  # the tests' own seam, so that the product's can be tested from outside
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct

__all__ = ["Finished", "run"]


class Finished(Struct, frozen=True):
    """A process that ended; `output` is its standard output, `errors` its standard error."""

    exit_code: int
    output: str
    errors: str

    @property
    def text(self) -> str:
        """All it said."""
        return self.output + self.errors


def run(
    command: tuple[str | Path, ...], environment: Mapping[str, str], *, folder: Path, timeout: float = 120
) -> Finished:
    """Runs to the end, in `folder`, with exactly this environment and an empty standard input; `timeout` in seconds."""
    done = subprocess.run(  # noqa: S603  # the command is the test's own
        [str(word) for word in command],
        env=dict(environment),
        cwd=folder,
        timeout=timeout,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        stdin=subprocess.DEVNULL,
        check=False,
    )
    return Finished(done.returncode, done.stdout, done.stderr)
