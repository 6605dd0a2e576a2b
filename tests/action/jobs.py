"""A job's step without a runner: the same variables and files, and what came of it."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from msgspec import Struct

from lambda_pack.errors import LambdaPackError
from lambda_pack.frontends.action_inputs import variable
from tests.support.index import LoopbackIndex
from tests.support.processes import Finished, run

__all__ = ["Job", "Step", "obeyed", "read_outputs"]


class Step(Struct, frozen=True):
    """A step that ended."""

    done: Finished
    outputs: Mapping[str, str]
    summary: str

    @property
    def commands(self) -> list[str]:
        """What the runner obeys of all that was printed."""
        return obeyed(self.done.output)

    def annotations(self, level: str) -> list[str]:
        """The remarks of a level."""
        return [command for command in self.commands if command.startswith(f"::{level} ")]

    def listed(self, name: str) -> Any:  # noqa: ANN401  # JSON
        """An output that holds JSON."""
        return json.loads(self.outputs[name])


class Job(Struct, frozen=True):
    """A workspace with an index; `folder` is outside of it."""

    folder: Path
    index: LoopbackIndex
    environment: Mapping[str, str]

    @classmethod
    def begin(cls, folder: Path, index: LoopbackIndex, environment: Mapping[str, str]) -> Self:
        """A job on a repository called 'shop', whose runner knows the index."""
        folders = {name: folder / name for name in ("shop", "temporary", "caches")}
        for one in folders.values():
            one.mkdir()
        settings = {
            "GITHUB_WORKSPACE": str(folders["shop"]),
            "RUNNER_TEMP": str(folders["temporary"]),
            "TMPDIR": str(folders["temporary"]),
            "XDG_CACHE_HOME": str(folders["caches"]),
            "PIP_INDEX_URL": index.url,
            "PIP_RETRIES": "0",
            "PYTHONUNBUFFERED": "1",
        }
        return cls(folder, index, {**environment, **settings})

    @property
    def workspace(self) -> Path:
        """Where the user's repository is checked out."""
        return self.folder / "shop"

    def write(self, name: str, *lines: str) -> None:
        """A text file of the repository."""
        path = self.workspace / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("".join(f"{line}\n" for line in lines), "utf-8")

    def step(self, part: str = "pack", **inputs: str) -> Step:
        """Runs the part with these inputs, their names written with underscores; others have no value at all."""
        files = {name: self.folder / name for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")}
        for file in files.values():
            file.write_bytes(b"")
        environment = {
            **self.environment,
            **{name: str(file) for name, file in files.items()},
            **{variable(name.replace("_", "-")): value for name, value in inputs.items()},
        }
        done = run((sys.executable, "-m", "lambda_pack", "action", part), environment, folder=self.folder)
        assert done.exit_code != LambdaPackError.exit_code, done.text
        return Step(done, read_outputs(files["GITHUB_OUTPUT"]), files["GITHUB_STEP_SUMMARY"].read_text("utf-8"))


def obeyed(output: str) -> list[str]:
    """The commands that the runner obeys: those outside of `stop-commands`, that one and its end left out."""
    commands, token = [], None
    for line in output.splitlines():
        stop = re.match(r"::stop-commands::(.+)", line)
        if token is not None:
            token = None if line == f"::{token}::" else token
        elif stop:
            token = stop[1]
        elif line.lstrip().startswith(("::", "##[")):
            commands.append(line)
    return commands


def read_outputs(file: Path) -> dict[str, str]:
    """The file format of GITHUB_OUTPUT, as the runner reads it."""
    found = re.findall(r"^([\w-]+)<<(\S+)\n(.*?)\n?^\2$", file.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    return {name: value for name, _, value in found}
