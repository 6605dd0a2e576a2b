"""Imports modules one after the other and says what came of each. A script, never imported.

It runs inside the target's interpreter (Python 3.7 or newer, `-I -S`) and imports nothing of lambda-pack. Its order is
JSON: `path` comes before the standard library in `sys.path`, as on Lambda; `environment` is the whole environment;
`modules` are imported; after `seconds` the stack of every thread is printed, and that is the end. It answers in lines
of JSON on the standard output, which nothing else can write to: what the modules print goes to the standard error.
"""

from __future__ import annotations

import faulthandler
import importlib
import json
import os
import sys
import traceback
from _imp import is_builtin, is_frozen

# What is loaded here hides what a bundle has of the same name, and `typing` is nothing that Lambda has loaded.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TextIO


def main(path: str) -> None:
    """Import what the order says."""
    with open(path, encoding="utf-8") as file:  # noqa: PTH123  # see above
        order = json.load(file)
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        os.dup2(2, 1)
        loaded = set(sys.modules)
        sys.path[:0] = order["path"]
        os.environ.clear()  # noqa: TID251  # a process of its own
        os.environ.update(order["environment"])  # noqa: TID251
        faulthandler.dump_traceback_later(order["seconds"], exit=True)
        for name in order["modules"]:
            tell(answers, {"begun": name})
            tell(answers, outcome(name, loaded, tuple(order["path"])))
    # Threads that a module has started and does not end would keep us waiting.
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(0)


def tell(answers: TextIO, answer: dict[str, Any]) -> None:
    """One line."""
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


def outcome(name: str, loaded: set[str], path: tuple[str, ...]) -> dict[str, Any]:
    """What came of one import."""
    if name in loaded or is_builtin(name) or is_frozen(name):
        return {"own": name}
    try:
        importlib.import_module(name)
    except BaseException as error:  # noqa: BLE001  # a module may raise anything; each is an answer
        return failure(name, error, path)
    return {"loaded": name}


def failure(name: str, error: BaseException, path: tuple[str, ...]) -> dict[str, Any]:
    """The error with the frames from the first of the bundle's on; where it has none, with no frame of ours."""
    trace = error.__traceback__
    while trace is not None and not trace.tb_frame.f_code.co_filename.startswith(path):
        trace = trace.tb_next
    files = [frame.filename for frame in traceback.extract_tb(trace)]
    # An extension module that cannot be loaded, and a file with a syntax error, have no frame.
    named = error.filename if isinstance(error, SyntaxError) else getattr(error, "path", None)
    if named:
        files.append(str(named))
    lines = traceback.format_exception(type(error), error, trace)
    said = traceback.format_exception_only(type(error), error)[-1].strip()
    return {"failed": name, "error": said, "traceback": "".join(lines), "files": files}


if __name__ == "__main__":
    main(sys.argv[1])
