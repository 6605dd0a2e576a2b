"""What a project builds itself with, read from its `[build-system]`: nothing is run for it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from types import MappingProxyType

from msgspec import Struct, field

__all__ = ["BuildSystem", "read_build_system"]

# What PEP 517 and PEP 518 give to projects that say nothing.
_DEFAULT_BACKEND = "setuptools.build_meta:__legacy__"
_DEFAULT_REQUIRES = ("setuptools>=40.8.0",)

# Backends that compile in any case, by the module that `build-backend` names; without a compiler they only fail.
_COMPILERS = MappingProxyType(
    {
        "maturin": "maturin compiles Rust",
        "scikit_build_core": "scikit-build-core runs CMake",
        "mesonpy": "meson-python runs Meson",
        "py_build_cmake": "py-build-cmake runs CMake",
        "sipbuild": "SIP compiles C++",
        "cmeel": "cmeel runs CMake",
        "enscons": "enscons runs SCons",
    }
)


class BuildSystem(Struct, frozen=True):
    """The table of a project; a `backend` may lie in the project itself, in one of the folders of `path`."""

    backend: str = _DEFAULT_BACKEND
    requires: tuple[str, ...] = _DEFAULT_REQUIRES
    path: tuple[str, ...] = field(default=())

    @property
    def needs_compiler(self) -> str | None:
        """In words why a build without a compiler is pointless; None where it may help."""
        if self.path:
            # A backend of the project's own may wrap anything.
            return None
        module = self.backend.partition(":")[0].partition(".")[0]
        return _COMPILERS.get(module)


def read_build_system(project: Path) -> BuildSystem:
    """The build system of a project's folder; the standard's defaults where it has none that can be read."""
    try:
        content = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError):
        return BuildSystem()
    table = content.get("build-system")
    if not isinstance(table, dict):
        return BuildSystem()
    backend, requires, path = (table.get(key) for key in ("build-backend", "requires", "backend-path"))
    return BuildSystem(
        backend if isinstance(backend, str) else _DEFAULT_BACKEND,
        _texts(requires) if isinstance(requires, list) else _DEFAULT_REQUIRES,
        _texts(path) if isinstance(path, list) else (),
    )


def _texts(values: list[object]) -> tuple[str, ...]:
    return tuple(value for value in values if isinstance(value, str))
