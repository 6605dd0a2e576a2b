"""What GitHub's runner reads from a step: commands in its output, and the files for outputs and the summary.

The runner obeys `::commands::` in anything that a step prints, whoever wrote it. So commands are switched off from the
first line to the last, and on again only for the moment in which one of ours is given.
"""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from threading import RLock
from types import ModuleType, TracebackType
from typing import Self

from msgspec import Struct

from lambda_pack.frontends.narrators import SilentNarrator
from lambda_pack.model.limits import megabytes
from lambda_pack.tools.parts import Part, need

__all__ = ["Annotation", "GroupNarrator", "Workflow"]


class Annotation(Struct, frozen=True):
    """A remark on a file. `level` is 'error', 'warning' or 'notice'; `file` is relative to the workspace."""

    level: str
    title: str
    message: str
    file: str | None = None
    line: int | None = None


class Workflow:
    """Talks to the runner; a context manager outside of which commands in our output count as usual.

    After an error that nobody expected commands stay off: what is printed about it may hold anything.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._lock = RLock()
        self._token = ""

    def __enter__(self) -> Self:
        self._stop()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Switch commands on again."""
        if error is None:
            self._resume()

    def say(self, text: str) -> None:
        """Print what may hold foreign text."""
        with self._lock:
            sys.stdout.write(f"{text}\n")
            sys.stdout.flush()

    def open_group(self, title: str) -> None:
        """What is said from now on is folded below the title."""
        with self._commanding():
            _toolkit("core").start_group(_one_line(title))

    def close_group(self) -> None:
        """The fold ends here."""
        with self._commanding():
            _toolkit("core").end_group()

    def annotate(self, annotation: Annotation) -> None:
        """Show a remark, on its line where it has one."""
        place = {"file": annotation.file, "line": annotation.line, "title": annotation.title}
        # Not `core.error`: it writes properties that nobody set, too, as empty ones.
        properties = {name: str(value) for name, value in place.items() if value is not None}
        with self._commanding():
            _toolkit("command").issue_command(annotation.level, properties, annotation.message)

    def set_outputs(self, outputs: Mapping[str, str]) -> None:
        """Give the step these outputs; they stay usable when the step fails."""
        if self._environ.get("GITHUB_OUTPUT"):
            for name, value in outputs.items():
                _toolkit("core").set_output(name, value)

    def add_path(self, folder: Path) -> None:
        """Let the steps after this one find the programs of a folder."""
        if self._environ.get("GITHUB_PATH"):
            _toolkit("core").add_path(str(folder))

    def add_summary(self, markdown: str) -> None:
        """Add to the step's summary; the toolkit has no call for it."""
        path = self._environ.get("GITHUB_STEP_SUMMARY")
        if path:
            with Path(path).open("a", encoding="utf-8", newline="\n") as file:
                file.write(markdown)

    def lead_summary(self, markdown: str) -> None:
        """Put something before what the step has added to its summary: what failed comes first."""
        path = self._environ.get("GITHUB_STEP_SUMMARY")
        if path:
            added = Path(path).read_text("utf-8") if Path(path).is_file() else ""
            Path(path).write_text(markdown + added, "utf-8", newline="\n")

    @contextmanager
    def _commanding(self) -> Iterator[None]:
        with self._lock:
            self._resume()
            try:
                yield
            finally:
                self._stop()

    def _stop(self) -> None:
        # A new token each time: nothing that was printed before knows it.
        self._token = secrets.token_hex(16)
        sys.stdout.write(f"::stop-commands::{self._token}\n")
        sys.stdout.flush()

    def _resume(self) -> None:
        sys.stdout.write(f"::{self._token}::\n")


class GroupNarrator(SilentNarrator):
    """The story in a job's log: a fold for each step, warnings as annotations."""

    def __init__(self, workflow: Workflow) -> None:
        self._workflow = workflow
        self._is_open = False

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the last fold."""
        self._close()

    def step(self, number: int, sentence: str) -> None:
        """A fold of its own."""
        self._open(f"[{number}/9] {sentence}")

    def note(self, text: str) -> None:
        """A line in the fold."""
        if not self._is_open:
            self._open("settings")
        self._workflow.say(text)

    def warn(self, text: str) -> None:
        """Beside the job, where people look first."""
        self._workflow.annotate(Annotation("warning", "lambda-pack", text))

    def working(self, text: str) -> None:
        """A line in the fold."""
        self._workflow.say(text)

    def progress(self, label: str, done: int, total: int) -> None:
        """A line when a file has arrived."""
        if done == total:
            self._workflow.say(f"fetched {label} ({megabytes(total)})")

    def _open(self, title: str) -> None:
        self._close()
        self._workflow.open_group(title)
        self._is_open = True

    def _close(self) -> None:
        if self._is_open:
            self._workflow.close_group()
        self._is_open = False


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _toolkit(name: str) -> ModuleType:
    """A part of actions-toolkit, which has no types; imported late, for it brings requests with it."""
    need(Part.ACTION)
    return import_module(f"actions_toolkit.{name}")
