"""Runs a handler through awslambdaric, against a Runtime API of its own on loopback. A script, never imported.

It runs inside the target's interpreter (Python 3.7 or newer, `-I -S`) and imports nothing of lambda-pack, so that one
piece of code serves the host, a container without a network, and an emulator. The handler runs in a fork that is made
before anything else is loaded; its parent is Lambda: it hands out one event and takes the outcome
(https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html).

Its order is JSON: `clients` are the folders where awslambdaric may be, `path` comes before them and before the standard
library; `environment` is the whole environment of the handler and `folder` where it runs; it is called with `event`
(text) and may take `seconds`. It answers in one line of JSON on the standard output, which nothing else can write to:
`path` is there the interpreter's own, `started` what it had mapped before the handler's module, `mapped` what since.
"""

from __future__ import annotations

import json
import os
import sys
import time

# What is loaded here hides what a bundle has of the same name, and `typing` is nothing that Lambda has loaded.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from http.server import BaseHTTPRequestHandler
    from typing import Any

# Seconds that Lambda waits longer than the function may take: the function prints its stack then, and ends by itself.
PATIENCE = 10
REQUEST = "00000000-0000-4000-8000-000000000001"


def main(path: str) -> None:
    """Fork into Lambda and its function."""
    with open(path, encoding="utf-8") as file:  # noqa: PTH123  # see above
        order = json.load(file)
    answers = os.dup(1)
    os.dup2(2, 1)
    clients = [folder for folder in order["clients"] if os.path.isdir(folder + "/awslambdaric")]  # noqa: PTH112
    if not clients:
        os.write(answers, b'{"missing": "awslambdaric"}\n')
        return
    reader, writer = os.pipe()
    function = os.fork()
    if function == 0:
        os.close(writer)
        os.close(answers)
        run(order, clients[0], reader)
    os.close(reader)
    os.write(answers, json.dumps(serve(order, function, writer)).encode() + b"\n")


def run(order: dict[str, Any], client: str, reader: int) -> None:
    """The function, as the runtime's bootstrap starts it. Does not return."""
    import faulthandler
    import runpy

    with os.fdopen(reader) as told:
        api, deadline = told.read().split()
    os.chdir(order["folder"])
    os.environ.clear()  # noqa: TID251  # a process of its own
    os.environ.update(order["environment"], AWS_LAMBDA_RUNTIME_API=api)  # noqa: TID251
    sys.path[:0] = [*order["path"], client]
    sys.argv = ["awslambdaric", order["handler"]]
    faulthandler.dump_traceback_later(max(float(deadline) - time.time(), 0.001), exit=True)
    runpy.run_module("awslambdaric", run_name="__main__", alter_sys=True)
    os._exit(0)


def serve(order: dict[str, Any], function: int, writer: int) -> dict[str, Any]:
    """Lambda: serves until there is an outcome, the function has ended, or its time is up."""
    from http.server import HTTPServer
    from signal import SIGKILL

    deadline = time.time() + order["seconds"]
    outcome: dict[str, Any] = {}
    started = mapped(function)

    def take(kind: str, body: str) -> None:
        # While it waits for our answer, the function is there to be looked at.
        new = [file for file in mapped(function) if file not in started]
        outcome.update({kind: body, "path": list(sys.path), "started": started, "mapped": new})

    with HTTPServer(("127.0.0.1", 0), api_for(order, deadline, take)) as server:
        server.timeout = 0.05
        with os.fdopen(writer, "w") as told:
            told.write(f"127.0.0.1:{server.server_port} {deadline}")
        ended = None
        while not outcome and ended is None and time.time() < deadline + PATIENCE:
            server.handle_request()
            process, status = os.waitpid(function, os.WNOHANG)
            ended = status if process else None
        # Before the server goes: the function would complain that it cannot have another event.
        if ended is None:
            os.kill(function, SIGKILL)
            os.waitpid(function, 0)
    return outcome or ({"timeout": True} if time.time() >= deadline else {"ended": ended})


def mapped(process: int) -> list[str]:
    """The files with code that are mapped into a process; see import_program.py."""
    found = {}
    try:
        with open(f"/proc/{process}/maps", encoding="utf-8", errors="surrogateescape") as maps:  # noqa: PTH123
            for line in maps:
                fields = line.rstrip("\n").split(None, 5)
                if len(fields) == 6 and "x" in fields[1] and fields[5].startswith("/"):  # noqa: PLR2004
                    found[fields[5]] = True
    except OSError:
        pass
    return list(found)


def api_for(order: dict[str, Any], deadline: float, take: Callable[[str, str], None]) -> type[BaseHTTPRequestHandler]:
    """The Runtime API, version 2018-06-01, for one event; `take` gets the kind and the text of what is sent."""
    from http.server import BaseHTTPRequestHandler

    event = order["event"].encode()
    headers = {
        "Content-Type": "application/json",
        "Content-Length": str(len(event)),
        "Lambda-Runtime-Aws-Request-Id": REQUEST,
        "Lambda-Runtime-Deadline-Ms": str(int(deadline * 1000)),
        "Lambda-Runtime-Invoked-Function-Arn": order["arn"],
    }

    class Api(BaseHTTPRequestHandler):
        # Seconds: whoever connects and says nothing must not keep the others waiting.
        timeout = 5

        def do_GET(self) -> None:  # http.server's name
            """Answer `/runtime/invocation/next`."""
            self.send_response(200)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(event)

        def do_POST(self) -> None:  # http.server's name
            """Take `/runtime/invocation/ID/response`, `…/error` or `/runtime/init/error`."""
            kind = "error" if self.path.endswith("/error") else "response"
            take(kind, body(self).decode("utf-8", "replace"))
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    return Api


def body(request: BaseHTTPRequestHandler) -> bytes:
    """The body of a request, sent in one piece or in chunks."""
    if request.headers.get("Transfer-Encoding", "").lower() != "chunked":
        return request.rfile.read(int(request.headers.get("Content-Length", 0)))
    pieces = []
    while True:
        size = int(request.rfile.readline().split(b";")[0], 16)
        pieces.append(request.rfile.read(size))
        request.rfile.readline()
        if not size:
            return b"".join(pieces)


if __name__ == "__main__":
    main(sys.argv[1])
