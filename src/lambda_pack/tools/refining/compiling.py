"""Bytecode for the target's Python, made by an interpreter of its version: the same bytes in every run."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from lambda_pack.errors import LambdaPackError, UsageError
from lambda_pack.tools.interpreters import find_interpreter, install_interpreter, version_of
from lambda_pack.tools.process import run, tail

__all__ = ["compiled", "interpreter_for"]

_PROGRAM = Path(__file__).with_name("compile_program.py")
# No user's packages and no site-packages: what is loaded must not differ. `-I` would also keep the seed of hashes out,
# and sets in constants would be written in another order each time.
_FLAGS = ("-s", "-S", "-B", "-W", "ignore")
_SEED = {"PYTHONHASHSEED": "0"}


def interpreter_for(
    python: tuple[int, int], *, named: Path | None, environ: Mapping[str, str], may_install: bool
) -> Path:
    """The interpreter that compiles for a version of Python: bytecode of another one would be passed over.

    Raises:
        UsageError: there is none here, or the named one is of another version.
    """
    wanted = "{}.{}".format(*python)
    if named is not None:
        if version_of(named, environ=environ) != python:
            raise UsageError(f"--compile needs Python {wanted}, and {str(named)!r} is none; name one of that version")
        return named
    found = find_interpreter(python, environ=environ)
    if found is None and may_install:
        found = install_interpreter(python, environ=environ)
    if found is None:
        raise UsageError(
            f"--compile needs Python {wanted}, which is not here; install it, let uv do so with --python-install, "
            "or leave out --compile"
        )
    return found


def compiled(
    sources: Mapping[str, bytes], python: Path, scratch: Path, *, environment: Mapping[str, str]
) -> Mapping[str, bytes]:
    """The `.pyc` file of each source, by the path that tracebacks will name; what does not compile has none.

    Raises:
        LambdaPackError: the interpreter failed.
    """
    folder = scratch / "compile"
    folder.mkdir()
    try:
        names = {path: f"{number}.py" for number, path in enumerate(sources)}
        for path, name in names.items():
            (folder / name).write_bytes(sources[path])
        program, order = folder / "program" / _PROGRAM.name, folder / "order.json"
        # Its folder is on `sys.path`, and must hold nothing else.
        program.parent.mkdir()
        shutil.copyfile(_PROGRAM, program)
        order.write_text(json.dumps(list(names)), "utf-8")
        ended = run(
            (str(python), *_FLAGS, str(program), str(order)), environment={**environment, **_SEED}, folder=folder
        )
        if ended.status != 0:
            raise LambdaPackError(f"{str(python)!r} could not compile; see the log", log=tail(ended.log))
        made = {path: folder / f"{name}c" for path, name in names.items()}
        return {path: file.read_bytes() for path, file in made.items() if file.is_file()}
    finally:
        shutil.rmtree(folder)
