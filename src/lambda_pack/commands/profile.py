"""Where the time of a pack went, as a trace that Chrome (chrome://tracing), Perfetto and speedscope show."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from lambda_pack.commands.recorder import Span
from lambda_pack.files.whole import whole_file

__all__ = ["write_profile"]

_MICROSECONDS = 1_000_000


def write_profile(path: Path, spans: Iterable[Span]) -> None:
    """Write the spans in the Trace Event Format: complete events, in microseconds.

    Raises:
        LambdaPackError: the file cannot be written.
    """
    document = {"displayTimeUnit": "ms", "traceEvents": list(_events(tuple(spans)))}
    with whole_file(path) as file:
        file.write(json.dumps(document, indent=1).encode())


def _events(spans: tuple[Span, ...]) -> Iterator[dict[str, Any]]:
    threads = {thread: number for number, thread in enumerate(dict.fromkeys(span.thread for span in spans))}
    for span in spans:
        yield {
            "name": span.label,
            "cat": "step" if span.label.startswith("step ") else "package",
            "ph": "X",
            "ts": round(span.begin * _MICROSECONDS),
            "dur": round(span.seconds * _MICROSECONDS),
            "pid": os.getpid(),
            "tid": threads[span.thread],
        }
