"""The zip: composed, not compressed. What the wheels hold deflated is copied; only headers are new."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final, TypeAlias

from lambda_pack.files.bundle import Bundle
from lambda_pack.files.entries import Entry, chunks
from lambda_pack.files.headers import Head, central_header, end_of_archive, local_header
from lambda_pack.files.inflate import DEFLATED, STORED
from lambda_pack.files.members import Member
from lambda_pack.files.outlet import Buffer, Outlet, open_outlet, reserved
from lambda_pack.files.whole import whole_file
from lambda_pack.model.report import ArchiveFacts

__all__ = ["write_zip", "zipped_at_most"]

# libdeflate's levels go to 12. On own code 6 is within 2 % of 9 at three times its speed. Changing it, or the version
# of `deflate`, changes the bytes of every archive.
_LEVEL: Final = 6

# libdeflate works on one piece: a larger file (Lambda takes 250 MiB in all) is stored rather than held in memory.
_LARGEST_DEFLATED: Final = 256 << 20

_Packed: TypeAlias = tuple[int, int, int, Iterable[Buffer]]


def write_zip(bundle: Bundle, into: Path) -> ArchiveFacts:
    """Write the bundle to `into`, which is replaced; the same bundle gives the same bytes on any machine.

    Raises:
        IntegrityError: a member's own header disagrees with its wheel's directory, or it had to be unpacked and is
            damaged. Copied members are not unpacked: check the wheel's digest, or its RECORD, before.
        UsageError: a file of the user's changed or cannot be read.
        LambdaPackError: `into` cannot be written; it is as it was.
    """
    digest = hashlib.sha256()
    with whole_file(into) as file, reserved(file, zipped_at_most(bundle.entries)), open_outlet(file, digest) as outlet:
        directory = [_write(entry, outlet) for entry in bundle.entries]
        begin = outlet.position
        for header in directory:
            outlet.add(header)
        outlet.add(end_of_archive(len(directory), outlet.position - begin, begin))
    return ArchiveFacts(into, outlet.position, bundle.unzipped_size, len(directory), digest.hexdigest())


def zipped_at_most(entries: Sequence[Entry]) -> int:
    """The bytes these entries take in an archive if nothing of our own were deflated."""
    headers = sum(2 * len(entry.path.encode()) for entry in entries) + 100 * len(entries)
    return headers + sum(
        entry.content.compressed_size if isinstance(entry.content, Member) else entry.size for entry in entries
    )


def _write(entry: Entry, outlet: Outlet) -> bytes:
    """Write one member; its record for the directory."""
    method, crc, compressed_size, buffers = _packed(entry)
    head = Head(entry.path.encode(), entry.mode, method, crc, compressed_size, entry.size)
    offset = outlet.position
    outlet.add(local_header(head))
    for buffer in buffers:
        outlet.add(buffer)
    return central_header(head, offset)


def _packed(entry: Entry) -> _Packed:
    """Method, CRC, compressed size and the bytes to write."""
    content = entry.content
    if isinstance(content, Member) and content.is_copied:
        return content.method, content.crc, content.compressed_size, (content.raw(),)
    if entry.size > _LARGEST_DEFLATED:
        crc = 0
        for piece in chunks(entry):
            crc = zlib.crc32(piece, crc)
        return STORED, crc, entry.size, chunks(entry)
    plain = b"".join(chunks(entry))
    from deflate import deflate_compress

    deflated = deflate_compress(plain, _LEVEL)
    # The same bytes are the same choice: a tie is stored, which loads faster.
    if len(deflated) < len(plain):
        return DEFLATED, zlib.crc32(plain), len(deflated), (deflated,)
    return STORED, zlib.crc32(plain), len(plain), (plain,)
