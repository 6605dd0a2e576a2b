"""Bytecode by a real interpreter: the same bytes whatever else is compiled, and none that is checked against a time."""

from __future__ import annotations

import importlib.util
import marshal
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from types import CodeType

import pytest

from lambda_pack.errors import LambdaPackError, UsageError
from lambda_pack.tools.refining.compiling import compiled, interpreter_for

# Names and constants that live elsewhere in an interpreter, too; a set, whose order depends on the seed of hashes.
SOURCES = {
    "/var/task/app.py": b"import os, sys\nnames = {'a', 'b', 'c', 'path', 'sys'}\ndef handler(event, context):\n"
    b"    if event in {'alpha', 'beta', 'gamma', 'os'}:\n        return os.path.join('path', 'sys', name := 'x')\n",
    "/var/task/shop/__init__.py": b"class A:\n"
    b"    sys = 'sys'\n    def path(self, os=None, *, event=('os', 'x')): ...\n",
    "/var/task/other.py": b"def path(event, context, handler, alpha='alpha'): return [event for os in context]\n",
}


def made(sources: Mapping[str, bytes], scratch: Path, python: Path = Path(sys.executable)) -> Mapping[str, bytes]:
    """Compiled in a folder of its own."""
    scratch.mkdir()
    environment = {"PATH": os.environ["PATH"], "PYTHONHASHSEED": "7"}  # noqa: TID251  # as `clean_environment`
    result = compiled(sources, python, scratch, environment=environment)
    assert not list(scratch.iterdir()), "nothing is left"
    return result


def test_it_is_never_checked_and_names_where_it_will_be(tmp_path: Path) -> None:
    result = made(SOURCES, tmp_path / "scratch")

    assert result.keys() == SOURCES.keys()
    for path, content in result.items():
        assert content[:4] == importlib.util.MAGIC_NUMBER
        assert int.from_bytes(content[4:8], "little") == 1, "by hash, and unchecked: PEP 552"
        assert content[8:16] == importlib.util.source_hash(SOURCES[path])
        code = marshal.loads(content[16:])  # noqa: S302  # made here
        assert isinstance(code, CodeType)
        assert code.co_filename == path


def test_the_bytes_depend_on_nothing_else(tmp_path: Path) -> None:
    first = made(SOURCES, tmp_path / "one")

    assert made(dict(reversed(SOURCES.items())), tmp_path / "two") == first
    for number, (path, source) in enumerate(SOURCES.items()):
        assert made({path: source}, tmp_path / f"alone-{number}") == {path: first[path]}


def test_what_does_not_compile_has_none(tmp_path: Path) -> None:
    sources = {"/a.py": b"print 'two'\n", "/b.py": b"x = 1\n", "/c.py": b"\0", "/d.py": b"x = '\xff'\n"}
    assert made(sources, tmp_path / "scratch").keys() == {"/b.py"}


def test_an_interpreter_that_fails(tmp_path: Path) -> None:
    with pytest.raises(LambdaPackError, match="could not compile"):
        made(SOURCES, tmp_path / "scratch", Path("/bin/false"))


def test_which_interpreter() -> None:
    ours = sys.version_info[:2]
    ourselves = Path(sys.executable)
    assert interpreter_for(ours, named=None, environ={}, may_install=False) == ourselves
    assert interpreter_for(ours, named=ourselves, environ={}, may_install=False) == ourselves
    with pytest.raises(UsageError, match=r"--compile needs Python 3\.7, and .* is none"):
        interpreter_for((3, 7), named=ourselves, environ={}, may_install=False)
    with pytest.raises(UsageError, match=r"--compile needs Python 2\.7, which is not here"):
        interpreter_for((2, 7), named=None, environ={}, may_install=False)
