"""Runs localstack in this process, and lets it listen on loopback only.

A program, started by `strict.py` with the Python that localstack is installed for. localstack 4.14 binds its gateway
to all interfaces whatever GATEWAY_LISTEN says (its own source wonders: 'interface = host?'), so the default is changed
here, and whatever would listen elsewhere all the same is refused before it does.
"""

import functools
import runpy
import sys
from typing import Any

LOOPBACK = ("127.0.0.1", "::1", "localhost")


def refuse_elsewhere(event: str, arguments: tuple[Any, ...]) -> None:
    """An audit hook: no TCP socket of this process is bound to anything but loopback."""
    if event == "socket.bind" and isinstance(arguments[1], tuple) and arguments[1][0] not in LOOPBACK:
        raise PermissionError(f"refused to listen on {arguments[1]!r}")


if __name__ == "__main__":
    sys.addaudithook(refuse_elsewhere)
    from twisted.internet import endpoints  # type: ignore[import-not-found]  # only where localstack is installed

    endpoints.TCP4ServerEndpoint = functools.partial(endpoints.TCP4ServerEndpoint, interface="127.0.0.1")
    runpy.run_module("localstack.runtime.main", run_name="__main__")
