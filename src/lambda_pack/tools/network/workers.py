"""A few threads for a batch of work that waits for the network or hashes; Ctrl-C ends them at once."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Generic, TypeVar

from msgspec import Struct

__all__ = ["in_parallel"]

Item = TypeVar("Item")
Result = TypeVar("Result")

# How often, in seconds, the waiting thread looks up: Windows delivers Ctrl-C only between two waits.
_POLL_SECONDS = 0.2
# How long, in seconds, stopped threads may take to tidy up.
_GRACE = 2.0


def in_parallel(
    work: Callable[[Item, threading.Event], Result],
    items: Sequence[Item],
    *,
    threads: int,
    interrupt: Callable[[], None],
) -> list[Result]:
    """The result for each item, in the order of the items; they are begun in that order.

    The first error ends the batch: the event that `work` is given is set, and the error raised here. `interrupt` is
    called when the waiting itself is interrupted, and makes blocked work return.
    """
    batch = _Batch(work, items)
    if len(items) == 1:
        return [work(items[0], batch.stop)]
    # Daemons: a thread that hangs in a connection attempt must not keep an interrupted program alive.
    crew = [threading.Thread(target=batch.labour, daemon=True) for _ in range(min(threads, len(items)))]
    for thread in crew:
        thread.start()
    try:
        results = dict(batch.next_result() for _ in items)
    except _Failed as failed:
        raise failed.error from None
    except BaseException:
        interrupt()
        raise
    finally:
        batch.stop.set()
        for thread in crew:
            thread.join(_GRACE)
    return [results[number] for number in range(len(items))]


class _Done(Struct, Generic[Result], frozen=True):
    number: int
    result: Result


class _Failed(Exception):  # noqa: N818  # it carries the error, and is none itself
    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error


class _Batch(Generic[Item, Result]):
    def __init__(self, work: Callable[[Item, threading.Event], Result], items: Sequence[Item]) -> None:
        self.stop = threading.Event()
        self._work = work
        self._waiting: SimpleQueue[tuple[int, Item]] = SimpleQueue()
        self._outcomes: SimpleQueue[_Done[Result] | _Failed] = SimpleQueue()
        for numbered in enumerate(items):
            self._waiting.put(numbered)

    def labour(self) -> None:
        while not self.stop.is_set():
            try:
                number, item = self._waiting.get_nowait()
            except Empty:
                return
            try:
                self._outcomes.put(_Done(number, self._work(item, self.stop)))
            except BaseException as error:  # noqa: BLE001  # raised again in the thread that waits
                self._outcomes.put(_Failed(error))

    def next_result(self) -> tuple[int, Result]:
        while True:
            try:
                outcome = self._outcomes.get(timeout=_POLL_SECONDS)
            except Empty:
                continue
            match outcome:
                case _Failed():
                    raise outcome
                case _Done(number, result):
                    return number, result
