"""What a user asks for: requirements, where to look for them, and which kinds of file may answer."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

from msgspec import Struct, field
from msgspec.structs import replace
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name

from lambda_pack.model.building import BuildPermission
from lambda_pack.model.indexes import IndexSettings
from lambda_pack.model.packages import ARCHIVE_SUFFIXES, Folder, Hashes
from lambda_pack.model.targets import Target

__all__ = [
    "CHECKED_ALGORITHMS",
    "HASH_ALGORITHMS",
    "FileChoice",
    "Lineage",
    "Origin",
    "Requested",
    "Requirements",
    "UvSetting",
    "is_checkable",
    "proofs_in",
]


_ARCHIVES = (".whl", *ARCHIVE_SUFFIXES)

HASH_ALGORITHMS = MappingProxyType({"sha256": 64, "sha384": 96, "sha512": 128})
"""What `--hash` accepts, as in pip, with the number of hexadecimal digits; the strongest last."""

CHECKED_ALGORITHMS = MappingProxyType(
    {
        "sha3_512": True,
        "blake2b": True,
        "sha512": True,
        "sha3_384": True,
        "sha384": True,
        "sha3_256": True,
        "blake2s": True,
        "sha256": True,
        "sha3_224": False,
        "sha224": False,
        "sha1": False,
        "md5": False,
    }
)
"""What files are checked by, the strongest first, with whether it proves which file it is.

The last four tell damage from health, but are shorter than 256 bits or can be forged. These are the algorithms that
`hashlib` guarantees in Python 3.11, but for shake_128 and shake_256: their digests have any length, and no tool writes
them into locks.
"""

_LINK_ALGORITHMS = frozenset({"sha512", "sha384", "sha256", "sha224", "sha1", "md5"})
"""What pip checks of a URL's fragment (`_SUPPORTED_HASHES` in `pip._internal.models.link` of pip 26)."""


def proofs_in(hashes: Hashes) -> Hashes:
    """Return those of the pairs that prove a file; by the others it counts as unverified."""
    return tuple(pair for pair in hashes if CHECKED_ALGORITHMS.get(pair[0], False))


def is_checkable(hashes: Hashes) -> bool:
    """Whether a file can be held to what these pairs promise; also where they promise nothing."""
    return not hashes or any(algorithm in CHECKED_ALGORITHMS for algorithm, _ in hashes)


def _is_folder(url: str | None) -> bool:
    """Whether a URL of a requirement is that of a folder on this machine, and not of an archive there."""
    return url is not None and urlsplit(url).scheme in {"file", ""} and not urlsplit(url).path.endswith(_ARCHIVES)


class Origin(Struct, frozen=True):
    """Where a requirement was written: `file` as the user named it, lines counted from 1."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


class Requested(Struct, frozen=True):
    """One requirement.

    `requirement` carries name, extras, specifier, marker and URL (`file:`, `https:` or `git+…:`). It is None for a
    local project or an archive written without a name (`./project`, `-e .`): then `url` alone says where it is.
    """

    origin: Origin
    requirement: Requirement | None
    url: str | None = None
    extras: frozenset[str] = frozenset()
    marker: Marker | None = None
    hashes: Hashes = ()
    config_settings: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> NormalizedName | None:
        """The normalized name, where one was written."""
        return canonicalize_name(self.requirement.name) if self.requirement else None

    def named(self, name: NormalizedName, folder: Path) -> Requested:
        """Return the line with a name for what it names by place alone; relative paths begin at `folder`."""
        url = self.url or ""
        absolute = url if len(urlsplit(url).scheme) > 1 else (folder / url).resolve().as_uri()
        extras = f"[{','.join(sorted(self.extras))}]" if self.extras else ""
        requirement = Requirement(f"{name}{extras} @ {absolute}")
        requirement.marker = self.marker
        return replace(self, requirement=requirement, url=None, extras=frozenset(), marker=None)

    def counts_on(self, target: Target) -> bool:
        """Whether the line's marker holds on the target."""
        if self.requirement is not None:
            return target.satisfies(self.requirement.marker)
        return target.satisfies(self.marker)

    def __str__(self) -> str:
        """As a requirements line without its options."""
        if self.requirement:
            return str(self.requirement)
        extras = f"[{','.join(sorted(self.extras))}]" if self.extras else ""
        marker = f" ; {self.marker}" if self.marker else ""
        return f"{self.url}{extras}{marker}"


