"""The tags of wheels that this interpreter can install, best first: what `packaging.tags.sys_tags` says.

packaging is one of the packages that are fetched, so it is not here yet. tests/environment compares the two.
"""

from __future__ import annotations

import os
import platform
import re
import struct
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

__all__ = ["mac_platforms", "rank_of", "supported_tags"]

# The oldest glibc that wheels exist for, exclusive: PEP 600 for x86, the first with 64-bit Arm for the rest.
_OLDEST_GLIBC = {"x86_64": 4, "i686": 4}
_LEGACY = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
_MAC_11 = 11
_POINTER_32 = 4


def rank_of(filename: str, tags: dict[str, int]) -> int | None:
    """Return how well a wheel fits (0 is best), or None where it cannot be installed here."""
    interpreters, abis, platforms = filename.removesuffix(".whl").split("-")[-3:]
    ranks = [
        tags[tag]
        for interpreter in interpreters.split(".")
        for abi in abis.split(".")
        for name in platforms.split(".")
        if (tag := f"{interpreter}-{abi}-{name}") in tags
    ]
    return min(ranks, default=None)


def supported_tags() -> dict[str, int]:
    """Return every tag with its rank, 0 for the best; none where this is not CPython, and so pip does the work."""
    if sys.implementation.name != "cpython":
        return {}
    return {tag: rank for rank, tag in enumerate(dict.fromkeys(_tags()))}


def _tags() -> Iterator[str]:
    minor, platforms = sys.version_info[1], list(_platforms())
    is_threaded = bool(sysconfig.get_config_var("Py_GIL_DISABLED"))
    this = f"cp3{minor}"
    abi = f"{this}{'t' if is_threaded else ''}"
    is_debug = bool(sysconfig.get_config_var("Py_DEBUG"))
    specific = [f"{abi}d", abi] if is_debug else [abi]
    pairs = [(this, each) for each in specific]
    pairs += [] if is_threaded else [(this, "abi3")]
    pairs += [(this, "none")]
    pairs += [] if is_threaded else [(f"cp3{older}", "abi3") for older in range(minor - 1, 1, -1)]
    pure = [f"py3{minor}", "py3", *(f"py3{older}" for older in range(minor - 1, -1, -1))]
    pairs += [(version, "none") for version in pure]
    for interpreter, kind in pairs:
        for name in platforms:
            yield f"{interpreter}-{kind}-{name}"
    for interpreter in (this, *pure):
        yield f"{interpreter}-none-any"


def _platforms() -> Iterator[str]:
    name = re.sub(r"[-.]", "_", sysconfig.get_platform())
    if sys.platform == "darwin":
        version = platform.mac_ver()[0].split(".")
        yield from mac_platforms((int(version[0]), int(version[1]) if len(version) > 1 else 0), platform.machine())
    elif name.startswith("linux_"):
        yield from _linux_platforms(name.removeprefix("linux_"))
    else:
        yield name


def _linux_platforms(machine: str) -> Iterator[str]:
    if struct.calcsize("P") == _POINTER_32:
        machine = {"x86_64": "i686", "aarch64": "armv8l"}.get(machine, machine)
    yield f"linux_{machine}"
    glibc = _glibc()
    if glibc is not None and glibc[0] == 2:  # noqa: PLR2004  # there is no other
        for minor in range(glibc[1], _OLDEST_GLIBC.get(machine, 16), -1):
            yield f"manylinux_2_{minor}_{machine}"
            if minor in _LEGACY:
                yield f"{_LEGACY[minor]}_{machine}"
    elif musl := _musl():
        yield from (f"musllinux_{musl[0]}_{minor}_{machine}" for minor in range(musl[1], -1, -1))


def _glibc() -> tuple[int, int] | None:
    try:
        text = os.confstr("CS_GNU_LIBC_VERSION") or ""  # 'glibc 2.36'
    except (AttributeError, OSError, ValueError):
        return None
    match = re.match(r"glibc (\d+)\.(\d+)", text)
    return (int(match[1]), int(match[2])) if match else None


def _musl() -> tuple[int, int] | None:
    """Ask the loader itself, which says its version when it is started without a program."""
    for loader in Path("/lib").glob("ld-musl-*.so.1"):
        said = subprocess.run([loader], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, check=False).stderr
        match = re.search(rb"Version (\d+)\.(\d+)", said)
        if match:
            return int(match[1]), int(match[2])
    return None


def mac_platforms(version: tuple[int, int], machine: str) -> Iterator[str]:
    """Yield the platforms of a macOS version, newest first; binaries for both machines come after those for one."""
    for major in range(version[0], _MAC_11 - 1, -1):
        yield from (f"macosx_{major}_0_{kind}" for kind in (machine, "universal2"))
    newest = 16 if version[0] >= _MAC_11 else version[1]
    for minor in range(newest, 3, -1):
        if machine == "x86_64":
            yield f"macosx_10_{minor}_x86_64"
        yield f"macosx_10_{minor}_universal2"
