"""Runs a command on a terminal of 100 columns and 30 lines; all it writes goes to our output, as a JSON string.

As JSON, because a carriage return that goes through a pipe of text may come out as the end of a line.
"""

from __future__ import annotations

import fcntl
import json
import os
import pty
import struct
import sys
import termios

SIZE = struct.pack("HHHH", 30, 100, 0, 0)


def main(command: list[str]) -> int:
    """Its exit code."""
    child, terminal = pty.fork()
    if child == 0:
        fcntl.ioctl(0, termios.TIOCSWINSZ, SIZE)
        os.execvp(command[0], command)  # noqa: S606  # the test's own command
    written = b""
    while True:
        try:
            data = os.read(terminal, 65536)
        except OSError:  # Linux says so when the other end is closed
            break
        if not data:
            break
        written += data
    json.dump(written.decode(), sys.stdout)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
