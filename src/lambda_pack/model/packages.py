"""Packages and the files they are on offer as: wheels, and the three kinds of source."""

from __future__ import annotations

from datetime import datetime
from string import hexdigits
from typing import TypeAlias

from msgspec import Struct
from packaging.specifiers import SpecifierSet
from packaging.tags import Tag
from packaging.utils import (
    NormalizedName,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import Version

from lambda_pack.model.urls import filename_of

__all__ = [
    "ARCHIVE_SUFFIXES",
    "Checkout",
    "Folder",
    "Hashes",
    "Offer",
    "Pin",
    "Sdist",
    "Source",
    "Wheel",
    "place_of",
]

Hashes: TypeAlias = tuple[tuple[str, str], ...]
"""Pairs of algorithm and lower-case hexadecimal digest; empty when nobody promised anything."""


class Pin(Struct, frozen=True):
    """One version of one package; the name is normalized (PEP 503).

    The version is None for a checkout or a folder until its backend, asked while building, has said it.
    """

    name: NormalizedName
    version: Version | None

    @classmethod
    def parse(cls, name: str, version: str) -> Pin:
        """A pin from any spelling of the name.

        >>> str(Pin.parse("Foo.Bar", "1.0"))
        'foo-bar==1.0'
        """
        return cls(canonicalize_name(name), Version(version))

    def is_met_by(self, other: Pin) -> bool:
        """Whether a wheel with the other pin is what this one asks for; a version that nobody knew yet may be any."""
        return self.name == other.name and self.version in {None, other.version}

    def __str__(self) -> str:
        return self.name if self.version is None else f"{self.name}=={self.version}"


class Wheel(Struct, frozen=True):
    """A wheel by its file name; `url` may be `file:`, `size` is in bytes.

    `yanked` holds the reason where its index took it back (PEP 592). `refused` says why it may not be used although it
    is on offer: not among the hashes asked for, kept out by an option. `is_exact` says that a requirement names this
    very file, so that no other may stand in. `metadata` says that `url` + ".metadata" holds the wheel's METADATA
    (PEP 658). `index` is the index or `--find-links` place that offers it, without credentials, where that is known.
    `uploaded` is as in `Sdist`.
    """

    pin: Pin
    filename: str
    url: str
    build: tuple[int | str, ...] = ()
    tags: frozenset[Tag] = frozenset()
    hashes: Hashes = ()
    size: int | None = None
    requires_python: SpecifierSet | None = None
    yanked: str | None = None
    refused: str | None = None
    is_exact: bool = False
    metadata: bool = False
    index: str | None = None
    uploaded: datetime | None = None

    @classmethod
    def parse(cls, url: str, *, filename: str | None = None, hashes: Hashes = ()) -> Wheel:
        """The wheel at a URL.

        Raises:
            packaging.utils.InvalidWheelFilename: the name is not a wheel's.
        """
        filename = filename or filename_of(url)
        name, version, build, tags = parse_wheel_filename(filename)
        return cls(Pin(name, version), filename, url, build, tags, hashes)

    @property
    def is_pure(self) -> bool:
        """Whether every tag says that the machine does not matter."""
        return all(tag.platform == "any" for tag in self.tags)


class Sdist(Struct, frozen=True):
    """A source archive: from an index, or any archive a requirement points at (then `subdirectory` may matter).

    `uploaded` is when its index got it (PEP 700), where the index says so; never without a time zone.
    """

    pin: Pin
    filename: str
    url: str
    hashes: Hashes = ()
    size: int | None = None
    requires_python: SpecifierSet | None = None
    yanked: str | None = None
    refused: str | None = None
    is_exact: bool = False
    subdirectory: str | None = None
    index: str | None = None
    uploaded: datetime | None = None

    @classmethod
    def parse(cls, url: str, *, filename: str | None = None, hashes: Hashes = ()) -> Sdist:
        """The sdist at a URL.

        Raises:
            packaging.utils.InvalidSdistFilename: the name is not an sdist's.
        """
        filename = filename or filename_of(url)
        name, version = parse_sdist_filename(filename)
        return cls(Pin(name, version), filename, url, hashes)


class Checkout(Struct, frozen=True):
    """A commit of a version-controlled project; `url` has no `git+` and no revision. `refused` is as in `Wheel`."""

    pin: Pin
    system: str
    url: str
    commit: str
    subdirectory: str | None = None
    refused: str | None = None

    @property
    def filename(self) -> str:
        """What pip calls it.

        >>> Checkout(Pin.parse("a", "1"), "git", "https://x.example/a.git", "abc").filename
        'git+https://x.example/a.git@abc'
        """
        suffix = f"#subdirectory={self.subdirectory}" if self.subdirectory else ""
        return f"{self.system}+{self.url}@{self.commit}{suffix}"

    @property
    def is_fixed(self) -> bool:
        """Whether `commit` is one by its digest, and no name that may move."""
        return len(self.commit) in {40, 64} and set(self.commit) <= set(hexdigits)


class Folder(Struct, frozen=True):
    """A project on this machine's disk; `path` is absolute. `refused` is as in `Wheel`."""

    pin: Pin
    path: str
    subdirectory: str | None = None
    refused: str | None = None

    @property
    def filename(self) -> str:
        """The folder itself: it has no file name of its own."""
        return self.path


ARCHIVE_SUFFIXES = (".tar.gz", ".zip", ".tar.bz2", ".tar.xz", ".tgz", ".tbz", ".txz", ".tar.lzma", ".tlz", ".tar")
"""How the names of source archives end that pip unpacks."""

Source: TypeAlias = Sdist | Checkout | Folder
Offer: TypeAlias = Wheel | Source


def place_of(source: Source) -> tuple[str, ...]:
    """Return where the source is: equal for two that are the same source under different names or with other hashes.

    >>> place_of(Folder(Pin.parse("a", "1"), "/p")) == place_of(Folder(Pin.parse("b", "2"), "/p"))
    True
    """
    match source:
        case Folder():
            return "folder", source.path, source.subdirectory or ""
        case Checkout():
            return source.system, source.url, source.commit, source.subdirectory or ""
        case Sdist():
            return "sdist", source.url.partition("#")[0], source.subdirectory or ""
