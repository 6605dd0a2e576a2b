"""The parts of the environment that `entrypoint` makes: what is not there yet is fetched when it is first needed.

`entrypoint` puts the part "core" of requirements.lock on `sys.path`; the other parts are folders beside it. Where
lambda-pack was installed by pip or pipx, all its dependencies are there, and nothing here does anything.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from enum import StrEnum
from functools import cache
from pathlib import Path
from threading import Lock, Thread

from lambda_pack.errors import IndexUnavailable, LambdaPackError
from lambda_pack.tools.process import own_environment, run, tail

__all__ = ["Part", "begin", "default_index", "environment_folder", "import_path", "is_there", "need", "program_folder"]

_MARKER = "made-from.lock"  # as in `entrypoint`: with it a part is whole
_MAKE = (
    "import sys; sys.path.insert(0, sys.argv.pop(1))\n"
    "from script.environment.making import main\n"
    "sys.exit(main(sys.argv[1:]))"
)
_ISOLATED = ("-I", "-S", "-B")
_CHECKOUT = Path(__file__).resolve().parents[3]

_lock = Lock()
_makers: dict[Part, Thread] = {}
_failures: dict[Part, LambdaPackError] = {}


class Part(StrEnum):
    """What can be added; [tool.environment-parts] of pyproject.toml says which packages each one has."""

    RESOLVE = "resolve"
    DELIVER = "deliver"
    BUILD = "build"
    ACTION = "action"
    TERMINAL = "terminal"


def is_there(part: Part) -> bool:
    """Return whether the part's packages can be imported without waiting; they are on `sys.path` then."""
    root = _root()
    if root is None:
        return True
    folder = root / part.value
    if str(folder) in sys.path:
        return True
    if not (folder / _MARKER).is_file():
        return False
    sys.path.append(str(folder))
    return True


def begin(part: Part) -> None:
    """Fetch a part in the background unless it is there; `need` raises its failure."""
    if is_there(part):
        return
    with _lock:
        if part not in _makers:
            _makers[part] = Thread(target=_make, args=(part,), daemon=True)
            _makers[part].start()


def need(part: Part) -> None:
    """Fetch a part unless it is there, and put its packages on `sys.path`.

    Raises:
        IndexUnavailable: a package cannot be fetched.
        LambdaPackError: the part cannot be written.
    """
    begin(part)
    with _lock:
        maker = _makers.get(part)
    if maker is not None:
        maker.join()
    if is_there(part):
        return
    with _lock:
        _makers.pop(part, None)  # another attempt may succeed
        failure = _failures.pop(part, None)
    raise failure or LambdaPackError(f"the part {part.value!r} of the environment has gone; start again")


def import_path(environment: Mapping[str, str], part: Part) -> dict[str, str]:
    """Return an environment in which a program started with `sys.executable -P` can import the part's packages.

    Raises:
        IndexUnavailable, LambdaPackError: see `need`.
    """
    need(part)
    root = _root()
    if root is None:
        return dict(environment)
    return {**environment, "PYTHONPATH": os.pathsep.join([str(root / "core"), str(root / part.value)])}


def program_folder(part: Part) -> Path:
    """Return where the programs are that the part's packages bring: beside the interpreter when we were installed."""
    root = _root()
    return Path(sys.executable).parent if root is None else root / part.value / "bin"


def default_index() -> str | None:
    """Return the index that pip asks by default, noted when the environment was made; None where it is not known."""
    root = _root()
    try:
        return (root / "core" / "default-index").read_text("utf-8") if root else None
    except OSError:
        return None


def environment_folder() -> Path | None:
    """Return the folder that holds all parts, to be kept for other runs; None where `entrypoint` has not started us."""
    return _root()


@cache
def _root() -> Path | None:
    """Return the folder of the parts, or None where `entrypoint` has not started us."""
    entries = [Path(entry) for entry in sys.path if entry.endswith("core")]
    return next((entry.parent for entry in entries if entry.name == "core" and (entry / _MARKER).is_file()), None)


def _make(part: Part) -> None:
    root = _root()
    lock = str(_CHECKOUT / "requirements.lock")
    program = [sys.executable, *_ISOLATED, "-c", _MAKE, str(_CHECKOUT)]
    command = [*program, str(root), lock, part.value, str(os.getpid())]
    try:
        ended = run(command, environment=own_environment())
    except LambdaPackError as error:
        _failures[part] = error
        return
    if ended.status != 0:
        kind = IndexUnavailable if ended.status == IndexUnavailable.exit_code else LambdaPackError
        text = tail(ended.log).removeprefix("lambda-pack: ").removeprefix("error: ")
        _failures[part] = kind(f"the part {part.value!r} of lambda-pack's environment could not be made: {text}")
