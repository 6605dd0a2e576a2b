"""Interpreters, found where they are and not where they only seem to be."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from lambda_pack.errors import LambdaPackError
from lambda_pack.tools.interpreters import base_interpreter, find_interpreter, install_interpreter, version_of
from tests.support.processes import run

# No machine has this one.
UNKNOWN = (3, 99)

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the stand-ins are shell scripts")


def stand_in(path: Path, answer: str, *, status: int = 0) -> Path:
    """A program that answers like an interpreter that was asked who it is."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\ncat <<'END'\n{answer}\nEND\nexit {status}\n")
    path.chmod(0o755)
    return path


def who(patch: int, *, implementation: str = "cpython", free_threaded: int = 0) -> str:
    """The answer of a Python 3.99."""
    return f'["{implementation}", [3, 99, {patch}], {free_threaded}]'


def test_our_own_needs_no_search() -> None:
    assert find_interpreter(sys.version_info[:2], environ={}) == Path(sys.executable)


def test_the_base_is_no_virtual_environment() -> None:
    base = base_interpreter()
    assert base.is_file()
    assert version_of(base, environ={}) == sys.version_info[:2]


def test_the_newest_patch_level_that_works_is_taken(tmp_path: Path) -> None:
    cache = tmp_path / "tools" / "Python"
    stand_in(cache / "3.99.1" / "x64" / "bin" / "python", who(1))
    newest = stand_in(cache / "3.99.12" / "arm64" / "bin" / "python", who(12))
    stand_in(cache / "3.99.13" / "x64-freethreaded" / "bin" / "python", who(13, free_threaded=1))
    stand_in(cache / "3.99.14" / "x64" / "bin" / "python", who(14), status=127)
    stand_in(cache / "3.99.15" / "x64" / "bin" / "python", "not an answer")
    stand_in(cache / "3.99.16" / "x64" / "bin" / "python", who(16, implementation="pypy"))
    on_path = stand_in(tmp_path / "bin" / "python3.99", who(5)).parent
    environ = {"RUNNER_TOOL_CACHE": str(tmp_path / "tools"), "PATH": f"{os.defpath}{os.pathsep}{on_path}"}
    assert find_interpreter(UNKNOWN, environ=environ) == newest


def test_on_path_only_the_name_with_the_version_is_asked(tmp_path: Path) -> None:
    found = stand_in(tmp_path / "bin" / "python3.99", who(2))
    stand_in(tmp_path / "bin" / "python3", who(9))
    environ = {"PATH": f"{found.parent}{os.pathsep}{os.defpath}"}
    assert find_interpreter(UNKNOWN, environ=environ) == found


def test_uvs_own_are_found_where_it_keeps_them(tmp_path: Path) -> None:
    folder = tmp_path / "pythons" / "cpython-3.99.2-linux-x86_64-gnu" / "bin"
    found = stand_in(folder / "python3.99", who(2))
    for name in ("python", "python3"):
        (folder / name).symlink_to(found.name)
    ask = (
        f"from lambda_pack.tools.interpreters import find_interpreter; print(find_interpreter({UNKNOWN}, environ={{}}))"
    )
    environment = {"UV_PYTHON_INSTALL_DIR": str(tmp_path / "pythons"), "HOME": str(tmp_path), "PATH": os.defpath}
    assert run((sys.executable, "-c", ask), environment, folder=tmp_path).output.strip() == str(found)


def test_shims_are_no_interpreters(tmp_path: Path) -> None:
    shims = stand_in(tmp_path / "shims" / "python3.99", who(2)).parent
    assert find_interpreter(UNKNOWN, environ={"PATH": f"{shims}{os.pathsep}{os.defpath}"}) is None


def test_none_is_an_answer(tmp_path: Path) -> None:
    assert find_interpreter(UNKNOWN, environ={"PATH": str(tmp_path)}) is None


def test_an_interpreter_that_was_named_must_be_one(tmp_path: Path) -> None:
    with pytest.raises(LambdaPackError, match="name another interpreter"):
        version_of(stand_in(tmp_path / "python", "no", status=1), environ={})


UV = """\
#!/bin/sh
case "$*" in
  "python install --no-bin --no-config 3.99") {install} ;;
  "python find --managed-python --no-project --no-config 3.99") echo /opt/uv/python3.99 ;;
  *) echo "unexpected: $*" >&2; exit 9 ;;
esac
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for uv is a shell script")
def test_uv_installs_what_is_missing(tmp_path: Path) -> None:
    uv = tmp_path / "uv"
    uv.write_text(UV.format(install="exit 0"))
    uv.chmod(0o755)
    found = install_interpreter((3, 99), environ={"PATH": "/usr/bin:/bin"}, uv=str(uv))
    assert found == Path("/opt/uv/python3.99")


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for uv is a shell script")
def test_what_uv_cannot_install_says_what_now(tmp_path: Path) -> None:
    uv = tmp_path / "uv"
    uv.write_text(UV.format(install="echo no such host >&2; exit 2"))
    uv.chmod(0o755)
    with pytest.raises(LambdaPackError, match=r"uv could not install Python 3\.99; install one yourself") as refusal:
        install_interpreter((3, 99), environ={"PATH": "/usr/bin:/bin"}, uv=str(uv))
    assert refusal.value.log == "no such host"
