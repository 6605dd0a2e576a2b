"""The files of a bundle that somebody has made: a zip, a folder, or a wheel."""

from __future__ import annotations

import csv
import os
import posixpath
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from lambda_pack.errors import UsageError
from lambda_pack.files.directory import read_directory
from lambda_pack.files.entries import OWN, PLAIN, Entry, chunks
from lambda_pack.files.folding import fold
from lambda_pack.files.members import Member, mapped_archive
from lambda_pack.files.wheel import open_wheel

__all__ = ["open_bundled", "packages_in", "releases_in"]

_LONGEST_TARGET = 4096
_ADVICE = "make the archive again"
_RECORD = re.compile(r"(?P<root>(?:.*/)?)(?P<package>[^/]+)\.dist-info/RECORD")
_METADATA = re.compile(r"(?:.*/)?(?P<name>[^/]+)-(?P<version>[^/-]+)\.dist-info/[^/]+")


@contextmanager
def open_bundled(path: Path) -> Iterator[tuple[Entry, ...]]:
    """Every file of a zip or folder, or of a wheel as an installer would place it; valid inside the `with` block.

    Symbolic links stand for the files they lead to; those that lead to none of the bundle's are left out.

    Raises:
        UsageError: it is neither, or cannot be read.
        IntegrityError: the archive is damaged or hostile.
    """
    if path.is_dir():
        yield tuple(_of_folder(path))
    elif not path.is_file():
        raise UsageError(f"{str(path)!r} is no zip, wheel or folder; name one that is there")
    elif path.suffix == ".whl":
        with open_wheel(path) as wheel:
            yield fold(wheel)
    else:
        with mapped_archive(path, advice=_ADVICE) as archive:
            members = {member.name: member for member in read_directory(archive)}
            found = ((name, _target(member, members)) for name, member in members.items())
            yield tuple(Entry(name, file, PLAIN, OWN, file.size) for name, file in found if file is not None)


def releases_in(paths: Iterable[str]) -> dict[str, Version]:
    """The versions of the packages that lie among files, by normalized name, as their metadata folders are named.

    >>> releases_in(["numpy/__init__.py", "numpy-2.5.5.dist-info/METADATA"])
    {'numpy': <Version('2.5.5')>}
    """
    found: dict[str, Version] = {}
    for path in paths:
        if match := _METADATA.fullmatch(path):
            with suppress(InvalidVersion):
                found[canonicalize_name(match["name"])] = Version(match["version"])
    return found


def packages_in(entries: Iterable[Entry]) -> dict[str, str]:
    """Return the package of each file that a RECORD lists, by path: the name of the folder of its metadata."""
    found: dict[str, str] = {}
    for entry in entries:
        if match := _RECORD.fullmatch(entry.path):
            lines = b"".join(chunks(entry)).decode("utf-8", "replace").splitlines()
            paths = (posixpath.normpath(match["root"] + row[0]) for row in csv.reader(lines) if row)
            found |= dict.fromkeys(paths, match["package"])
    return found


def _target(member: Member, members: dict[str, Member]) -> Member | None:
    """The member itself, or the file that a link leads to in one step, as those between versions of a library do."""
    if not member.symlink:
        return member
    if member.size > _LONGEST_TARGET:
        return None
    text = member.read().decode("utf-8", "replace")
    target = members.get(posixpath.normpath(posixpath.join(posixpath.dirname(member.name), text)))
    return target if target is not None and not target.symlink else None


def _of_folder(folder: Path) -> Iterator[Entry]:
    root = folder.resolve()
    for place, folders, names in os.walk(root, onerror=_refuse):
        folders.sort()
        for name in sorted(names):
            path = Path(place, name)
            real = path.resolve()
            if real.is_file() and real.is_relative_to(root):
                yield Entry(path.relative_to(root).as_posix(), real, PLAIN, OWN, real.stat().st_size)


def _refuse(error: OSError) -> None:
    raise UsageError(f"{error.filename!r} cannot be read ({error.strerror}); make it readable") from error
