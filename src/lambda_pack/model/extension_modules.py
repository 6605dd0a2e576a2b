"""The names of extension modules: what Python imports by its file's name, and which Python does."""

from __future__ import annotations

import re

from msgspec import Struct

from lambda_pack.model.binaries import LAYERS, TASK
from lambda_pack.model.targets import Target

__all__ = ["ModuleFile", "extension_suffixes", "is_on_import_path", "module_file"]

# https://docs.python.org/3/library/importlib.html#importlib.machinery.EXTENSION_SUFFIXES; PEP 3149 for the tags.
_MODULE = re.compile(r"(?P<stem>[^\W\d]\w*)\.(?:(?P<tag>[\w-]+)\.)?(?P<kind>so|pyd)")
# The stable ABI in file names, by the first Python that looks for it: PEP 384, PEP 803 (also for builds without the
# GIL), and the platform behind either (https://github.com/python/cpython/issues/122931). Compared with real
# interpreters by tests/model/test_extension_modules.py; Debian's own builds take the
# platform's form in older versions, too.
_STABLE_ABIS = (
    ((3, 2), ".abi3"),
    ((3, 15), ".abi3-{machine}-linux-gnu"),
    ((3, 15), ".abi3t"),
    ((3, 15), ".abi3t-{machine}-linux-gnu"),
)

_TAG = re.compile(r"cpython-(?P<major>\d)(?P<minor>\d+)")


class ModuleFile(Struct, frozen=True):
    """A file that some Python would import: `module` is its place without the suffix, `tag` what the suffix says.

    `tag` is empty in `x.so`, and 'cpython-312-x86_64-linux-gnu' or 'abi3' where the name has more.
    """

    module: str
    tag: str
    kind: str

    def is_for(self, target: Target) -> bool:
        """Whether the target's Python looks for a file of this name."""
        return f"{self.tag and f'.{self.tag}'}.{self.kind}" in extension_suffixes(
            target.runtime.python, target.architecture.machine
        )

    @property
    def python(self) -> str:
        """The Python that it is for, in words.

        >>> ModuleFile("x", "cpython-312-darwin", "so").python
        'CPython 3.12'
        """
        match = _TAG.match(self.tag)
        return f"CPython {match['major']}.{match['minor']}" if match else "another Python"


def extension_suffixes(python: tuple[int, int], machine: str) -> tuple[str, ...]:
    """Return the endings that CPython of a version looks for on Linux, as `importlib.machinery.EXTENSION_SUFFIXES`.

    >>> extension_suffixes((3, 13), "x86_64")
    ('.cpython-313-x86_64-linux-gnu.so', '.abi3.so', '.so')
    """
    # Until 3.7 the tag carried an `m` for pymalloc.
    flags = "m" if python <= (3, 7) else ""
    own = "cpython-{}{}".format(*python) + f"{flags}-{machine}-linux-gnu"
    stable = (tag.format(machine=machine) for since, tag in _STABLE_ABIS if python >= since)
    return (f".{own}.so", *(f"{tag}.so" for tag in stable), ".so")


def module_file(place: str) -> ModuleFile | None:
    """The module that the file at a place on Lambda is; None for what no Python imports, libraries above all.

    >>> module_file("/var/task/numpy/_core/x.cpython-312-x86_64-linux-gnu.so").module
    'numpy/_core/x'
    >>> module_file("/var/task/numpy.libs/libgfortran-83c28eba.so.5")
    """
    path = _below_root(place)
    folder, _, name = path.rpartition("/")
    match = _MODULE.fullmatch(name)
    if match is None or not is_on_import_path(place):
        return None
    if not match["tag"] and (name.startswith("lib") or "." in folder):
        return None
    stem = match["stem"]
    return ModuleFile(f"{folder}/{stem}" if folder else stem, match["tag"] or "", match["kind"])


def is_on_import_path(place: str) -> bool:
    """Whether every folder above the file, up to one that Python searches, could be a package's."""
    return all(folder.isidentifier() for folder in _below_root(place).split("/")[:-1])


def _below_root(place: str) -> str:
    """The path below the folder that Python searches (https://docs.aws.amazon.com/lambda/latest/dg/python-package.html)."""
    if place.startswith(f"{LAYERS}/python/"):
        return re.sub(rf"^{LAYERS}/python/(lib/python3\.\d+/site-packages/)?", "", place)
    return place.removeprefix(f"{TASK}/")
