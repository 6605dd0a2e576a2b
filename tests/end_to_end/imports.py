"""Imports what a bundle holds in an interpreter that sees nothing but the bundle and the standard library."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from tests.support.processes import run

__all__ = ["import_all", "top_level_modules"]

PROGRAM = """
import importlib, sys, traceback
sys.path[:] = [path for path in sys.path if "site-packages" not in path]
sys.path.insert(0, sys.argv[1])
sys.dont_write_bytecode = True
failed = []
for name in sys.argv[2:]:
    try:
        module = importlib.import_module(name)
    except BaseException:
        failed.append(name)
        traceback.print_exc()
        continue
    places = [*getattr(module, "__path__", ()), getattr(module, "__file__", None) or sys.argv[1]]
    if not all(str(place).startswith(sys.argv[1]) for place in places):
        failed.append(name)
        print(name, "came from", places, file=sys.stderr)
print(*failed)
"""


def top_level_modules(names: Iterable[str]) -> Sequence[str]:
    """What can be imported from files with these paths: modules, packages, and folders with modules in them."""
    found = set()
    for path in map(PurePosixPath, names):
        top = path.parts[0]
        if path.suffix in {".py", ".so"} and not top.endswith((".dist-info", ".libs", ".data")):
            found.add(top.partition(".")[0])
    return sorted(name for name in found if name.isidentifier())


def import_all(archive: Path, interpreter: str | Path, into: Path) -> Sequence[str]:
    """Unzips the archive and imports all of it; asserts that everything could be, and returns what that was."""
    with zipfile.ZipFile(archive) as opened:
        opened.extractall(into)
        modules = top_level_modules(opened.namelist())
    # -I: no variables, no user's packages, no current folder. -S: no site-packages.
    command = (interpreter, "-I", "-S", "-W", "ignore", "-c", PROGRAM, into, *modules)
    done = run(command, {"HOME": str(into)}, folder=into)
    assert (done.exit_code, done.output) == (0, "\n"), done.text
    return modules
