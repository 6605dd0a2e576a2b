"""How the loader finds the libraries that binaries need, in a bundle and in the image below it."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping
from typing import TypeAlias, TypeGuard

from msgspec import Struct
from msgspec.structs import replace

from lambda_pack.model.binaries import LAYERS, TASK, Binary, BinaryFile, ElfFacts
from lambda_pack.model.images import Image, PackageType, image_of
from lambda_pack.model.targets import Target

__all__ = [
    "SEARCHED",
    "Bundled",
    "Doubtful",
    "FromImage",
    "Linkage",
    "Linked",
    "Missing",
    "Provider",
    "Unreachable",
    "is_native",
]

# LD_LIBRARY_PATH on Lambda has these after the image's own folders:
# https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html, read 2026-11-26.
SEARCHED = (TASK, f"{TASK}/lib", f"{LAYERS}/lib")


class Linked(Struct, frozen=True):
    """A binary of the target's machine; `inherited` are the folders that whatever loads it searches for it, too."""

    file: BinaryFile
    facts: ElfFacts
    inherited: tuple[str, ...] = ()

    @property
    def run_path(self) -> tuple[str, ...]:
        """The folders that the loader searches first: a runpath makes it forget every rpath (ld.so(8))."""
        if self.facts.runpath:
            return self._expanded(self.facts.runpath)
        return (*self._expanded(self.facts.rpath), *self.inherited)

    @property
    def passed_on(self) -> tuple[str, ...]:
        """The folders that count for what it loads: an rpath's do, a runpath's do not."""
        return self.inherited if self.facts.runpath else (*self._expanded(self.facts.rpath), *self.inherited)

    def _expanded(self, folders: Iterable[str]) -> tuple[str, ...]:
        origin = posixpath.dirname(self.file.place)
        named = (folder.replace("${ORIGIN}", origin).replace("$ORIGIN", origin) for folder in folders)
        return tuple(posixpath.normpath(folder) for folder in named)


class Bundled(Struct, frozen=True):
    """The bundle has it where the loader looks."""

    found: Linked


class Unreachable(Struct, frozen=True):
    """The bundle has it where the loader does not look: it counts only if something has loaded it before.

    A loader takes what is loaded by its soname alone, wherever it lies (glibc, dl-load.c, `_dl_map_object`).
    """

    found: Linked


class FromImage(Struct, frozen=True):
    """The image has it."""


class Doubtful(Struct, frozen=True):
    """The image may have it."""


class Missing(Struct, frozen=True):
    """Nobody has it."""


Provider: TypeAlias = Bundled | Unreachable | FromImage | Doubtful | Missing


class Linkage(Struct, frozen=True):
    """The binaries of a bundle that the target's loader would take, by place and by name."""

    image: Image
    by_place: Mapping[str, Linked]
    by_name: Mapping[str, tuple[Linked, ...]]

    @classmethod
    def of(cls, files: Iterable[BinaryFile], target: Target, package_type: PackageType = PackageType.ZIP) -> Linkage:
        """Return the linkage of all binaries of a bundle; those for other machines are passed over, as loaders do."""
        by_place = {file.place: Linked(file, file.binary) for file in files if is_native(file.binary, target)}
        by_name: dict[str, tuple[Linked, ...]] = {}
        for linked in by_place.values():
            for name in {posixpath.basename(linked.file.path), linked.facts.soname}:
                if name is not None:
                    by_name[name] = (*by_name.get(name, ()), linked)
        return cls(image_of(target, package_type), by_place, by_name)

    def provider(self, library: str, linked: Linked) -> Provider:
        """Who gives a file a library that it needs."""
        named = self.by_name.get(library, ())
        # What an rpath leads to comes before the image's own, and the folders of the bundle after them.
        found = self._first(library, linked.run_path) if named else None
        if found is not None:
            return Bundled(found)
        if library in self.image.libraries:
            return FromImage()
        found = self._first(library, SEARCHED) if named else None
        if found is not None:
            return Bundled(found)
        elsewhere = next((one for one in named if one.facts.soname == library), None)
        if elsewhere is not None:
            return Unreachable(elsewhere)
        return Doubtful() if library in self.image.doubtful else Missing()

    def _first(self, library: str, folders: Iterable[str]) -> Linked | None:
        places = (f"{folder}/{library}" for folder in folders)
        return next((self.by_place[place] for place in places if place in self.by_place), None)

    def reached_from(self, roots: Iterable[Linked]) -> Mapping[str, Linked]:
        """Everything in the bundle that loading these files loads, they included, by place."""
        reached: dict[str, Linked] = {}
        waiting = list(roots)
        while waiting:
            linked = waiting.pop()
            if linked.file.place in reached:
                continue
            reached[linked.file.place] = linked
            for library in linked.facts.needed:
                provider = self.provider(library, linked)
                if isinstance(provider, Bundled | Unreachable):
                    waiting.append(replace(provider.found, inherited=linked.passed_on))
        return reached

    def lacking(self, linked: Linked) -> Iterator[tuple[str, Unreachable | Doubtful | Missing]]:
        """The libraries that a file needs and may not get."""
        for library in linked.facts.needed:
            provider = self.provider(library, linked)
            if isinstance(provider, Unreachable | Doubtful | Missing):
                yield library, provider


def is_native(binary: Binary, target: Target) -> TypeGuard[ElfFacts]:
    """Whether the target's loader would take it for one of its own."""
    return isinstance(binary, ElfFacts) and (binary.machine, binary.bits) == (target.architecture.machine, 64)
