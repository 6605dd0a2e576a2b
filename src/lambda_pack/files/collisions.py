"""What happens when two owners bring a file of the same path, or one's file is the other's folder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from msgspec import Struct

from lambda_pack.errors import IntegrityError, UsageError
from lambda_pack.files.entries import OWN, Entry, Owner, same_content
from lambda_pack.model.choices import Collision

__all__ = ["Laid", "Overridden", "lay"]

_MOST_NAMED = 10


class Laid(NamedTuple):
    """Files of several owners in one tree: the entries by path, what was overridden, and who else brought a file.

    `shared` are the paths that a second owner brought with the same bytes, each with that owner.
    """

    entries: tuple[Entry, ...]
    overridden: tuple[Overridden, ...]
    shared: tuple[tuple[str, Owner], ...]


class Overridden(Struct, frozen=True):
    """A file that is not in the bundle because a later owner brings another one of the same path, or a folder there."""

    path: str
    loser: Owner
    winner: Owner


def lay(parts: Iterable[Iterable[Entry]], rule: Collision) -> Laid:
    """Lay the files of several owners over each other.

    Folders merge, so that namespace packages do; the same bytes twice are one file, executable if either was. Else the
    later part wins where `rule` is `LAST` and where it is the user's own code.

    Raises:
        UsageError: two packages bring different files of one path, and `rule` is `ERROR`.
        IntegrityError: one package does so on its own.
    """
    kept: dict[str, Entry] = {}
    folders: set[str] = set()
    overridden: list[Overridden] = []
    shared: list[tuple[str, Owner]] = []
    collisions: list[Overridden] = []
    for part in parts:
        for entry in part:
            laid = entry
            for rival in tuple(_rivals(entry, kept, folders)):
                if rival.path == entry.path and same_content(rival, entry):
                    laid = rival._replace(mode=rival.mode | entry.mode)
                    shared.append((entry.path, entry.owner))
                    continue
                del kept[rival.path]
                defeat = _defeat(rival, entry)
                (overridden if rule is Collision.LAST or entry.owner == OWN else collisions).append(defeat)
            kept[entry.path] = laid
    if collisions:
        raise _collision(collisions)
    return Laid(tuple(kept[path] for path in sorted(kept)), tuple(overridden), tuple(shared))


def _rivals(entry: Entry, kept: dict[str, Entry], folders: set[str]) -> Iterator[Entry]:
    """The files laid before that cannot be beside this one; `folders` is kept true."""
    path = entry.path
    if path in kept:
        yield kept[path]
    if path in folders:
        inside = f"{path}/"
        folders.difference_update([folder for folder in folders if f"{folder}/".startswith(inside)])
        yield from [other for other in kept.values() if other.path.startswith(inside)]
    at = path.rfind("/")
    while at > 0 and path[:at] not in folders:
        folders.add(path[:at])
        if path[:at] in kept:
            yield kept[path[:at]]
        at = path.rfind("/", 0, at)


def _defeat(rival: Entry, entry: Entry) -> Overridden:
    if rival.owner == entry.owner:
        raise IntegrityError(
            f"{rival.owner} brings {rival.path!r} and {entry.path!r}, which cannot both be unpacked; "
            "tell its publisher, and use another version"
        )
    return Overridden(rival.path, rival.owner, entry.owner)


def _collision(collisions: list[Overridden]) -> UsageError:
    named = [f"{one.path!r} by {one.loser} and {one.winner}" for one in collisions[:_MOST_NAMED]]
    more = f", and {len(collisions) - _MOST_NAMED} more" if len(collisions) > _MOST_NAMED else ""
    return UsageError(
        f"one path is claimed twice, with different content: {'; '.join(named)}{more}; "
        "remove one of the packages, or let the later one win with '--on-collision last'"
    )
