"""Wheels opened once for a whole run: whoever audits or composes them shares one map and one directory."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Self

from lambda_pack.errors import LambdaPackError
from lambda_pack.files.wheel import WheelArchive, open_wheel
from lambda_pack.model.packages import Pin

__all__ = ["OpenWheels"]


class OpenWheels:
    """A context manager; what it has opened, for any thread, is valid until its block ends.

    A file must not be opened before its digest is known to be right, and not change afterwards.
    """

    def __init__(self) -> None:
        self._open: dict[tuple[Path, Pin], WheelArchive] = {}
        self._lock = Lock()
        self._stack = ExitStack()
        self._is_closed = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._lock:
            self._is_closed = True
            self._open.clear()
            self._stack.close()

    def open(self, path: Path, pin: Pin) -> WheelArchive:
        """The wheel, which must be `pin`.

        Raises:
            IntegrityError: see `open_wheel`.
        """
        with self._lock:
            if self._is_closed:
                raise AssertionError("a wheel is opened after the run has ended")
            if (path, pin) not in self._open:
                self._open[path, pin] = self._stack.enter_context(open_wheel(path, pin))
            return self._open[path, pin]

    def open_ahead(self, path: Path, pin: Pin) -> None:
        """The same for a thread that works ahead: it takes 10 ms for 1,000 members. What is wrong, `open` will say."""
        with suppress(LambdaPackError, AssertionError):
            self.open(path, pin)
