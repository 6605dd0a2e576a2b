"""The binaries among files: found by how they begin, and read for what they say to a loader."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from lambda_pack.files.elf import ELF_MAGIC, DamagedElf, read_elf
from lambda_pack.files.entries import Entry, chunks, first_bytes
from lambda_pack.files.folding import fold
from lambda_pack.files.generated_code import generated_companions, is_generated
from lambda_pack.files.members import Member
from lambda_pack.files.named_loads import may_load_by_name, named_loads
from lambda_pack.files.wheel import open_wheel
from lambda_pack.model.binaries import TASK, Binary, BinaryFile, Damaged, Foreign, Generated, LoadsByName
from lambda_pack.model.known_loads import is_optional_load, known_loads
from lambda_pack.model.packages import Pin

__all__ = ["begin_of", "binaries_in", "judged_files", "wheel_binaries"]

# In bytes: it is held in memory. An image on Lambda has room for 10 GB; CUDA's largest library has 0.8 GB.
_LARGEST: Final = 1 << 31

# What else a file may be that looks like an extension module by its name.
_SYSTEMS: Final = (
    (b"MZ", "Windows"),
    (b"\xcf\xfa\xed\xfe", "macOS"),
    (b"\xce\xfa\xed\xfe", "macOS"),
    (b"\xca\xfe\xba\xbe", "macOS"),
)
_LOOKS_LOADABLE = re.compile(r"\.(?:so|pyd)(?:\.|\Z)")


def wheel_binaries(path: Path, pin: Pin | None = None) -> tuple[BinaryFile, ...]:
    """The binaries of a wheel at the places where an installer would put them; `pin` is as for `open_wheel`.

    Raises:
        IntegrityError: the wheel is damaged, hostile, or another package than `pin`.
        UsageError: no pin was given and the name is not a wheel's.
    """
    with open_wheel(path, pin) as wheel:
        return binaries_in(fold(wheel))


def binaries_in(entries: Iterable[Entry], folder: str = TASK) -> tuple[BinaryFile, ...]:
    """The binaries among files that Lambda would have below `folder`, in the order of the files.

    Only files that begin as a binary are read whole.

    Raises:
        IntegrityError: a member of an archive is damaged.
        UsageError: a file on disk cannot be read.
    """
    return tuple(BinaryFile(entry.path, binary, folder) for entry in entries if (binary := _binary(entry)) is not None)


def judged_files(entries: Iterable[Entry], folder: str = TASK) -> tuple[BinaryFile, ...]:
    """Return the binaries among files, and the Python that says what it needs beside it.

    That is generated code, which names the releases of other packages that it runs with, and code that loads libraries
    or starts programs by name.

    Raises:
        IntegrityError: a member of an archive is damaged.
        UsageError: a file on disk cannot be read.
    """
    return tuple(
        BinaryFile(entry.path, found, folder)
        for entry in entries
        if (found := _python(entry) if entry.path.endswith(".py") else _binary(entry)) is not None
    )


def _python(entry: Entry) -> Generated | LoadsByName | None:
    if is_generated(entry.path):
        companions = generated_companions(b"".join(chunks(entry)))
        return Generated(companions) if companions else None
    row = known_loads(entry.path)
    if row is not None:
        return LoadsByName(row.loads)
    # Half of the sources of large packages are tests: they are not opened.
    loads = named_loads(_whole(entry)) if may_load_by_name(entry.path) else ()
    return LoadsByName(loads) if loads and not is_optional_load(entry.path) else None


def _binary(entry: Entry) -> Binary | None:
    magic = begin_of(entry, len(ELF_MAGIC))
    if magic == ELF_MAGIC:
        return _elf(entry)
    system = next((system for begin, system in _SYSTEMS if magic.startswith(begin)), None)
    return Foreign(system) if system is not None and _LOOKS_LOADABLE.search(entry.path) else None


def begin_of(entry: Entry, count: int) -> bytes:
    """The first bytes of a file; a member of an archive is not inflated any further."""
    match entry.content:
        case Member():
            return entry.content.begin(count)
        case bytes():
            return entry.content[:count]
        case Path():
            return first_bytes(entry.content, count)


def _elf(entry: Entry) -> Binary:
    if entry.size > _LARGEST:
        return Damaged(f"claims {entry.size} bytes, more than Lambda takes")
    try:
        return read_elf(_whole(entry))
    except DamagedElf as damage:
        return Damaged(str(damage))


def _whole(entry: Entry) -> bytes:
    return entry.content.read_at_once() if isinstance(entry.content, Member) else b"".join(chunks(entry))
