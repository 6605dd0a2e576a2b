"""Pack many: every cell of a plan, side by side, with the work shared that several of them need."""

from __future__ import annotations

import os
import sysconfig
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AbstractContextManager, contextmanager, suppress
from threading import Event
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from lambda_pack.commands.pack import pack
from lambda_pack.commands.shared_work import SharedWork
from lambda_pack.errors import Interrupted, LambdaPackError
from lambda_pack.model.cells import Cell
from lambda_pack.model.report import Report
from lambda_pack.ports import Narrator
from lambda_pack.tools.parts import Part, begin
from lambda_pack.tools.process import end_all

__all__ = ["Outcome", "Packed", "Refused", "pack_many"]

# How often the waiting thread looks up (seconds): Windows delivers Ctrl-C only between two waits.
_POLL_SECONDS = 0.2
# How long (seconds) what was interrupted may take to tidy up.
_GRACE = 1.0


class Packed(Struct, frozen=True):
    """A cell that came to its end: what is unmet is in its report. `error` says why it was not delivered, if so."""

    cell: Cell
    report: Report
    error: LambdaPackError | None = None


class Refused(Struct, frozen=True):
    """A cell that nothing came of, and why; an error that is none of ours is a bug."""

    cell: Cell
    error: Exception


Outcome: TypeAlias = Packed | Refused


def pack_many(
    cells: Sequence[Cell], environ: Mapping[str, str], narrate: Callable[[Cell], Narrator]
) -> Iterator[Outcome]:
    """Pack and deliver each cell, and say what came of it, as they come: one that fails stops no other.

    `narrate` gives the narrator of a cell, which is told from its own thread. An interruption ends all that runs.
    """
    if any(cell.delivery is not None for cell in cells):
        begin(Part.DELIVER)
    stop = Event()
    # Before there are threads: of two that fill this table at once one gets half of it (seen in CPython 3.11).
    sysconfig.get_config_vars()
    # Each waits for its resolver or the network half of the time.
    pool = ThreadPoolExecutor(max(1, min(2 * (os.cpu_count() or 1), len(cells))), thread_name_prefix="cell")
    with _no_empty_folders(cells), SharedWork() as shared:
        futures = [
            pool.submit(_outcome, cell, environ, _Stoppable(narrate(cell), stop), shared=shared)
            for cell in _distinct_first(cells)
        ]
        try:
            yield from _as_they_come(futures)
        except BaseException:
            stop.set()
            shared.stop()
            _end(futures)
            pool.shutdown(wait=False)
            raise
        pool.shutdown()


@contextmanager
def _no_empty_folders(cells: Sequence[Cell]) -> Iterator[None]:
    """Takes away output folders that the run has made and put nothing into: no cell knows which of them made one."""
    outputs = {cell.request.output.absolute() for cell in cells}
    made = {folder for output in outputs for folder in (output, *output.parents) if not folder.exists()}
    try:
        yield
    finally:
        for folder in sorted(made, key=lambda folder: -len(folder.parts)):
            with suppress(OSError):
                folder.rmdir()


def _outcome(cell: Cell, environ: Mapping[str, str], narrator: Narrator, *, shared: SharedWork) -> Outcome:
    try:
        report = pack(replace(cell.request, keeps_report=True), environ, narrator, shared=shared)
    except Interrupted:
        raise
    except Exception as error:  # noqa: BLE001  # the others go on; whoever reads the outcomes tells bugs apart
        return Refused(cell, error)
    if cell.delivery is None or report.unmet:
        return Packed(cell, report)
    from lambda_pack.commands.upload import deliver

    try:
        return Packed(cell, deliver(report, cell.delivery, narrator))
    except LambdaPackError as error:
        return Packed(cell, report, error)


def _distinct_first(cells: Sequence[Cell]) -> Sequence[Cell]:
    """What asks for the same comes later, when there is an answer to share; else it would wait in a thread for it."""
    seen: set[object] = set()
    later: list[Cell] = []
    first: list[Cell] = []
    for cell in cells:
        question = (str(cell.request.target), cell.request.requirements, cell.request.selection)
        (later if question in seen else first).append(cell)
        seen.add(question)
    return [*first, *later]


def _as_they_come(futures: Sequence[Future[Outcome]]) -> Iterator[Outcome]:
    waiting = set(futures)
    while waiting:
        done, waiting = wait(waiting, timeout=_POLL_SECONDS, return_when=FIRST_COMPLETED)
        for future in done:
            yield future.result()


def _end(futures: Sequence[Future[Outcome]]) -> None:
    """End what runs; what has not begun never will.

    A thread that connects to a server which does not answer cannot be woken: it is left alone after a moment.
    """
    for future in futures:
        future.cancel()
    end = time.monotonic() + _GRACE
    while wait(futures, timeout=_POLL_SECONDS).not_done and time.monotonic() < end:
        # A thread may have been between two programs.
        end_all()


class _Stoppable:
    """A narrator that ends the thread which tells it something, once the run is over."""

    def __init__(self, narrator: Narrator, stop: Event) -> None:
        self._narrator = narrator
        self._stop = stop

    def step(self, number: int, sentence: str) -> None:
        """See `lambda_pack.ports.Narrator`."""
        self._look_up()
        self._narrator.step(number, sentence)

    def note(self, text: str) -> None:
        """See `lambda_pack.ports.Narrator`."""
        self._look_up()
        self._narrator.note(text)

    def warn(self, text: str) -> None:
        """See `lambda_pack.ports.Narrator`."""
        self._look_up()
        self._narrator.warn(text)

    def working(self, text: str) -> None:
        """See `lambda_pack.ports.Narrator`."""
        self._look_up()
        self._narrator.working(text)

    def progress(self, label: str, done: int, total: int) -> None:
        """See `lambda_pack.ports.Narrator`."""
        self._look_up()
        self._narrator.progress(label, done, total)

    def span(self, label: str) -> AbstractContextManager[object]:
        """See `lambda_pack.ports.Narrator`."""
        return self._narrator.span(label)

    def _look_up(self) -> None:
        if self._stop.is_set():
            raise Interrupted("the run was stopped")
