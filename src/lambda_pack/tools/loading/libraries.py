"""Which libraries a bundle took from the system that it was loaded on, and whether the runtime has them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from io import FileIO
from pathlib import Path, PurePosixPath
from typing import Any, Final

from msgspec import Struct

from lambda_pack.files.elf import ELF_MAGIC, DamagedElf, read_elf
from lambda_pack.files.mapping import mapped
from lambda_pack.model.images import Image
from lambda_pack.model.known_loads import TRIED

__all__ = ["Borrowed", "MappedLibraries"]

# What glibc loads by itself, as the system's settings say: name services, and the tables of iconv.
_OF_GLIBC: Final = re.compile(r"/libnss_[\w-]+\.so\.2$|/gconv/[\w-]+\.so$")


class Borrowed(Struct, frozen=True):
    """Names of libraries that are neither the bundle's nor the interpreter's.

    The runtime has none of `lacking`, nor of `brought`, which only those need; its images were seen to have those of
    `doubtful`, or their package works without them. `needed_by` is the first file that names one of `lacking`, as the
    interpreter sees it; None where Python code loaded it.
    """

    lacking: tuple[str, ...] = ()
    brought: tuple[str, ...] = ()
    doubtful: tuple[str, ...] = ()
    needed_by: str | None = None


class _Library(Struct, frozen=True):
    """A file that is mapped; `name` is what others call it in their NEEDED entries."""

    path: str
    name: str
    needed: tuple[str, ...]
    is_of_bundle: bool


class MappedLibraries:
    """What one process has mapped so far.

    `started` is its first answer: its own `path` and what it had `mapped` before anything was imported. `file` gives
    the file on this machine for a path that the process sees. `bundle` are the folders of the bundle as it sees them.
    """

    def __init__(
        self, started: Mapping[str, Any], image: Image, *, file: Callable[[str], Path], bundle: Sequence[str]
    ) -> None:
        self._image = image
        self._file = file
        self._bundle = tuple(f"{folder}/" for folder in bundle)
        self._of_python = tuple(f"{folder}/" for folder in started["path"])
        self._known = {path: self._read(path) for path in started["mapped"]}
        self._own = set(self._known)

    def take(self, paths: Iterable[str]) -> Borrowed:
        """Return what of these newly mapped files the bundle has borrowed from the system."""
        new = {path: self._read(path) for path in paths if path not in self._known}
        if not new:
            return Borrowed()
        self._known |= new
        self._own |= {path for path in new if path.startswith(self._of_python)}
        needed = dict(self._needed(new.values()))
        wanted = sorted({*needed, *self._loaded(new)})
        is_optional = {name: name in self._image.doubtful or name in TRIED for name in wanted}
        doubtful = tuple(name for name in wanted if is_optional[name])
        lacking = [name for name in wanted if not is_optional[name]]
        others = {name for library in new.values() if library.name in lacking for name in library.needed}
        first = tuple(name for name in lacking if name in needed or name not in others) or tuple(lacking)
        brought = tuple(name for name in lacking if name not in first)
        return Borrowed(first, brought, doubtful, next((needed[name] for name in first if name in needed), None))

    def _loaded(self, new: Mapping[str, _Library]) -> Iterator[str]:
        """Libraries of the system's that nothing but the bundle asks for."""
        given = self._image.libraries | self._image.doubtful
        own = self._reached(self._own)
        of_runtime = {library.path for library in self._of_system() if library.name in given}
        excused = self._reached({*own, *of_runtime})
        for path, library in new.items():
            if library.is_of_bundle or path in own or _OF_GLIBC.search(path):
                continue
            if path not in excused or library.name in self._image.doubtful:
                yield library.name

    def _needed(self, new: Iterable[_Library]) -> Iterator[tuple[str, str]]:
        """Libraries that files of the bundle name: that this interpreter needs one, too, does not bring it."""
        of_bundle = {library.name for library in self._known.values() if library.is_of_bundle}
        of_system = {library.name for library in self._of_system()} - of_bundle - self._image.libraries
        for library in new:
            if library.is_of_bundle:
                yield from ((name, library.path) for name in library.needed if name in of_system)

    def _of_system(self) -> Iterator[_Library]:
        return (library for library in self._known.values() if not library.is_of_bundle)

    def _reached(self, roots: Iterable[str]) -> set[str]:
        """The paths of the system's libraries that these need, and those need in turn; with the roots."""
        by_name = {library.name: library for library in self._of_system()}
        by_name = {PurePosixPath(library.path).name: library for library in self._of_system()} | by_name
        reached, left = set(roots), list(roots)
        while left:
            for name in self._known[left.pop()].needed:
                library = by_name.get(name)
                if library is not None and library.path not in reached:
                    reached.add(library.path)
                    left.append(library.path)
        return reached

    def _read(self, path: str) -> _Library:
        name = PurePosixPath(path).name
        # What was unpacked into /tmp and deleted again cannot be read; the bundle has brought it.
        is_of_bundle = path.startswith(self._bundle) or path.endswith(" (deleted)")
        try:
            with FileIO(self._file(path)) as file:
                data, _ = mapped(file)
                with data, memoryview(data) as view:
                    facts = read_elf(view) if bytes(view[:4]) == ELF_MAGIC else None
        except (OSError, ValueError, DamagedElf):
            facts = None
        if facts is None:
            return _Library(path, name, (), is_of_bundle)
        return _Library(path, facts.soname or name, facts.needed, is_of_bundle)
