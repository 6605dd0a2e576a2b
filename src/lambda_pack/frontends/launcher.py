"""The program `lambda-pack` for the steps of a job after the one that used the action."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from lambda_pack.frontends.workflow_commands import Annotation, Workflow

__all__ = ["put_on_path"]


def put_on_path(environ: Mapping[str, str], workflow: Workflow) -> None:
    """Write a launcher into the job's temporary folder and put that on PATH: the same checkout, Python and packages.

    Outside of the action, where the runner's variables are not there, nothing happens.
    """
    python, checkout = environ.get("LAMBDA_PACK_PYTHON"), environ.get("GITHUB_ACTION_PATH")
    temporary = environ.get("RUNNER_TEMP")
    if not (python and checkout and temporary):
        return
    try:
        folder = _written(Path(temporary, "lambda-pack", "bin"), (python, str(Path(checkout, "entrypoint"))))
    except OSError as error:
        workflow.annotate(Annotation("warning", "lambda-pack", f"the program is not on PATH for later steps: {error}"))
        return
    workflow.add_path(folder)


def _written(folder: Path, command: tuple[str, str]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    launcher = folder / "lambda-pack"
    launcher.write_text(f'#!/bin/sh\nexec {shlex.join(command)} "$@"\n', "utf-8", newline="\n")
    launcher.chmod(0o755)
    if sys.platform == "win32":
        (folder / "lambda-pack.cmd").write_text("@{} %*\n".format(" ".join(f'"{word}"' for word in command)), "utf-8")
    return folder
