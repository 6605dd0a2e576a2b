"""One file of a bundle: where it will lie, where its bytes come from, and whose it is."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path
from typing import Final, Literal, NamedTuple, TypeAlias

from lambda_pack.errors import UsageError
from lambda_pack.files.members import Member
from lambda_pack.model.packages import Pin

__all__ = [
    "EXECUTABLE",
    "OWN",
    "PLAIN",
    "Content",
    "Entry",
    "Owner",
    "chunks",
    "digest_of",
    "first_bytes",
    "same_content",
]

PLAIN: Final = 0o644
EXECUTABLE: Final = 0o755

OWN: Final = "source"
"""The owner of the user's own code. No package is meant, though one of this name may exist: that one is a `Pin`."""

Owner: TypeAlias = Pin | Literal["source"]
Content: TypeAlias = Member | Path | bytes

_STEP = 1 << 20


class Entry(NamedTuple):
    """A file of a bundle: `path` is relative, with `/`; `mode` is `PLAIN` or `EXECUTABLE`; `size` is in bytes."""

    path: str
    content: Content
    mode: int
    owner: Owner
    size: int


def chunks(entry: Entry) -> Iterator[bytes]:
    """The content in pieces of at most 1 MiB (what is in memory already comes as one).

    Raises:
        IntegrityError: a member of a wheel is damaged.
        UsageError: a file on disk cannot be read, or changed since it was measured.
    """
    match entry.content:
        case Member():
            yield from entry.content.chunks()
        case bytes():
            yield entry.content
        case Path():
            yield from _file_chunks(entry.content, entry.size)


def first_bytes(path: Path, count: int) -> bytes:
    """The first bytes of a file on disk.

    Raises:
        UsageError: it cannot be read.
    """
    with _opened(path) as file:
        return file.read(count)


def _file_chunks(path: Path, size: int) -> Iterator[bytes]:
    left = size
    with _opened(path) as file:
        while piece := file.read(_STEP):
            left -= len(piece)
            yield piece
    if left:
        raise UsageError(f"{str(path)!r} changed while it was being packed; pack again when nothing writes to it")


@contextmanager
def _opened(path: Path) -> Iterator[FileIO]:
    try:
        with path.open("rb", buffering=0) as file:
            yield file
    except OSError as error:
        raise UsageError(f"{str(path)!r} cannot be read ({error.strerror}); make it readable or exclude it") from error


def same_content(one: Entry, other: Entry) -> bool:
    """Whether two entries hold the same bytes; modes and owners do not count."""
    if one.size != other.size:
        return False
    if isinstance(one.content, Member) and isinstance(other.content, Member) and one.content.crc != other.content.crc:
        return False
    return digest_of(one) == digest_of(other)


def digest_of(entry: Entry) -> bytes:
    """Return the SHA-256 of the content; raises what `chunks` does."""
    digest = hashlib.sha256()
    for piece in chunks(entry):
        digest.update(piece)
    return digest.digest()
