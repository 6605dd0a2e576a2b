"""Reading a whole file that was named as an input: regular files alone, up to a limit of size."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from lambda_pack.errors import UsageError
from lambda_pack.model.input_limits import FILE_SIZE

__all__ = ["read_whole", "read_whole_text"]

# What the shell opens before it starts a program, as for `-r <(command)`: such a pipe has a program that writes to it.
_OPENED = ("/dev/stdin", "/dev/fd/", "/proc/self/fd/")


def read_whole(path: Path) -> bytes:
    """Return the content of a file.

    Raises:
        UsageError: it is a device, a socket or a named pipe, or larger than `FILE_SIZE`.
        OSError: it cannot be opened or read.
    """
    # A named pipe without a writer would be waited for.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0))
    with open(descriptor, "rb", buffering=0) as file:  # noqa: PTH123  # it has no path any more
        mode = os.fstat(descriptor).st_mode
        is_opened = stat.S_ISFIFO(mode) and str(path.absolute()).startswith(_OPENED)
        if stat.S_ISDIR(mode):
            raise IsADirectoryError(f"{path.as_posix()!r} is a folder")
        if not stat.S_ISREG(mode) and not is_opened:
            raise UsageError(f"{path.as_posix()!r} is not a regular file; name one")
        if is_opened:
            os.set_blocking(descriptor, True)  # its only parameter
        pieces, size = [], 0
        while piece := file.read(1 << 20):
            pieces.append(piece)
            size += len(piece)
            if size > FILE_SIZE.most:
                raise UsageError(f"{path.as_posix()!r} {FILE_SIZE.refusal()}; name a smaller file")
    return b"".join(pieces)


def read_whole_text(path: Path) -> str:
    """Return the text of a file in UTF-8, line ends as `Path.read_text` makes them.

    Raises:
        UsageError: see `read_whole`.
        OSError: it cannot be opened or read.
        UnicodeDecodeError: it is not UTF-8.
    """
    return read_whole(path).decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
