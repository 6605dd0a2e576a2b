"""A narrator that also remembers, for the report, what it passes on."""

from __future__ import annotations

import time
from collections.abc import Callable

from lambda_pack.ports import Narrator

__all__ = ["Recorder"]


class Recorder:
    """Passes everything to another narrator and keeps warnings and the seconds each step took."""

    def __init__(self, narrator: Narrator, clock: Callable[[], float] = time.perf_counter) -> None:
        self._narrator = narrator
        self._clock = clock
        self._begun: list[tuple[int, float]] = []
        self._warnings: list[str] = []

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
        self._narrator.step(number, sentence)

    def note(self, text: str) -> None:
        """See `lambda_pack.ports.Narrator`."""
        self._narrator.note(text)

    def warn(self, text: str) -> None:
        """See `lambda_pack.ports.Narrator`."""
        if text not in self._warnings:
            self._narrator.warn(text)
        self._warnings.append(text)

    def progress(self, label: str, done: int, total: int) -> None:
        """See `lambda_pack.ports.Narrator`."""
        self._narrator.progress(label, done, total)
