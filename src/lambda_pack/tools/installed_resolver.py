"""Resolving from what is installed: each distribution becomes the wheel that it was, and is judged like any other."""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import Path

from packaging.pylock import Package, PackageWheel, Pylock
from packaging.utils import NormalizedName
from packaging.version import Version

from lambda_pack.errors import UnmetDependencies
from lambda_pack.files.archive import write_zip
from lambda_pack.files.bundle import Bundle
from lambda_pack.files.entries import EXECUTABLE, OWN, PLAIN, Entry
from lambda_pack.files.records import record_line
from lambda_pack.model.exclusions import NO_EXCLUSIONS, Exclusions
from lambda_pack.model.installed import Distribution, Installation
from lambda_pack.model.locks import CREATOR
from lambda_pack.model.targets import Target

__all__ = ["InstalledResolver"]


class InstalledResolver:
    """Implements `lambda_pack.ports.Resolver`; the wheels are written to `scratch`, which must exist."""

    def __init__(self, installation: Installation, scratch: Path) -> None:
        self._installation = installation
        self._scratch = scratch

    def resolve(
        self, target: Target, *, exclusions: Exclusions = NO_EXCLUSIONS, without: Collection[NormalizedName] = ()
    ) -> Pylock:
        """See `lambda_pack.ports.Resolver`; one version of each is there, so nothing can be left out.

        Raises:
            UsageError: a file cannot be read, or changes meanwhile.
        """
        if exclusions or without:
            names = ", ".join(sorted({*exclusions.names, *without}))
            raise UnmetDependencies(f"one version of {names} is installed, and not for {target}")
        return Pylock(
            lock_version=Version("1.0"),
            created_by=CREATOR,
            packages=[self._package(one) for one in self._installation.distributions],
        )

    def _package(self, one: Distribution) -> Package:
        path = self._scratch / one.filename
        write_zip(Bundle(tuple(_entries(one, self._installation.folder))), path)
        # No digest: nobody has promised any for what was installed, and RECORD is made here.
        wheel = PackageWheel(name=one.filename, url=path.as_uri(), size=path.stat().st_size, hashes={})
        return Package(name=one.pin.name, version=one.pin.version, wheels=[wheel])


def _entries(one: Distribution, folder: Path) -> list[Entry]:
    record = f"{one.dist_info}/RECORD"
    entries = [_entry(path, folder / path) for path in one.files if path != record]
    entries += (_entry(f"{one.data_folder}/{path}", file) for path, file in one.spread)
    content = "".join((*map(record_line, entries), f"{record},,\n")).encode()
    entries.append(Entry(record, content, PLAIN, OWN, len(content)))
    return sorted(entries, key=lambda entry: entry.path)


def _entry(path: str, file: Path) -> Entry:
    status = file.stat()
    mode = EXECUTABLE if status.st_mode & 0o111 else PLAIN
    if ".data/scripts/" not in path:
        return Entry(path, file, mode, OWN, status.st_size)
    # Installers write the path of their Python into scripts, in the place of this word.
    content = re.sub(rb"\A#![^\n]*python[^\n]*", b"#!python", file.read_bytes())
    return Entry(path, content, mode, OWN, len(content))
