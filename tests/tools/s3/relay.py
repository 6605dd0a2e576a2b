"""A proxy on loopback that passes S3's traffic on, and drops, delays or loses what it is told to."""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Lock, Thread
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from msgspec import Struct, field

__all__ = ["Fault", "Relay"]

_REQUEST = re.compile(rb"(GET|HEAD|PUT|POST|DELETE) (\S+) HTTP/1\.1\r\n")


class Fault(Struct):
    """What happens to the next `times` requests whose line ('PUT /code/a.zip?partNumber=2…') has `pattern` in it.

    `cut`: the connection is dropped after so many bytes of the request. `lose`: the request arrives, its answer does
    not. `delay`: seconds before each piece of the request is passed on. `first` is done before all that.
    """

    pattern: str
    cut: int | None = None
    lose: bool = False
    delay: float = 0
    first: Callable[[], object] | None = None
    times: int = 1


class Relay(Struct):
    """A context manager between `endpoint` of the server and its own."""

    server: str
    faults: list[Fault] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)
    _sockets: list[socket.socket] = field(default_factory=list)
    _threads: list[Thread] = field(default_factory=list)
    _listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))

    def __enter__(self) -> Self:
        self._begin(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with self._lock:
            for each in (self._listener, *self._sockets):
                _end(each)
        for thread in self._threads:
            thread.join(10)
        for each in (self._listener, *self._sockets):
            each.close()

    @property
    def endpoint(self) -> str:
        """Its URL."""
        return "http://{}:{}".format(*self._listener.getsockname())

    def sent(self, pattern: str) -> int:
        """How many requests had it in their line."""
        return sum(re.search(pattern, line) is not None for line in self.requests)

    def _begin(self, task: Callable[..., None], *arguments: object) -> None:
        thread = Thread(target=task, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with suppress(OSError):  # the listener was closed
            while True:
                near, _ = self._listener.accept()
                url = urlsplit(self.server)
                far = socket.create_connection((url.hostname or "", url.port or 0))
                with self._lock:
                    self._sockets += [near, far]
                lost = [False]
                self._begin(self._requests, near, far, lost)
                self._begin(self._answers, near, far, lost)

    def _requests(self, near: socket.socket, far: socket.socket, lost: list[bool]) -> None:
        """From the client to the server. botocore sends each request's head in a piece of its own."""
        fault, passed = Fault(""), 0
        with suppress(OSError):
            while piece := near.recv(1 << 16):
                if head := _REQUEST.match(piece):
                    line = b" ".join(head.groups()).decode("ascii")
                    self.requests.append(line)
                    fault, passed = self._fault_for(line), 0
                    lost[0] = fault.lose
                    if fault.first is not None:
                        fault.first()
                if fault.delay:
                    time.sleep(fault.delay)
                passed += len(piece)
                if fault.cut is not None and passed > fault.cut:
                    break
                far.sendall(piece)
        _end(near)
        _end(far)

    def _answers(self, near: socket.socket, far: socket.socket, lost: list[bool]) -> None:
        with suppress(OSError):
            while piece := far.recv(1 << 16):
                if lost[0] and not piece.startswith(b"HTTP/1.1 100"):
                    break
                near.sendall(piece)
        _end(near)
        _end(far)

    def _fault_for(self, line: str) -> Fault:
        with self._lock:
            for fault in self.faults:
                if fault.times > 0 and re.search(fault.pattern, line):
                    fault.times -= 1
                    return fault
        return Fault("")


def _end(connection: socket.socket) -> None:
    with suppress(OSError):  # it ended by itself
        connection.shutdown(socket.SHUT_RDWR)
