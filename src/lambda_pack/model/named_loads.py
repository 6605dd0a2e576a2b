"""Judge what Python code loads or starts by name: whether the bundle or the system below it has it."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from msgspec import Struct

from lambda_pack.model.binaries import ElfFacts, ElfKind, NamedLoad
from lambda_pack.model.findings import Concern, Finding, Severity
from lambda_pack.model.images import Image, PackageType, image_of
from lambda_pack.model.known_loads import DRIVERS
from lambda_pack.model.library_names import is_named, library_stem
from lambda_pack.model.library_packages import package_of_library, package_of_program
from lambda_pack.model.linkage import SEARCHED, Linked
from lambda_pack.model.targets import Target

__all__ = ["Surroundings", "unmet_loads"]

_FIND_LIBRARY: Final = (
    "ctypes.util.find_library finds nothing on Lambda, which has neither gcc nor ldconfig to ask: set it in your code, "
    "before the import, to a function that returns the library's path"
)


class Surroundings(Struct, frozen=True):
    """What a package finds around it on Lambda.

    `bundled` are the binaries of the whole bundle for the target's machine, by place; `packages` are the normalized
    names of all packages in it, as far as they are known.
    """

    target: Target
    package_type: PackageType
    bundled: Mapping[str, Linked]
    packages: frozenset[str]

    @property
    def image(self) -> Image:
        """What lies below the bundle."""
        return image_of(self.target, self.package_type)


class _Lack(Struct, frozen=True):
    """What stands in the way of one load, as the pieces of a finding."""

    concern: Concern
    why: str
    advice: str


def unmet_loads(
    loads: tuple[NamedLoad, ...], path: str, around: Surroundings, own: Collection[str] = ()
) -> Iterator[Finding]:
    """Yield a warning for each load of the module at `path` that nothing meets; `own` are its package's places."""
    for load in loads:
        lack = _lack_of_program(load, around) if load.programs else _lack_of_library(load, around, own)
        if lack is not None and not around.packages & set(load.brought_by):
            yield Finding(
                path,
                lack.concern,
                Severity.WARNING,
                _what(load, around.target),
                lack.why,
                lack.advice,
                library=None if load.programs else _label(load),
            )


def _what(load: NamedLoad, target: Target) -> str:
    system = target.runtime.system
    verb, name = ("starts", load.programs[0]) if load.programs else ("loads", _label(load))
    package = package_of_program(name, system) if load.programs else package_of_library(name, system)
    named = f"{name} (package {package} of {system})" if package else name
    return f"{verb} {named}" if load.programs else f"{verb} {named} by name"


def _label(load: NamedLoad) -> str:
    """The name by which users may look for a library."""
    return load.sonames[0] if load.sonames else f"lib{library_stem(load.searched[0])}.so"


def _lack_of_program(load: NamedLoad, around: Surroundings) -> _Lack | None:
    for linked in around.bundled.values():
        if _is_program(linked.facts) and any(_is_called(_name(linked), program) for program in load.programs):
            return None
    return _Lack(
        Concern.PROGRAM,
        f"neither {around.target.runtime.name} nor the bundle has it",
        _in_image(around)
        or "bring it in bin/ of a layer, which is on PATH, or with --source and name its path in your code",
    )


def _is_program(facts: ElfFacts) -> bool:
    """Whether a file is started: position-independent programs are built like libraries, but ask for a loader."""
    return facts.kind is ElfKind.PROGRAM or facts.interpreter is not None


def _is_called(filename: str, program: str) -> bool:
    """Whether a file is the program, by its name alone or with a system's behind it ('ffmpeg-linux-x86_64-v7.0.2')."""
    return filename == program or filename.startswith(f"{program}-")


def _lack_of_library(load: NamedLoad, around: Surroundings, own: Collection[str]) -> _Lack | None:
    is_driver = any(library_stem(name) in DRIVERS for name in (*load.sonames, *load.searched))
    if is_driver or _is_among(around.image.libraries, load) or _is_bundled(load, around, own):
        return None
    hidden = _hidden(load, around)
    if hidden is not None:
        return _Lack(Concern.BY_NAME, f"{hidden.file.path} is not found", _FIND_LIBRARY)
    runtime = around.target.runtime.name
    if _is_among(around.image.doubtful, load):
        why = f"the container image of {runtime} has it; Lambda itself may not"
    else:
        why = f"neither {runtime} nor the bundle has it"
    return _Lack(Concern.BY_NAME, why, _advice(load, around))


def _advice(load: NamedLoad, around: Surroundings) -> str:
    bring = _in_image(around) or "bring it in lib/ of a layer, or of a folder that is packed with --source"
    if load.hint is not None:
        return f"{bring}, and {load.hint}"
    # Whether an image has ldconfig is for its Dockerfile to say.
    return bring if load.sonames or around.package_type is PackageType.IMAGE else f"{bring}; {_FIND_LIBRARY}"


def _is_bundled(load: NamedLoad, around: Surroundings, own: Collection[str]) -> bool:
    """Whether the bundle has it under the name that is asked for, or the package's own wheel has it in some way."""
    return any(
        {_name(linked), linked.facts.soname}.intersection(load.sonames) or (place in own and _is_known(linked, load))
        for place, linked in around.bundled.items()
    )


def _hidden(load: NamedLoad, around: Surroundings) -> Linked | None:
    """The library in the bundle that `find_library` alone is asked for, which does not look there."""
    stems = () if load.sonames else set(map(library_stem, load.searched))
    return next((linked for linked in around.bundled.values() if library_stem(_name(linked)) in stems), None)


def _in_image(around: Surroundings) -> str | None:
    if around.package_type is not PackageType.IMAGE:
        return None
    return "install it in the Dockerfile, or copy it into the image's /usr/lib64 or /usr/bin"


def _is_among(libraries: Collection[str], load: NamedLoad) -> bool:
    """Whether a system has it: names for `dlopen` are files' names, those for `find_library` have none of a version."""
    stems = {library_stem(name) for name in load.searched}
    return any(name in libraries for name in load.sonames) or any(library_stem(name) in stems for name in libraries)


def _is_known(linked: Linked, load: NamedLoad) -> bool:
    """Whether a package finds this library of its own wheel, whatever tools have added to the name.

    What lies in the loader's folders was put there to be found by its name, and `find_library` does not look there.
    """
    is_private = posixpath.dirname(linked.file.place) not in SEARCHED
    return (is_private or bool(load.sonames)) and any(
        is_named(_name(linked), name) for name in (*load.sonames, *load.searched)
    )


def _name(linked: Linked) -> str:
    return posixpath.basename(linked.file.path)
