"""Imports modules one after the other and says what came of each. A script, never imported.

It runs inside the target's interpreter (Python 3.7 or newer, `-I -S`) and imports nothing of lambda-pack. Its order is
JSON: `path` comes before the standard library in `sys.path`, as on Lambda; `environment` is the whole environment and
`folder` where the function runs; `modules` are imported; where an import takes more than `seconds`, the stack of every
thread is printed, and that is the end. It answers in lines of JSON on the standard output, which nothing else can write
to: what the modules print goes to the standard error. The first line has the interpreter's own `path` and the libraries
that it has `mapped`; every other one those that are new.
"""

from __future__ import annotations

import faulthandler
import importlib
import json
import os
import re
import sys
import traceback
from _imp import is_builtin, is_frozen

# What is loaded here hides what a bundle has of the same name, and `typing` is nothing that Lambda has loaded.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TextIO

# What importing a name from a namespace package says: there, the name is a module that no distribution has brought.
FROM_NAMESPACE = re.compile(r"cannot import name '(\w+)' from '([\w.]+)' \(unknown location\)")


def main(path: str) -> None:
    """Import what the order says."""
    with open(path, encoding="utf-8") as file:  # noqa: PTH123  # see above
        order = json.load(file)
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        os.dup2(2, 1)
        loaded = set(sys.modules)
        mapped: set[str] = set()
        tell(answers, {"path": list(sys.path), "mapped": newly_mapped(mapped)})
        sys.path[:0] = order["path"]
        os.chdir(order["folder"])
        os.environ.clear()  # noqa: TID251  # a process of its own
        os.environ.update(order["environment"])  # noqa: TID251
        for name in order["modules"]:
            faulthandler.dump_traceback_later(order["seconds"], exit=True)
            answer = outcome(name, loaded, tuple(order["path"]))
            tell(answers, {**answer, "mapped": newly_mapped(mapped)})
    # Threads that a module has started and does not end would keep us waiting.
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(0)


def tell(answers: TextIO, answer: dict[str, Any]) -> None:
    """One line."""
    answers.write(json.dumps(answer) + "\n")
    answers.flush()


def newly_mapped(known: set[str]) -> list[str]:
    """The files with code that are mapped into this process and not `known` yet, in the order of their addresses."""
    # Most lines are not about files: https://man7.org/linux/man-pages/man5/proc_pid_maps.5.html
    new = []
    try:
        with open("/proc/self/maps", encoding="utf-8", errors="surrogateescape") as maps:  # noqa: PTH123  # see above
            for line in maps:
                fields = line.rstrip("\n").split(None, 5)
                if len(fields) == 6 and "x" in fields[1] and fields[5].startswith("/") and fields[5] not in known:  # noqa: PLR2004
                    known.add(fields[5])
                    new.append(fields[5])
    except OSError:
        # Without /proc, nothing is known.
        pass
    return new


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
    said = traceback.format_exception_only(type(error), error)[-1].strip().partition("\n")[0]
    answer = {"failed": name, "error": said, "traceback": "".join(lines), "files": files}
    return {**answer, "missing": missing(error, path), "kinds": [kind_of(one) for one in chain(error)]}


def chain(error: BaseException | None) -> list[BaseException]:
    """The error, and those that it was raised from or while handling, the last one first."""
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


def kind_of(error: BaseException) -> str:
    """The name of the built-in exception that the error is."""
    return next(kind.__name__ for kind in type(error).__mro__ if kind.__module__ == "builtins")


def missing(error: BaseException | None, path: tuple[str, ...]) -> list[tuple[str, str | None]]:
    """The modules that were not found, each with the file of the bundle that asked for it, the last import first.

    `raise ImportError("install x") from error` hides what was not found, and a fallback what was tried before it.
    """
    found = []
    for one in chain(error):
        name = name_of_missing(one)
        if name:
            files = [frame.filename for frame in traceback.extract_tb(one.__traceback__)]
            files = [file for file in files if file.startswith(path)]
            found.append((name, files[-1] if files else None))
    return found


def name_of_missing(error: BaseException) -> str | None:
    """The dotted name of the module that an import did not find, if that is what the error says."""
    if isinstance(error, ModuleNotFoundError):
        return error.name
    match = FROM_NAMESPACE.match(str(error)) if isinstance(error, ImportError) else None
    return f"{match.group(2)}.{match.group(1)}" if match else None


if __name__ == "__main__":
    main(sys.argv[1])
