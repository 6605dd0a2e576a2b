"""The user's own code: folders as they are, and projects that are built as their own backends say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace

from lambda_pack.files.entries import OWN, Entry, same_content
from lambda_pack.files.folding import fold
from lambda_pack.files.source import read_own, settings_left_out
from lambda_pack.files.wheel import WheelArchive
from lambda_pack.model.packages import Wheel
from lambda_pack.model.permissions import permitted
from lambda_pack.model.request import PackRequest
from lambda_pack.model.requirements import Requirements
from lambda_pack.model.stock import Stock
from lambda_pack.ports import Narrator

__all__ = ["OwnFiles", "OwnFolder", "own_code", "own_folders", "with_projects"]


def with_projects(stock: Stock, requirements: Requirements) -> Stock:
    """The stock with the user's projects in it, to be built."""
    if not requirements.projects:
        return stock
    closure = (*stock.closure, *(project.pin for project in requirements.projects))
    return replace(stock, closure=closure) + permitted(requirements.projects, requirements)


class OwnFolder(Struct, frozen=True):
    """The files of one folder, as they were when it was read, by their paths in the bundle."""

    place: str
    entries: tuple[Entry, ...]


def own_folders(request: PackRequest, narrator: Narrator) -> tuple[OwnFolder, ...]:
    """The user's own folders, in their order.

    Raises:
        UsageError: one cannot be read.
    """
    folders = tuple(
        OwnFolder(
            repr(source.path.as_posix()),
            tuple(entry._replace(path=source.prefix + entry.path) for entry in read_own(source, request)),
        )
        for source in request.sources
    )
    for source, folder in zip(request.sources, folders, strict=True):
        packed = {entry.path.removeprefix(source.prefix) for entry in folder.entries}
        names = settings_left_out(source.path, excludes=request.excludes, includes=request.includes)
        for name in (name for name in names if name not in packed):
            narrator.warn(f"{name} in {folder.place} is not packed, for it may hold secrets; --include {name} packs it")
    return folders


class OwnFiles(Struct, frozen=True):
    """Own files by path, and what each project's wheel brings, in bytes."""

    entries: Sequence[Entry]
    sizes: Mapping[Wheel, int]


def own_code(folders: Sequence[OwnFolder], projects: Mapping[Wheel, WheelArchive], narrator: Narrator) -> OwnFiles:
    """Everything of the user's own, later folders over earlier ones, and folders over what was built.

    Raises:
        IntegrityError: a wheel that was built is damaged.
    """
    own: dict[str, Entry] = {}
    sizes: dict[Wheel, int] = {}
    for wheel, archive in projects.items():
        entries = [one._replace(owner=OWN) for one in fold(archive)]
        sizes[wheel] = sum(entry.size for entry in entries)
        _lay(own, entries, f"the project {wheel.pin.name}", narrator)
    for folder in folders:
        _lay(own, folder.entries, folder.place, narrator)
    return OwnFiles(tuple(own.values()), sizes)


def _lay(own: dict[str, Entry], entries: Sequence[Entry], place: str, narrator: Narrator) -> None:
    for entry in entries:
        if entry.path in own and not same_content(own[entry.path], entry):
            narrator.warn(f"{entry.path} is in several places of your own code: the one of {place} is packed")
        own[entry.path] = entry
