"""What of an unpacked bundle can be imported by the name of a top-level module, and what only looks like it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeAlias

from msgspec import Struct

from lambda_pack.model.extension_modules import extension_suffixes
from lambda_pack.model.loading import Skipped
from lambda_pack.model.targets import Target

__all__ = ["Importable", "find_importable"]

# Programs that tools leave at the top: they run when they are imported, and nothing imports them.
_PROGRAMS: Final = MappingProxyType(
    {
        "__main__": "a program: it runs when the bundle is started, not when something is imported",
        "setup": "a build script: importing it would build",
        "conftest": "pytest's: nothing imports it but tests",
        "__init__": "the folder of a bundle is no package",
    }
)
# Metadata and libraries that wheels bring along: no code to import by name.
_NOT_CODE: Final = (".dist-info", ".egg-info", ".libs")
# What a package has below itself and no function imports; by the names of modules and of folders.
_LEFT_OUT: Final = MappingProxyType(
    {
        "__main__": ("programs", "`python -m` runs them, nothing imports them"),
        **dict.fromkeys(
            ("conftest", "test", "tests", "_test", "_tests"), ("tests", "a test runner imports them, no function does")
        ),
    }
)
_UNPACKAGED: Final = ("folders without `__init__.py`", "data of a package, or modules that only its own code finds")
_FOREIGN: Final = MappingProxyType({".pyd": "an extension module for Windows", ".dylib": "a library for macOS"})


class Importable(Struct, frozen=True):
    """Modules by their dotted names, each once, and what is left out."""

    modules: tuple[str, ...]
    skipped: tuple[Skipped, ...]


class _LeftOut(Struct, frozen=True):
    """Modules of a package that are counted, not named: `kind` has what they are, and why they are left out."""

    kind: tuple[str, str]
    count: int = 1


_Found: TypeAlias = str | Skipped | _LeftOut


class _Search(Struct, frozen=True):
    """How to look: the endings of modules that the target's interpreter loads, and whether to look into packages."""

    endings: tuple[str, ...]
    submodules: bool

    def is_package(self, folder: Path) -> bool:
        return any((folder / f"__init__{ending}").is_file() for ending in self.endings)


def find_importable(folders: Sequence[Path], target: Target, *, submodules: bool = False) -> Importable:
    """Look through folders of `sys.path`: packages and modules at their top, and below namespace packages.

    A namespace package is a folder without `__init__.py` that holds modules: each module in it counts as a top-level
    one, because importing the folder alone proves nothing. With `submodules`, the modules and packages inside each
    package follow it, without programs and tests, which are counted.
    """
    search = _Search(_endings(target), submodules)
    found = [one for folder in folders if folder.is_dir() for one in _inside(folder, "", search)]
    modules = dict.fromkeys(one for one in found if isinstance(one, str))
    skipped = dict.fromkeys(one for one in found if isinstance(one, Skipped))
    return Importable(tuple(modules), (*skipped, *_counted(one for one in found if isinstance(one, _LeftOut))))


def _counted(left_out: Iterable[_LeftOut]) -> Iterator[Skipped]:
    counts: dict[tuple[str, str], int] = {}
    for one in left_out:
        counts[one.kind] = counts.get(one.kind, 0) + one.count
    for (what, why), count in counts.items():
        yield Skipped(f"{count} module{'' if count == 1 else 's'} of packages: {what}", why)


def _endings(target: Target) -> tuple[str, ...]:
    """As `importlib.machinery.all_suffixes()` of the target's interpreter has them, the longest first."""
    suffixes = (*extension_suffixes(target.runtime.python, target.architecture.machine), ".pyc", ".py")
    return tuple(sorted(suffixes, key=len, reverse=True))


def _inside(folder: Path, prefix: str, search: _Search) -> Iterator[_Found]:
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            yield from _of_folder(path, prefix, search)
        else:
            yield from _of_file(path, prefix, search.endings)


