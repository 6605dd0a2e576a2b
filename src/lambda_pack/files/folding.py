"""How an open wheel becomes files of a bundle: what an installer would put beside each other in site-packages."""

from __future__ import annotations

import re
from typing import Final

from lambda_pack.files.entries import EXECUTABLE, PLAIN, Entry
from lambda_pack.files.members import Member
from lambda_pack.files.wheel import WheelArchive

__all__ = ["PROGRAMS", "fold"]

PROGRAMS: Final = "bin/"
"""Where the programs of packages lie, as `pip install --target` places them: packages such as ruff look for theirs
beside themselves. What installers generate from entry points is not made: a bundle has no one place for its Python."""

# The installation schemes (https://packaging.python.org/en/latest/specifications/binary-distribution-format/). Nothing
# compiles against headers in a bundle.
_SCHEMES: Final = {"purelib": "", "platlib": "", "data": "", "scripts": PROGRAMS, "headers": None}

# They describe one installation: a bundle gets a RECORD and an INSTALLER of its own (`lambda_pack.files.records`).
_OF_INSTALLATIONS = ("RECORD", "RECORD.jws", "RECORD.p7s", "INSTALLER", "REQUESTED", "direct_url.json")

# What an installer replaces by the path of its Python.
_ANY_PYTHON: Final = b"#!python"
_RUNTIME_PYTHON: Final = b"#!/usr/bin/env python3"


def fold(wheel: WheelArchive, prefix: str = "") -> tuple[Entry, ...]:
    """The wheel's files at their places below `prefix`, which is empty or ends in a slash.

    Raises:
        IntegrityError: `.data` has a folder that is no installation scheme or another package's metadata, or a symbolic
            link leads nowhere.
    """
    left_out = frozenset(f"{wheel.dist_info}/{name}" for name in _OF_INSTALLATIONS)
    data_folders = tuple(f"{folder}/" for folder in wheel.data_folders)
    entries = []
    for name, member in wheel.by_name.items():
        path: str | None = name
        if data_folders and name.startswith(data_folders):
            path = _unspread(wheel, name)
        if path is None or path in left_out:
            continue
        file = wheel.follow(member) if member.symlink else member
        if path is not name and path.startswith(PROGRAMS) and "/scripts/" in name:
            entries.append(_program(prefix + path, file, wheel))
            continue
        mode = EXECUTABLE if file.executable else PLAIN
        entries.append(Entry(prefix + path, file, mode, wheel.pin, file.size))
    return tuple(entries)


def _program(path: str, file: Member, wheel: WheelArchive) -> Entry:
    """A script as an installer places it: executable, and with a first line that finds a Python."""
    if file.begin(len(_ANY_PYTHON)) != _ANY_PYTHON:
        return Entry(path, file, EXECUTABLE, wheel.pin, file.size)
    content = re.sub(rb"\A#!python[^\r\n]*", _RUNTIME_PYTHON, file.read())
    return Entry(path, content, EXECUTABLE, wheel.pin, len(content))


def _unspread(wheel: WheelArchive, name: str) -> str | None:
    """Where a file of the `.data` folder goes; None when it is left out."""
    _, _, inside = name.partition("/")
    scheme, _, path = inside.partition("/")
    if scheme not in _SCHEMES or not path:
        raise wheel.archive.refusal(f"is for {scheme!r}, which is no place that installers know", name)
    top = path.partition("/")[0]
    if top.lower().endswith(".dist-info") and top != wheel.dist_info:
        # By its RECORD a later run would take away files that are not this package's.
        raise wheel.archive.refusal("would pass for the metadata of another package", name)
    folder = _SCHEMES[scheme]
    return None if folder is None else folder + path
