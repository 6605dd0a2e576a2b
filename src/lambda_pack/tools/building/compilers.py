"""A machine without compilers, for a build that may do without: step 5."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

__all__ = ["without_compilers"]

# What build logs then show, so it says what happened.
_NOTHING = "/lambda-pack/builds-this-without-a-compiler"

# setuptools, meson and make look at these before they look at PATH.
_VARIABLES = ("CC", "CXX", "CPP", "LD", "LDSHARED", "FC", "F77", "F90", "CMAKE_C_COMPILER", "CMAKE_CXX_COMPILER")

_COMPILER = re.compile(
    r"""
    (?:[\w.+]+-)*                                               # x86_64-linux-gnu-
    (?:cc|gcc|g\+\+|c\+\+|cpp|clang|clang\+\+|clang-cpp|clang-cl|c89|c99|tcc|icc|icpc|icx|icpx|nvcc|cl
      |ld|ld\.\w+|lld|gold|mold|cc1|cc1plus|collect2|gfortran|flang|f77|f95|zig)
    (?:-[\d.]+)?(?:\.exe)?
    """,
    re.VERBOSE,
)


def without_compilers(environment: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The environment in which no C, C++ or Fortran compiler is found; `folder` is filled with links to the rest.

    A compiler that a build starts by its absolute path is still found: nothing short of a container hides it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    places = environment.get("PATH", "").split(os.pathsep)
    path = [_shadow(Path(place), folder / str(number)) for number, place in enumerate(places) if place]
    searched = os.pathsep.join(str(place) for place in path if place)
    return {**environment, "PATH": searched, **dict.fromkeys(_VARIABLES, _NOTHING)}


def _shadow(place: Path, shadow: Path) -> Path | None:
    """The folder itself where it has no compiler; else a folder of links to everything else in it."""
    try:
        names = [path.name for path in place.iterdir()]
    except OSError:
        return None
    rest = [name for name in names if not _COMPILER.fullmatch(name)]
    if len(rest) == len(names):
        return place
    if sys.platform == "win32":
        # Links need a privilege there, and compilers have folders of their own.
        return None
    shadow.mkdir()
    for name in rest:
        (shadow / name).symlink_to(place / name)
    return shadow
