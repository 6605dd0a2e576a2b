"""A narrator that also remembers, for the report and for a profile, what it passes on and when."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from msgspec import Struct

from lambda_pack.commands.waiting import WaitReporter
from lambda_pack.ports import Narrator

__all__ = ["Recorder", "Span"]


class Span(Struct, frozen=True):
    """Something that took its time: from `begin` on, in seconds since the recorder was made, in a numbered thread."""

    label: str
    begin: float
    seconds: float
    thread: int


class Recorder:
    """Passes everything to another narrator and keeps warnings and the seconds each step took.

    A step that takes longer than some seconds is reported while it runs (`lambda_pack.commands.waiting`).
    """

    def __init__(self, narrator: Narrator, clock: Callable[[], float] = time.perf_counter) -> None:
        self._narrator = narrator
        self._clock = clock
        self._begun: list[tuple[int, float]] = []
        self._warnings: list[str] = []
        self._made = clock()
        # The one that takes the steps: many packs may run side by side.
        self._thread = threading.get_ident()
        self._spans: list[Span] = []
        self._sentences: dict[int, str] = {}
        self._waits = WaitReporter(narrator.working)

    @contextmanager
    def span(self, label: str) -> Iterator[None]:
        """Remember how long the block took; in any thread."""
        begin = self._clock()
        try:
            with self._waits.watched(label):
                yield
        finally:
            spent = self._clock() - begin
            self._spans.append(Span(label, begin - self._made, spent, threading.get_ident()))

    def spans(self) -> tuple[Span, ...]:
        """The steps, and what was done for single packages, by when they began."""
        begins = (begin - self._made for _, begin in self._begun)
        steps = (
            Span(f"step {number}: {self._sentences[number]}", begin, seconds, self._thread)
            for (number, seconds), begin in zip(self.timings(), begins, strict=True)
        )
        return tuple(sorted((*steps, *self._spans), key=lambda span: (span.begin, -span.seconds)))

    @property
    def warnings(self) -> tuple[str, ...]:
        """Each warning once, in the order they came."""
        return tuple(dict.fromkeys(self._warnings))

    def timings(self) -> tuple[tuple[int, float], ...]:
        """Step and seconds; the last step has lasted until now."""
        ends = [*(begin for _, begin in self._begun[1:]), self._clock()]
        return tuple((step, end - begin) for (step, begin), end in zip(self._begun, ends, strict=False))

    def step(self, number: int, sentence: str) -> None:
        """See `lambda_pack.ports.Narrator`."""
        self._begun.append((number, self._clock()))
        self._sentences[number] = sentence
        self._narrator.step(number, sentence)

    def note(self, text: str) -> None:
        """See `lambda_pack.ports.Narrator`."""
        self._narrator.note(text)

    def warn(self, text: str) -> None:
        """See `lambda_pack.ports.Narrator`."""
        if text not in self._warnings:
            self._narrator.warn(text)
        self._warnings.append(text)

    def working(self, text: str) -> None:
        """See `lambda_pack.ports.Narrator`."""
        self._narrator.working(text)

    def progress(self, label: str, done: int, total: int) -> None:
        """See `lambda_pack.ports.Narrator`."""
        self._narrator.progress(label, done, total)