class FileChoice(Struct, frozen=True):
    """Which kinds of file may answer a requirement; names are normalized, or ':all:'.

    Pre-releases are allowed of `all_releases`, and forbidden of `only_final`.
    """

    no_binary: frozenset[str] = frozenset()
    only_binary: frozenset[str] = frozenset()
    all_releases: frozenset[str] = frozenset()
    only_final: frozenset[str] = frozenset()
    prefer_binary: bool = False
    building: BuildPermission = field(default_factory=BuildPermission)

    def allows_wheel(self, name: NormalizedName) -> bool:
        """Whether a wheel may be used; a name in one list overrides ':all:' in the other, as in pip."""
        return self._allows(name, self.no_binary, self.only_binary)

    def allows_sdist(self, name: NormalizedName) -> bool:
        """Whether the package may be built from an sdist."""
        return self.why_no_sdist(name) is None

    def allows_prereleases(self, name: str) -> bool | None:
        """Whether pre-releases of a package may be used; None where nothing is said, so that the usual rule holds.

        >>> FileChoice(only_final=frozenset({":all:"}), all_releases=frozenset({"a"})).allows_prereleases("a")
        True
        """
        for wanted in (name, ":all:"):
            if wanted in self.only_final:
                return False
            if wanted in self.all_releases:
                return True
        return None

    def why_no_sdist(self, name: NormalizedName) -> str | None:
        """Why the package may not be built from an sdist, where it may not."""
        if not self._allows(name, self.only_binary, self.no_binary):
            return "is source, and --only-binary keeps source of it out"
        return self.building.refusal(name)

    @property
    def enforced(self) -> FileChoice:
        """The same in words of pip and uv, which hold back code by keeping out files.

        Who alone may run code is resolved from its source: neither of them knows an exception that allows both.
        """
        permission = self.building
        if permission.nothing:
            return replace(self, no_binary=frozenset(), only_binary=frozenset({":all:"}))
        if permission.only:
            allowed = permission.only - permission.never - self.only_binary
            return replace(self, no_binary=frozenset(allowed), only_binary=frozenset({":all:"}))
        never = permission.never
        return replace(self, no_binary=self.no_binary - never, only_binary=self.only_binary | never)

    def without_wheels(self, words: str) -> FileChoice:
        """With pip's `--no-binary`: names, ':all:' or ':none:', by commas; the newest word on a name wins."""
        refused, wanted = _said(words, self.no_binary, self.only_binary)
        return replace(self, no_binary=refused, only_binary=wanted)

    def without_sdists(self, words: str) -> FileChoice:
        """With pip's `--only-binary`; see `without_wheels`.

        >>> sorted(FileChoice().without_sdists(":all:").without_wheels("Foo_Bar").no_binary)
        ['foo-bar']
        """
        refused, wanted = _said(words, self.only_binary, self.no_binary)
        return replace(self, only_binary=refused, no_binary=wanted)

    def with_prereleases(self, words: str) -> FileChoice:
        """Apply pip's `--all-releases`; see `without_wheels` for the words."""
        allowed, forbidden = _said(words, self.all_releases, self.only_final)
        return replace(self, all_releases=allowed, only_final=forbidden)

    def without_prereleases(self, words: str) -> FileChoice:
        """Apply pip's `--only-final`; see `without_wheels` for the words."""
        forbidden, allowed = _said(words, self.only_final, self.all_releases)
        return replace(self, only_final=forbidden, all_releases=allowed)

    @staticmethod
    def _allows(name: NormalizedName, refused: frozenset[str], wanted: frozenset[str]) -> bool:
        return name not in refused and (":all:" not in refused or name in wanted)


def _hashes_in(line: Requested) -> Hashes:
    """The digest that a URL names in its fragment, as pip accepts it: `name @ https://…/x.whl#sha256=…`."""
    fragment = urlsplit(line.requirement.url or "").fragment if line.requirement else ""
    pairs = (part.partition("=") for part in fragment.split("&"))
    return tuple((algorithm, digest.lower()) for algorithm, _, digest in pairs if algorithm in _LINK_ALGORITHMS)