def _of_folder(path: Path, prefix: str, search: _Search) -> Iterator[_Found]:
    if path.name.endswith(_NOT_CODE) or path.name == "__pycache__":
        return
    name = f"{prefix}{path.name}"
    if name == "bin" and not search.is_package(path):
        # Where installers put scripts; some end in `.py`.
        if any(path.iterdir()):
            yield Skipped("bin/", "programs: they are started, nothing imports them")
        return
    if not search.is_package(path):
        inside = list(_inside(path, f"{name}.", search))
    else:
        inside = [name, *(_of_package(path, f"{name}.", search) if search.submodules else ())]
    if path.name.isidentifier():
        yield from inside
    elif any(isinstance(one, str) for one in inside):
        yield Skipped(f"{name}/", "no name that an import statement can have")


def _of_package(folder: Path, prefix: str, search: _Search) -> Iterator[_Found]:
    """The modules inside a package, and those of the packages in it."""
    for path in sorted(folder.iterdir()):
        name = path.name.partition(".")[0]
        if path.is_dir():
            yield from _of_inner_folder(path, prefix, search)
        elif name in _LEFT_OUT and path.name[len(name) :] in search.endings:
            yield _LeftOut(_LEFT_OUT[name])
        elif name != "__init__":
            yield from _of_file(path, prefix, search.endings)


def _of_inner_folder(path: Path, prefix: str, search: _Search) -> Iterator[_Found]:
    if path.name == "__pycache__" or path.name.endswith(_NOT_CODE):
        return
    if path.name in _LEFT_OUT:
        kind = _LEFT_OUT[path.name]
    elif search.is_package(path) and path.name.isidentifier():
        yield f"{prefix}{path.name}"
        yield from _of_package(path, f"{prefix}{path.name}.", search)
        return
    else:
        kind = _UNPACKAGED
    count = sum(1 for file in path.rglob("*") if file.name[len(file.name.partition(".")[0]) :] in search.endings)
    if count:
        yield _LeftOut(kind, count)


def _of_file(path: Path, prefix: str, endings: tuple[str, ...]) -> Iterator[str | Skipped]:
    name = path.name.partition(".")[0]
    shown = f"{prefix.replace('.', '/')}{path.name}"
    ending = path.name[len(name) :]
    if path.suffix in _FOREIGN:
        yield Skipped(shown, _FOREIGN[path.suffix])
    elif ending not in endings and path.suffix in {".so", ".py", ".pyc"}:
        yield from _of_other_ending(path, prefix, endings)
    elif ending not in endings:
        return
    elif not prefix and name in _PROGRAMS:
        yield Skipped(shown, _PROGRAMS[name])
    elif not name.isidentifier():
        yield Skipped(shown, "no name that an import statement can have")
    elif path.suffix == ".so" and not _is_extension(path, name):
        yield Skipped(shown, f"a library, not an extension module: it has no PyInit_{name}")
    else:
        yield f"{prefix}{name}"


def _of_other_ending(path: Path, prefix: str, endings: tuple[str, ...]) -> Iterator[str | Skipped]:
    """A file that this interpreter does not look for: an extension module of another one, or `my.script.py`."""
    name = path.name.partition(".")[0]
    shown = f"{prefix.replace('.', '/')}{path.name}"
    if path.suffix != ".so":
        yield Skipped(shown, "no name that an import statement can have")
    elif not name.isidentifier() or not _is_extension(path, name):
        yield Skipped(shown, f"a library, not an extension module: it has no PyInit_{name}")
    elif any((path.parent / f"{name}{ending}").is_file() for ending in endings):
        yield Skipped(shown, "an extension module for another interpreter; the one for this runtime is beside it")
    else:
        # Nothing in the bundle can be imported by this name: trying it says so.
        yield f"{prefix}{name}"


def _is_extension(path: Path, name: str) -> bool:
    """Whether the library defines what CPython calls to make a module of it (PEP 3121, PEP 489)."""
    content = path.read_bytes()
    return f"PyInit_{name}".encode() in content or b"PyInitU_" in content
