"""The files of a locked package, from how the lock files of several tools name them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from msgspec import Struct
from packaging.markers import Marker
from packaging.pylock import PackageArchive, PackageDirectory, PackageSdist, PackageVcs, PackageWheel
from packaging.utils import InvalidSdistFilename, InvalidWheelFilename, parse_sdist_filename, parse_wheel_filename
from packaging.version import Version

from lambda_pack.inputs.documents import shown
from lambda_pack.model.packages import ARCHIVE_SUFFIXES, Hashes

__all__ = ["FileEntry", "archive", "either", "files_of", "hash_pairs", "newer_format", "place", "repository"]


class FileEntry(Struct, frozen=True):
    """One file as a lock names it: by file name, by URL, or by both; `path` is relative to the lock."""

    filename: str
    hash: str | None
    url: str | None = None
    path: str | None = None
    size: int | None = None


def newer_format(path: Path, version: Version, newest: Version, export: str) -> str:
    """Return the warning about a lock of a newer format than is known; `export` is the command to compare with."""
    return (
        f"{shown(path).as_posix()!r} has the format {version}, and lambda-pack knows {newest}: it may say more than "
        f"is read; compare with `{export}`"
    )


def files_of(entries: Iterable[FileEntry], version: Version | None) -> dict[str, Any]:
    """The fields `wheels` and `sdist` of a package; formats that no installer takes (eggs, .exe) are left out.

    Files of other versions are, too: old locks list all files of a name together.
    """
    wheels: list[PackageWheel] = []
    sdist: PackageSdist | None = None
    for entry in entries:
        hashes = dict(hash_pairs([] if entry.hash is None else [entry.hash]))
        values: dict[str, Any] = {
            "name": entry.filename,
            "url": entry.url,
            "path": entry.path,
            "size": entry.size,
            "hashes": hashes,
        }
        try:
            if entry.filename.endswith(".whl"):
                if version is None or parse_wheel_filename(entry.filename)[1] == version:
                    wheels.append(PackageWheel(**values))
            elif sdist is None and (version is None or parse_sdist_filename(entry.filename)[1] == version):
                sdist = PackageSdist(**values)
        except (InvalidWheelFilename, InvalidSdistFilename):
            continue
    return {"wheels": wheels or None, "sdist": sdist}


def hash_pairs(hashes: Iterable[str]) -> Hashes:
    """Return pairs of algorithm and digest, from `sha256:…`; an empty text is one that cannot be checked."""
    return tuple(
        (algorithm.lower(), digest.lower()) for algorithm, _, digest in (text.partition(":") for text in hashes)
    )


def repository(url: str, commit: str, subdirectory: str | None) -> dict[str, Any]:
    """The field `vcs` of a package; a lock names git alone."""
    return {"vcs": PackageVcs(type="git", url=url.removeprefix("git+"), commit_id=commit, subdirectory=subdirectory)}


def archive(
    *, url: str | None = None, path: str | None = None, hashes: Iterable[str] = (), subdirectory: str | None = None
) -> dict[str, Any]:
    """The field `archive` of a package: one file, named by its place."""
    pairs = dict(hash_pairs(hashes))
    return {"archive": PackageArchive(url=url, path=path, hashes=pairs, subdirectory=subdirectory)}


def place(path: str, hashes: Iterable[str] = (), subdirectory: str | None = None) -> dict[str, Any]:
    """The field of a package on this disk: a file, or a folder that is built as a plain wheel, editable or not."""
    if path.lower().endswith((".whl", *ARCHIVE_SUFFIXES)):
        return archive(path=path, hashes=hashes, subdirectory=subdirectory)
    return {"directory": PackageDirectory(path=path, subdirectory=subdirectory)}


def either(markers: Iterable[Marker | str | None]) -> Marker | None:
    """One marker that holds where any of these does; None where one of them is no condition, or none is given."""
    said = list(markers)
    if not said or not all(said):
        return None
    return Marker(" or ".join(f"({marker})" for marker in said))
