"""What is known of a binary: the facts of one ELF file, or the foreign system that a library was built for.

Values only; `lambda_pack.files.elf` reads them and `lambda_pack.model.audit` judges them.
"""

from __future__ import annotations

from enum import Enum
from typing import TypeAlias

from msgspec import Struct
from packaging.specifiers import SpecifierSet
from packaging.version import Version

__all__ = [
    "LAYERS",
    "TASK",
    "Binary",
    "BinaryFile",
    "Companion",
    "Damaged",
    "ElfFacts",
    "ElfKind",
    "Foreign",
    "Generated",
    "Level",
    "LoadsByName",
    "NamedLoad",
    "SymbolVersion",
]

Level: TypeAlias = tuple[int, ...]
"""A symbol version's numbers: (2, 17) for GLIBC_2.17. Empty where the version has none, as in GLIBC_PRIVATE."""


class ElfKind(Enum):
    """What a file is for: what is loaded, what is started, or neither (an object file, a core dump)."""

    LIBRARY = "library"
    PROGRAM = "program"
    OTHER = "other"


class SymbolVersion(Struct, frozen=True):
    """The newest version of one namespace: 'GLIBCXX' (3, 4, 21) of `library`, as the file that needs it names it."""

    library: str
    namespace: str
    level: Level

    @property
    def name(self) -> str:
        """As linkers write it.

        >>> SymbolVersion("libc.so.6", "GLIBC", (2, 17)).name
        'GLIBC_2.17'
        """
        return "_".join((self.namespace, ".".join(map(str, self.level)))) if self.level else self.namespace


class Companion(Struct, frozen=True):
    """Releases of another package that a file was made for, as its contents say.

    `name` is normalized, `releases` a version specifier ('<2'); `what` completes 'the file …' ('was compiled for
    NumPy 1').
    """

    name: str
    releases: str
    what: str

    @property
    def requirement(self) -> str:
        """As requirements have it: 'numpy<2'."""
        return f"{self.name}{self.releases}"

    @property
    def is_at_least(self) -> bool:
        """Whether newer releases will do, too."""
        return self.releases.startswith(">=")

    def admits(self, version: Version) -> bool:
        """Whether a release of the package is one of them; a pre-release counts as the release that it leads to."""
        return Version(version.base_version) in SpecifierSet(self.releases)


class ElfFacts(Struct, frozen=True, tag=True):
    """What one ELF file says to a loader.

    `machine` is named as `uname -m` names it, 'machine N' where the number is none we know; `bits` is 32 or 64.
    `needed` are its DT_NEEDED entries in their order. `versions` are the newest symbol versions that it cannot do
    without, one for each library and namespace; `provided` are the newest that it defines itself. `runpath` and
    `rpath` are lists of folders in which `$ORIGIN` is not yet replaced; a loader ignores `rpath` where there is a
    `runpath`. `interpreter` is the loader that a program asks for; a program without one is static. `is_module` says
    that it has an entry for Python's `import`. `companions` are the releases of other packages that it loads beside.
    """

    machine: str
    bits: int
    kind: ElfKind
    soname: str | None = None
    needed: tuple[str, ...] = ()
    versions: tuple[SymbolVersion, ...] = ()
    provided: tuple[SymbolVersion, ...] = ()
    runpath: tuple[str, ...] = ()
    rpath: tuple[str, ...] = ()
    interpreter: str | None = None
    is_module: bool = False
    companions: tuple[Companion, ...] = ()

    @property
    def is_static(self) -> bool:
        """Whether it runs without any loader."""
        return self.kind is ElfKind.PROGRAM and self.interpreter is None and not self.needed

    def newest(self, namespace: str) -> Level | None:
        """The newest version that it needs of a namespace, from whichever library; None where it needs none."""
        return max((one.level for one in self.versions if one.namespace == namespace), default=None)


class Foreign(Struct, frozen=True, tag=True):
    """A library of another system, by its words: 'Windows' or 'macOS'."""

    system: str


class Damaged(Struct, frozen=True, tag=True):
    """It begins as an ELF file does, but no loader could follow it; `why` completes 'the file …'."""

    why: str


class Generated(Struct, frozen=True, tag=True):
    """Python that a compiler wrote for releases of the package whose format it reads: protobuf's `_pb2.py`."""

    companions: tuple[Companion, ...]


class NamedLoad(Struct, frozen=True):
    """What Python code loads, or starts, by its name: any one of the names will do.

    `sonames` are given to `dlopen` ('libcairo.so.2'), `searched` to `ctypes.util.find_library` ('cairo'), `programs`
    are started. A package of `brought_by`, by normalized name, brings it in a way of its own. `hint` says how the code
    is told where it is.
    """

    sonames: tuple[str, ...] = ()
    searched: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()
    brought_by: tuple[str, ...] = ()
    hint: str | None = None


class LoadsByName(Struct, frozen=True, tag=True):
    """Python that loads libraries, or starts programs, by name: no loader sees that they are needed."""

    loads: tuple[NamedLoad, ...]


Binary: TypeAlias = ElfFacts | Foreign | Damaged | Generated | LoadsByName

TASK = "/var/task"
"""Where Lambda unpacks a function."""

LAYERS = "/opt"
"""Where Lambda unpacks layers."""


class BinaryFile(Struct, frozen=True):
    """A binary at its place: `path` is the one in its archive, `folder` where Lambda unpacks that."""

    path: str
    binary: Binary
    folder: str = TASK

    @property
    def place(self) -> str:
        """Its path on Lambda."""
        return f"{self.folder}/{self.path}"
