"""Files as memory: read only, and on Linux paged in at once."""

from __future__ import annotations

import mmap
import sys
from io import FileIO

__all__ = ["mapped"]


def mapped(file: FileIO, begin: int = 0, size: int = 0) -> tuple[mmap.mmap, int]:
    """The map of `size` bytes of the file from `begin` on, 0 for all that follow; and where `begin` is in the map.

    Page faults one by one took 90 ms for 128 MB that the page cache held, twice the time of writing them elsewhere.

    Raises:
        OSError: the file cannot be mapped.
        ValueError: it is empty, or shorter than that.
    """
    start = begin - begin % mmap.ALLOCATIONGRANULARITY
    length = begin + size - start if size else 0
    if sys.platform == "linux":
        flags = mmap.MAP_SHARED | mmap.MAP_POPULATE
        return mmap.mmap(file.fileno(), length, flags=flags, prot=mmap.PROT_READ, offset=start), begin - start
    return mmap.mmap(file.fileno(), length, access=mmap.ACCESS_READ, offset=start), begin - start
