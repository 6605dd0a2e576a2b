"""Zips as Lambda unpacks them: a function's, or its layers one over the other, with the modes that the zips say."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from lambda_pack.errors import LimitExceeded
from lambda_pack.files.directory import read_directory
from lambda_pack.files.entries import OWN, PLAIN, Entry
from lambda_pack.files.members import Member, mapped_archive
from lambda_pack.files.tree import unpack
from lambda_pack.files.whole import writing_to
from lambda_pack.model.limits import megabytes
from lambda_pack.model.loading import Failed

__all__ = ["is_layer", "unpack_zips"]

_ADVICE: Final = "pack it again"
# In bytes: the largest container image that Lambda takes. What is larger than a zip may be is meant for an image.
_LARGEST: Final = 10 << 30
_BY_OTHERS: Final = 0o004
_LONGEST_LINK: Final = 4096


def is_layer(path: Path) -> bool:
    """Whether a zip has the shape of a layer: everything that Python looks for lies below `python/`.

    Raises:
        IntegrityError: it is missing, damaged or hostile.
    """
    with mapped_archive(path, advice=_ADVICE) as archive:
        tops = {member.name.partition("/")[0] for member in read_directory(archive)}
    return "python" in tops and tops <= {"python", "lib", "bin"}


def unpack_zips(paths: Sequence[Path], into: Path) -> tuple[Failed, ...]:
    """Unpack the archives into a new folder, a later one over those before; what Lambda's user could not read fails.

    Raises:
        IntegrityError: one is missing, damaged or hostile, or a link in it leads out of it.
        LimitExceeded: together they are larger than anything that Lambda takes.
    """
    with ExitStack() as stack:
        files: dict[str, Member] = {}
        for path in paths:
            archive = stack.enter_context(mapped_archive(path, advice=_ADVICE))
            files |= {member.name: member for member in read_directory(archive)}
        size = sum(member.size for member in files.values())
        if size > _LARGEST:
            raise LimitExceeded(f"{megabytes(size)} unzipped is more than any function may have; pack less into it")
        with writing_to(into):
            unpack((_entry(member) for member in files.values() if not member.symlink), into)
            for member in files.values():
                if member.symlink:
                    _link(member, into)
    return _unreadable(files)


def _entry(member: Member) -> Entry:
    # Archives from systems without modes say nothing: Lambda then lets everybody read.
    return Entry(member.name, member, member.mode & 0o777 or PLAIN, OWN, member.size)


def _link(member: Member, into: Path) -> None:
    if member.size > _LONGEST_LINK:
        raise member.refusal("is a symbolic link to a path longer than any system allows")
    target = member.read().decode("utf-8", "surrogateescape")
    place = into / member.name
    lands = posixpath.normpath(posixpath.join(posixpath.dirname(member.name), target))
    if target.startswith("/") or "\0" in target or lands.split("/")[0] == "..":
        raise member.refusal(f"is a symbolic link to {target!r}, which leads out of the archive")
    # A folder that is itself a link made here would lead the next link elsewhere.
    if place.parent.resolve() != into.resolve() / Path(member.name).parent:
        raise member.refusal("lies in a folder that is a symbolic link")
    place.parent.mkdir(parents=True, exist_ok=True)
    place.symlink_to(target)


def _unreadable(files: dict[str, Member]) -> tuple[Failed, ...]:
    """Lambda runs as a user who owns none of the files."""
    closed = [member for member in files.values() if member.mode & 0o777 and not member.mode & _BY_OTHERS]
    if not closed:
        return ()
    first = closed[0]
    others = f", and {len(closed) - 1} more files are like it" if len(closed) > 1 else ""
    why = f"mode {first.mode & 0o777:04o} lets nobody but its owner read it, and Lambda's user is another{others}"
    return (Failed(first.name, f"PermissionError: {why}", file=first.name),)