def _said(words: str, refused: frozenset[str], wanted: frozenset[str]) -> tuple[frozenset[str], frozenset[str]]:
    for word in filter(None, (part.strip() for part in words.split(","))):
        match word:
            case ":all:":
                refused, wanted = frozenset({":all:"}), frozenset()
            case ":none:":
                refused = frozenset()
            case _:
                name = canonicalize_name(word)
                refused, wanted = refused | {name}, wanted - {name}
    return refused, wanted


class Lineage(Struct, frozen=True):
    """What a lock and the manifest beside it say about who wanted what: it explains, and decides nothing.

    `direct` are the project's own lines; `requires` is what each package asks for, empty where the lock does not say.
    """

    direct: tuple[Requested, ...] = ()
    requires: Mapping[NormalizedName, tuple[Requirement, ...]] = field(default_factory=lambda: MappingProxyType({}))


class UvSetting(Struct, frozen=True):
    """A setting that only uv knows; `value` is JSON, `source` the file or variable that has it."""

    key: str
    value: str
    source: str


class Requirements(Struct, frozen=True):
    """Everything one or several requirements files say. `folder` is where relative paths begin.

    Packages in `left_out` are resolved with the others and then not packed. `projects` are the user's own, built and
    packed as own code. `overrides` take the place of every requirement of their names, `excludes` are left out of the
    closure wherever they are asked for. `uv_settings` are handed to uv as they stand.
    `itself` is the project whose dependencies these are. A requirement on the name of one of
    `local`, which holds all of the user's own projects, means that folder: no index is asked for those names.
    """

    folder: Path
    requested: tuple[Requested, ...] = ()
    constraints: tuple[Requested, ...] = ()
    indexes: IndexSettings = field(default_factory=IndexSettings)
    files: FileChoice = field(default_factory=FileChoice)
    require_hashes: bool = False
    config_settings: tuple[tuple[str, str], ...] = ()
    lineage: Lineage = field(default_factory=Lineage)
    build_constraints: tuple[Requested, ...] = ()
    left_out: frozenset[str] = frozenset()
    projects: tuple[Folder, ...] = ()
    overrides: tuple[Requested, ...] = ()
    excludes: frozenset[NormalizedName] = frozenset()
    uv_settings: tuple[UvSetting, ...] = ()
    itself: NormalizedName | None = None
    local: tuple[Folder, ...] = ()

    def packs(self, name: NormalizedName) -> bool:
        """Whether what a resolver says about a package is packed: it is not left out, and no project of the user's."""
        is_own = name == self.itself or any(name == project.pin.name for project in self.projects)
        return not is_own and name not in self.left_out

    def is_local(self, name: NormalizedName) -> bool:
        """Whether the name is that of a folder of the user's, so that no index may be asked for it."""
        return any(name == folder.pin.name for folder in self.local)

    @property
    def folder_names(self) -> frozenset[NormalizedName]:
        """The names of what is built from folders of this machine, as far as they are known."""
        lines = (line for line in (*self.requested, *self.constraints) if line.requirement is not None)
        named = {line.name for line in lines if line.requirement is not None and _is_folder(line.requirement.url)}
        return frozenset(name for name in named if name is not None) | {folder.pin.name for folder in self.local}

    def hashes(self, name: NormalizedName) -> Hashes:
        """The digests the user wrote for a package; any one of them must match."""
        lines = (line for line in (*self.requested, *self.constraints) if line.name == name)
        return tuple(dict.fromkeys(pair for line in lines for pair in (*line.hashes, *_hashes_in(line))))

    def on(self, target: Target) -> Requirements:
        """Only the lines that count on the target."""
        requested = tuple(line for line in self.requested if line.counts_on(target))
        constraints = tuple(line for line in self.constraints if line.counts_on(target))
        overrides = tuple(line for line in self.overrides if line.counts_on(target))
        indexes = self.indexes.on(target)
        return replace(self, requested=requested, constraints=constraints, overrides=overrides, indexes=indexes)

    def allowed(self, name: NormalizedName) -> SpecifierSet:
        """The versions that the user's own lines allow, whatever other packages ask for."""
        allowed = SpecifierSet()
        overridden = any(line.name == name for line in self.overrides)
        for line in (*(self.overrides if overridden else self.requested), *self.constraints):
            if line.requirement is not None and line.name == name:
                allowed &= line.requirement.specifier
        return allowed
