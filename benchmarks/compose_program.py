"""Composes one zip from local wheels in a process of its own: `compose_program.py ZIP WHEEL...`; prints JSON.

The figures leave out the start of Python and the imports: composing is judged by itself, against `cat`.
"""

import json
import sys
import time
from pathlib import Path

from lambda_pack.files.archive import write_zip
from lambda_pack.files.bundle import compose
from lambda_pack.files.open_wheels import OpenWheels
from lambda_pack.model.packages import Wheel


def main() -> None:
    """Compose, and say how long it took and how much memory the process had at its peak, in seconds and bytes."""
    into, *paths = map(Path, sys.argv[1:])
    wheels = [(Wheel.parse(path.as_uri()).pin, path) for path in paths]
    began = time.perf_counter()
    with OpenWheels() as opened:
        archive = write_zip(compose([opened.open(path, pin) for pin, path in wheels]), into)
        seconds = time.perf_counter() - began
        mapped = _mapped()
    print(json.dumps({"seconds": seconds, "size": archive.size, "peak": _peak(), "mapped": mapped}))  # noqa: T201  # the answer


def _peak() -> int:
    import resource  # not on Windows, where nothing else here is missing

    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _mapped() -> int:
    """The pages of files in our memory while the wheels are open: page cache, which the peak counts as ours."""
    status = Path("/proc/self/status")
    if not status.is_file():
        return 0
    lines = dict(line.split(":", 1) for line in status.read_text("ascii").splitlines())
    return int(lines.get("RssFile", "0").split()[0]) * 1024


if __name__ == "__main__":
    main()
