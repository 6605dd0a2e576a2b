"""Other tags for a wheel whose contents were read, by the tool that wheels come from."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

from lambda_pack.errors import LambdaPackError
from lambda_pack.tools.parts import Part, import_path
from lambda_pack.tools.process import run, tail

__all__ = ["retagged", "run_wheel"]


def retagged(wheel: Path, platform: str, *, environment: Mapping[str, str], python: str | None = None) -> Path:
    """The wheel in its folder under its new name; the old one is gone.

    With `python` it names that interpreter and no ABI: 'py3' for what is pure.

    Raises:
        LambdaPackError: the tool failed.
    """
    language = ("--python-tag", python, "--abi-tag", "none") if python else ()
    options = ("--platform-tag", platform, *language, "--remove")
    name = run_wheel(["tags", *options, str(wheel)], environment=environment).strip().splitlines()[-1]
    return wheel.with_name(name)


def run_wheel(arguments: list[str], *, environment: Mapping[str, str]) -> str:
    """What `wheel` writes.

    Raises:
        LambdaPackError: it failed.
    """
    # Not `-I`: lambda-pack may be installed for the user alone.
    command = [sys.executable, "-P", "-m", "wheel", *arguments]
    ended = run(command, environment=import_path(environment, Part.BUILD))
    if ended.status != 0:
        raise LambdaPackError(f"wheel {arguments[0]} failed; install lambda-pack again", log=tail(ended.log))
    return ended.output
