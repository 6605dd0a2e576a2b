"""A server on loopback that answers S3's requests as the test says, and remembers them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import TracebackType
from typing import Any, Self
from xml.sax.saxutils import escape

from msgspec import Struct, field

__all__ = ["Reply", "Scripted", "Seen", "refusal"]


class Seen(Struct, frozen=True):
    """A request; the names of `headers` are in lower case, `size` is that of its body in bytes."""

    method: str
    path: str
    headers: Mapping[str, str]
    size: int


class Reply(Struct, frozen=True):
    """An answer."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


def refusal(status: int, code: str, *, message: str = "no", more: str = "", **headers: str) -> Reply:
    """S3's form of a refusal; `more` is further XML, and in the names of `headers` '_' stands for '-'."""
    body = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message>{more}<RequestId>R1</RequestId></Error>"
    return Reply(status, {name.replace("_", "-"): value for name, value in headers.items()}, body.encode())


class Scripted:
    """A context manager; `answer` gives the reply to each request."""

    def __init__(self, answer: Callable[[Seen], Reply]) -> None:
        self.seen: list[Seen] = []
        self._server = _Server(answer, self.seen)
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def endpoint(self) -> str:
        """Its URL."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, answer: Callable[[Seen], Reply], seen: list[Seen]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer = answer
        self.seen = seen

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401  # as socketserver types it
        """Clients may leave whenever they like; anything else is shown."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 5
    server: _Server

    def do_PUT(self) -> None:  # http.server's name
        size = left = int(self.headers.get("Content-Length", 0))
        while left > 0 and (piece := self.rfile.read(min(left, 1 << 16))):
            left -= len(piece)
        headers = {name.lower(): value for name, value in self.headers.items()}
        seen = Seen(self.command, self.path, headers, size)
        self.server.seen.append(seen)
        reply = self.server.answer(seen)
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        body = b"" if self.command == "HEAD" else reply.body
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_DELETE = do_PUT  # noqa: N815  # http.server's names

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # http.server's name
        """Nothing: what was asked is in `seen`."""
