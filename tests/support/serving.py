"""An HTTP server on loopback that gives prepared answers, whole or not."""

from __future__ import annotations

import re
import socket
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socketserver import TCPServer
from threading import Event, Lock, Thread
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from tests.support.faults import Slow

__all__ = ["Answer", "Asked", "LoopbackServer", "ranged"]


class Asked(Struct, frozen=True):
    """A request; the names of `headers` are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]


class Answer(Struct, frozen=True):
    """What is sent. `more` bytes are announced beyond the body; after `cut` bytes of it the connection closes."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    more: int = 0
    cut: int | None = None
    slow: Slow | None = None


def ranged(answer: Answer, asked: Asked) -> Answer:
    """The part that Range asks for (one range; `If-Range` honoured), or the answer as it is."""
    match = re.fullmatch(r"bytes=(\d*)-(\d*)", asked.headers.get("range", ""))
    condition = asked.headers.get("if-range")
    if not match or not any(match.groups()) or condition not in {None, answer.headers.get("ETag")}:
        return answer
    size = len(answer.body)
    first = int(match[1]) if match[1] else max(0, size - int(match[2]))
    last = min(int(match[2]), size - 1) if match[1] and match[2] else size - 1
    if first > last:
        return Answer(416, {"Content-Range": f"bytes */{size}"})
    headers = {**answer.headers, "Content-Range": f"bytes {first}-{last}/{size}"}
    return replace(answer, status=206, headers=headers, body=answer.body[first : last + 1])


class LoopbackServer(ThreadingHTTPServer):
    """Listens on a free port of 127.0.0.1 between `start` and `stop`."""

    daemon_threads = False
    block_on_close = True

    def __init__(self, respond: Callable[[Asked], Answer]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.respond = respond
        self.stopping = Event()
        self._lock = Lock()
        self._connections: set[socket.socket] = set()
        # Threads look for the end of the server every few milliseconds: the default costs each test half a second.
        self._thread = Thread(target=self.serve_forever, args=(0.01,), daemon=True)

    def server_bind(self) -> None:
        """Binds without asking the name service who 127.0.0.1 is, which may take seconds."""
        TCPServer.server_bind(self)

    @property
    def authority(self) -> str:
        """Host and port."""
        return f"127.0.0.1:{self.server_address[1]}"

    def start(self) -> None:
        """Accepts connections from now on."""
        self._thread.start()

    def stop(self) -> None:
        """Ends all connections, slow ones too, and every thread."""
        self.stopping.set()
        self.shutdown()
        with self._lock:
            connections = tuple(self._connections)
        for connection in connections:
            _end(connection)
        self.server_close()
        self._thread.join()

    def opened(self, connection: socket.socket) -> None:
        """A handler begins."""
        with self._lock:
            self._connections.add(connection)
        if self.stopping.is_set():
            _end(connection)

    def closed(self, connection: socket.socket) -> None:
        """A handler is done."""
        with self._lock:
            self._connections.discard(connection)

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401  # as socketserver types it
        """Clients may leave whenever they like; anything else is shown."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # headers and body are two writes: the second would wait 40 ms for the client
    server: LoopbackServer

    def setup(self) -> None:
        super().setup()
        self.server.opened(self.connection)

    def finish(self) -> None:
        self.server.closed(self.connection)
        super().finish()

    def do_GET(self) -> None:  # http.server's name
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.respond(Asked(self.command, self.path, headers))
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        if answer.status != HTTPStatus.NOT_MODIFIED:
            self.send_header("Content-Length", str(len(answer.body) + answer.more))
        self.end_headers()
        if self.command != "HEAD":
            self._send(answer)

    do_HEAD = do_GET  # noqa: N815  # http.server's name

    def _send(self, answer: Answer) -> None:
        body = answer.body if answer.cut is None else answer.body[: answer.cut]
        step = answer.slow.chunk if answer.slow else max(1, len(body))
        for begin in range(0, len(body), step):
            if answer.slow and self.server.stopping.wait(answer.slow.seconds):
                return
            self.wfile.write(body[begin : begin + step])
        # Whoever waits for bytes that were announced and do not come learns it from the end of the connection.
        self.close_connection = self.close_connection or answer.cut is not None or answer.more != 0

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # http.server's name
        """Nothing: what was asked is in the index's `requests`."""


def _end(connection: socket.socket) -> None:
    with suppress(OSError):  # it ended by itself
        connection.shutdown(socket.SHUT_RDWR)
