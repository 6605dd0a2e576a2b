"""Reports what a run waits for after some seconds: without a terminal it would print nothing until the end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

from lambda_pack.errors import LambdaPackError

__all__ = ["WaitReporter"]

# In seconds of waiting: when a message is printed; after the last one, each time that much later.
_MOMENTS = (3.0, 10.0, 30.0)
_POLL_SECONDS = 0.25
_MOST_LABELS = 2


class WaitReporter:
    """Reports blocks that take long, of any thread: calls `say` with a message from a thread of its own."""

    def __init__(self, say: Callable[[str], object], *, clock: Callable[[], float] = time.monotonic) -> None:
        self._say = say
        self._clock = clock
        self._numbers = count()
        self._open: dict[int, tuple[str, float]] = {}
        self._lock = threading.Lock()
        self._watcher: threading.Thread | None = None

    @contextmanager
    def watched(self, label: str) -> Iterator[None]:
        """Watch the block."""
        number = next(self._numbers)
        with self._lock:
            self._open[number] = (label, self._clock())
            if self._watcher is None:
                # A daemon: it must not keep an interrupted program alive.
                self._watcher = threading.Thread(target=self._watch, name="wait-reporter", daemon=True)
                self._watcher.start()
        try:
            yield
        finally:
            with self._lock:
                self._open.pop(number, None)

    def _watch(self) -> None:
        said = 0.0
        while True:
            time.sleep(_POLL_SECONDS)
            with self._lock:
                if not self._open:
                    self._watcher = None
                    return
                waits = [(label, self._clock() - begin) for label, begin in self._open.values()]
            longest = max(seconds for _, seconds in waits)
            moment = reached(longest)
            if moment < said:
                said = 0.0  # what was waited for is done, and something else is waited for now
            if moment > said:
                said = moment
                try:
                    self._say(sentence([label for label, _ in waits], longest))
                except LambdaPackError:
                    # The run was stopped meanwhile.
                    return


def reached(seconds: float) -> float:
    """Return the last moment at which something is said; 0 before the first one.

    >>> [reached(seconds) for seconds in (2.9, 3.1, 12, 59, 61)]
    [0.0, 3.0, 10.0, 30.0, 60.0]
    """
    last = _MOMENTS[-1]
    if seconds >= last:
        return seconds // last * last
    return max((moment for moment in _MOMENTS if moment <= seconds), default=0.0)


def sentence(labels: list[str], seconds: float) -> str:
    """Return what is said.

    >>> sentence(["fetch a.whl", "fetch b.whl", "build c"], 10.2)
    'waiting for 10 s: fetch a.whl, fetch b.whl and 1 more'
    """
    more = f" and {len(labels) - _MOST_LABELS} more" if len(labels) > _MOST_LABELS else ""
    return f"waiting for {seconds:.0f} s: {', '.join(labels[:_MOST_LABELS])}{more}"
