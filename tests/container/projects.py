"""Projects that are packed in a container and outside of it."""

from __future__ import annotations

import os
from pathlib import Path

from tests.end_to_end.command import COMMAND
from tests.support.processes import run

__all__ = ["AS_SOMEBODY", "SOMEBODY", "packed_outside", "project", "the_zip"]

SOMEBODY = 12345
# With docker, such a user has no name and no home; podman has to be told.
AS_SOMEBODY = (f"--user={SOMEBODY}:{SOMEBODY}", "--passwd=false")


def project(folder: Path, *requirements: str, owner: int = 0) -> Path:
    """A project in a new folder, which is somebody's."""
    folder.mkdir()
    file = folder / "requirements.txt"
    file.write_text("".join(f"{line}\n" for line in requirements), "utf-8")
    for path in (folder, file):
        os.chown(path, owner, owner)
    return folder


def packed_outside(folder: Path, runtime: str, *requirements: str) -> bytes:
    """The zip that the machine itself packs."""
    machine = dict(os.environ)  # noqa: TID251  # the machine's own way to its index, whatever that is
    done = run((*COMMAND, "pack", "--runtime", runtime), machine, folder=project(folder, *requirements))
    assert done.exit_code == 0, done.text
    return the_zip(folder).read_bytes()


def the_zip(folder: Path) -> Path:
    """The one zip of a project."""
    (found,) = (folder / "dist").glob("*.zip")
    return found
