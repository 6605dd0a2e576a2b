"""The story as it is told: progress bars on a terminal, plain lines elsewhere, nothing when asked to be quiet."""

from __future__ import annotations

import os
import sys
from contextlib import AbstractContextManager, nullcontext
from threading import Lock
from types import TracebackType
from typing import Any, Protocol, Self, TextIO

from lambda_pack.frontends.screen import clean
from lambda_pack.model.limits import megabytes
from lambda_pack.ports import Narrator
from lambda_pack.tools.parts import Part, begin, is_there

__all__ = ["PlainNarrator", "SilentNarrator", "TerminalNarrator", "ToldNarrator", "choose_narrator"]

# Terminals on which no line can be drawn again: editors' and build servers'.
_UNABLE = frozenset({"dumb", "unknown"})


class ToldNarrator(Narrator, Protocol):
    """A narrator that holds on to the screen while it talks."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class SilentNarrator:
    """Tells nothing: warnings and errors still reach whoever reads the report."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Nothing was held."""

    def step(self, number: int, sentence: str) -> None:
        """Silent."""

    def note(self, text: str) -> None:
        """Silent."""

    def warn(self, text: str) -> None:
        """Silent."""

    def working(self, text: str) -> None:
        """Silent."""

    def progress(self, label: str, done: int, total: int) -> None:
        """Silent."""

    def span(self, label: str) -> AbstractContextManager[object]:
        """Nobody hears how long it took."""
        return nullcontext(label)


class PlainNarrator(SilentNarrator):
    """One line for each thing worth one: for logs."""

    def __init__(self, stream: TextIO, *, verbose: bool) -> None:
        self._stream = stream
        self._verbose = verbose
        self._lock = Lock()

    def step(self, number: int, sentence: str) -> None:
        """A line with the step's number."""
        self.say(f"[{number}/9] {sentence}")

    def note(self, text: str) -> None:
        """A line below the step, for who asked for details."""
        if self._verbose:
            self.say(f"      {text}")

    def warn(self, text: str) -> None:
        """A line that says so."""
        self.say(f"warning: {text}")

    def working(self, text: str) -> None:
        """Print a line below the step: a log shows that the run goes on."""
        self.say(f"      {text}")

    def progress(self, label: str, done: int, total: int) -> None:
        """A line when a file has arrived, for who asked for details."""
        if self._verbose and done == total:
            self.say(f"      {label} ({megabytes(total)})")

    def say(self, text: str) -> None:
        """A line, whoever asked."""
        with self._lock:
            print(clean(text), file=self._stream, flush=True)


class TerminalNarrator(SilentNarrator):
    """One line that says which step it is, with bars for what is arriving; gone when the work is done."""

    def __init__(self, stream: TextIO, *, verbose: bool) -> None:
        from rich.console import Console, Group
        from rich.live import Live
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn
        from rich.spinner import Spinner

        self._console = Console(file=stream, highlight=False, markup=False)
        self._verbose = verbose
        self._lock = Lock()
        self._step = Spinner("dots")
        self._bars = Progress(
            TextColumn("  {task.description}", markup=False),
            BarColumn(bar_width=24),
            DownloadColumn(),
            console=self._console,
        )
        self._screen = Live(Group(self._step, self._bars), console=self._console, refresh_per_second=10, transient=True)
        self._tasks: dict[str, Any] = {}
        self._told = ""

    def __enter__(self) -> Self:
        self._screen.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the terminal back."""
        self._screen.stop()

    def step(self, number: int, sentence: str) -> None:
        """Replace the line of the step before."""
        from rich.text import Text  # loaded by now

        self._told = f"[{number}/9] {sentence}"
        self._step.update(text=Text(self._told))

    def working(self, text: str) -> None:
        """Put the text behind the step's sentence."""
        from rich.text import Text  # loaded by now

        self._step.update(text=Text(clean(f"{self._told}: {text}")))

    def note(self, text: str) -> None:
        """A lasting line above the bars, for who asked for details."""
        if self._verbose:
            self._console.print(clean(f"  {text}"), style="dim")

    def warn(self, text: str) -> None:
        """A lasting line above the bars."""
        self._console.print(clean(f"warning: {text}"), style="yellow")

    def progress(self, label: str, done: int, total: int) -> None:
        """A bar for each file, gone when the file is here."""
        with self._lock:
            if label not in self._tasks:
                self._tasks[label] = self._bars.add_task(label, total=total or None)
            self._bars.update(self._tasks[label], completed=done, total=total or None)
            if done == total:
                self._bars.remove_task(self._tasks.pop(label))


def choose_narrator(*, quiet: bool, verbose: bool, stream: TextIO = sys.stderr) -> ToldNarrator:
    """The narrator for a stream and the user's wishes."""
    if quiet:
        return SilentNarrator()
    if stream.isatty() and os.environ.get("TERM") not in _UNABLE:  # noqa: TID251  # a front-end
        if is_there(Part.TERMINAL):
            return TerminalNarrator(stream, verbose=verbose)
        begin(Part.TERMINAL)  # for the next run: this one need not wait for bars
    return PlainNarrator(stream, verbose=verbose)
