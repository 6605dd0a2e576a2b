"""Distributions that already lie in a folder, and which of its files are theirs.

A folder that wheels were unpacked into does not say so by itself: it also holds the customer's code. What belongs to a
distribution is known from the RECORD that installers, and we, leave in its `.dist-info`. Without it, only the
`.dist-info` itself is known to be the distribution's; every other file counts as the customer's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from lambda_pack.files.wheel import means
from lambda_pack.model.packages import Pin

__all__ = ["Copy", "find_copies"]


class Copy(Struct, frozen=True):
    """A distribution in a folder; `files` are relative paths with `/` that are there, and reached through no link.

    `missing` are the paths in the folder that its RECORD lists and that are not there.
    """

    dist_info: str
    files: frozenset[str]
    missing: frozenset[str] = frozenset()

    def is_of(self, pins: Iterable[Pin]) -> bool:
        """Whether it is one of these packages, in whatever version."""
        stem = self.dist_info.removesuffix(".dist-info")
        return any(means(stem, Pin(pin.name, None)) for pin in pins)


def find_copies(folder: Path) -> tuple[Copy, ...]:
    """The distributions that lie in the folder."""
    found = sorted(path for path in folder.glob("*.dist-info") if path.is_dir() and not path.is_symlink())
    return tuple(Copy(path.name, frozenset(_files(folder, path)), frozenset(_missing(folder, path))) for path in found)


def _missing(folder: Path, dist_info: Path) -> Iterator[str]:
    for listed in _listed(dist_info):
        if ".." not in listed.split("/") and not listed.startswith("/") and not (folder / listed).exists():
            yield listed


def _files(folder: Path, dist_info: Path) -> Iterator[str]:
    for path in dist_info.rglob("*"):
        if path.is_symlink() or not path.is_dir():
            yield path.relative_to(folder).as_posix()
    for listed in _listed(dist_info):
        if _is_inside(folder, listed):
            yield listed
            yield from _compiled(folder, listed)


def _listed(dist_info: Path) -> list[str]:
    record = dist_info / "RECORD"
    if not record.is_file():
        return []
    import csv  # packing reads no RECORD of a folder

    return [row[0] for row in csv.reader(record.read_text("utf-8", "surrogateescape").splitlines()) if row]


def _is_inside(folder: Path, listed: str) -> bool:
    """Whether a listed file is there, and in the folder: RECORD may also name `../../bin/x`, or anything else."""
    parts = listed.split("/")
    if "\\" in listed or "\0" in listed or not {"", ".", ".."}.isdisjoint(parts):
        return False
    path = folder
    for part in parts[:-1]:
        path /= part
        if path.is_symlink() or not path.is_dir():
            return False
    path /= parts[-1]
    return path.is_symlink() or path.is_file()


def _compiled(folder: Path, listed: str) -> Iterator[str]:
    """What Python compiled of a module here: no list names it, and a folder of it alone could still be imported."""
    module = folder / listed
    if module.suffix == ".py":
        for path in (module.parent / "__pycache__").glob(f"{module.stem}.*.pyc"):
            yield path.relative_to(folder).as_posix()
