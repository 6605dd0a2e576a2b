"""Finds a CPython of one minor version: what a build for that version needs."""

from __future__ import annotations

import json
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from lambda_pack.errors import LambdaPackError
from lambda_pack.model.urls import masked
from lambda_pack.tools.environment import package_environment
from lambda_pack.tools.parts import Part, need
from lambda_pack.tools.process import run, tail
from lambda_pack.tools.uv_program import find_uv

__all__ = ["base_interpreter", "find_interpreter", "install_interpreter", "version_of"]

# Seconds: a shim that asks the network for an interpreter is no interpreter.
_TIMEOUT = 10.0

# Where uv gets interpreters from and keeps them: none of a package's code runs while it does.
_UV = (
    *("UV_PYTHON_INSTALL_DIR", "UV_PYTHON_INSTALL_MIRROR", "UV_PYTHON_DOWNLOADS_JSON_URL"),
    *("UV_PYTHON_CACHE_DIR", "UV_CACHE_DIR", "UV_OFFLINE"),
)

_QUESTION = """
import json, sys, sysconfig
print(json.dumps([sys.implementation.name, list(sys.version_info[:3]), sysconfig.get_config_var("Py_GIL_DISABLED")]))
"""


def base_interpreter() -> Path:
    """The interpreter under our own environment: it stays when the environment goes."""
    # The documented way is a detour over pyvenv.cfg; virtualenv, uv and venv all keep this attribute.
    return Path(getattr(sys, "_base_executable", None) or sys.executable)


def find_interpreter(python: tuple[int, int], *, environ: Mapping[str, str]) -> Path | None:
    """A CPython of exactly this minor version, not free-threaded: ours if it is one, else the newest patch level found.

    Looked for in the tool cache of GitHub's runners, on PATH, and where findpython knows that pyenv, asdf, rye, uv, the
    macOS installer and the Windows registry keep theirs. The answer is remembered for the life of the process.
    """
    ours = sys.implementation.name == "cpython" and sys.version_info[:2] == python
    if ours and not sysconfig.get_config_var("Py_GIL_DISABLED"):
        return Path(sys.executable)
    return _find(python, tuple(sorted(package_environment(environ).items())), _tool_caches(environ))


def install_interpreter(python: tuple[int, int], *, environ: Mapping[str, str], uv: str | None = None) -> Path:
    """A CPython of this minor version that uv installs where it keeps its own, for all that come after.

    Raises:
        LambdaPackError: uv could not have it; the log says why.
    """
    program, version = uv or find_uv(environ), "{}.{}".format(*python)
    environment = {**package_environment(environ), **{name: environ[name] for name in _UV if name in environ}}
    commands = [
        (program, "python", "install", "--no-bin", "--no-config", version),
        (program, "python", "find", "--managed-python", "--no-project", "--no-config", version),
    ]
    for command in commands:
        ended = run(command, environment=environment)
        if ended.status != 0:
            raise LambdaPackError(
                f"uv could not install Python {version}; install one yourself, or name it with --python",
                log=tail(masked(ended.log)),
            )
    return Path(ended.output.strip())


def version_of(interpreter: Path, *, environ: Mapping[str, str]) -> tuple[int, int]:
    """The minor version of an interpreter that the user named.

    Raises:
        LambdaPackError: it is not a CPython with a GIL, or does not answer.
    """
    version = _version(interpreter, package_environment(environ))
    if version is None:
        raise LambdaPackError(f"{str(interpreter)!r} is not a working CPython with a GIL; name another interpreter")
    return version[0], version[1]


def _tool_caches(environ: Mapping[str, str]) -> tuple[str, ...]:
    names = ("RUNNER_TOOL_CACHE", "AGENT_TOOLSDIRECTORY")
    return tuple(dict.fromkeys(environ[name] for name in names if environ.get(name)))


@lru_cache
def _find(
    python: tuple[int, int], environment: tuple[tuple[str, str], ...], tool_caches: tuple[str, ...]
) -> Path | None:
    surroundings = dict(environment)
    known: dict[Path, tuple[int, ...]] = {}
    seen: set[Path] = set()
    for candidate in _candidates(python, surroundings.get("PATH", ""), tool_caches):
        real = candidate.resolve()
        # pyenv's shims run whatever a .python-version file says, or nothing; its real interpreters are found beside.
        if real in seen or candidate.parent.name == "shims":
            continue
        seen.add(real)
        version = _version(candidate, surroundings)
        if version and version[:2] == python:
            known[candidate] = version
    return max(known, key=lambda path: known[path], default=None)


def _version(candidate: Path, environment: Mapping[str, str]) -> tuple[int, ...] | None:
    """Its version, or None for what is broken, is not CPython, or has no GIL."""
    try:
        answer = run([str(candidate), "-Ic", _QUESTION], environment=environment, timeout=_TIMEOUT)
    except LambdaPackError:
        return None
    if answer.status != 0:
        return None
    try:
        implementation, version, free_threaded = json.loads(answer.output)
    except ValueError:
        return None
    return tuple(version) if implementation == "cpython" and not free_threaded else None


def _candidates(python: tuple[int, int], path: str, tool_caches: tuple[str, ...]) -> Iterator[Path]:
    major, minor = python
    ending = ".exe" if sys.platform == "win32" else ""
    for cache in tool_caches:
        # setup-python: Python/3.13.1/x64/bin/python, on Windows Python/3.13.1/x64/python.exe.
        for place in ("bin", "."):
            yield from Path(cache, "Python").glob(f"{major}.{minor}.*/*/{place}/python{ending}")
    for folder in path.split(";" if sys.platform == "win32" else ":"):
        candidate = Path(folder, f"python{major}.{minor}{ending}")
        if folder and candidate.is_file():
            yield candidate
    yield from _candidates_of_findpython(f"python{major}.{minor}", ending)


def _candidates_of_findpython(name: str, ending: str) -> Iterator[Path]:
    """What findpython's providers list; its own finder would start every one of them, whatever its name."""
    need(Part.BUILD)
    from findpython.providers import ALL_PROVIDERS

    for kind, provider_class in ALL_PROVIDERS.items():
        provider = provider_class.create() if kind != "path" else None
        if provider is None:
            continue
        for found in provider.find_pythons():
            # Of those of uv and rye it lists `python3` alone, whatever their version.
            named = found.executable.with_name(f"{name}{ending}")
            if named.is_file():
                yield named
            elif ending and found.executable.name == "python.exe":
                yield found.executable
