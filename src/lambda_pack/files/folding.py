"""How an open wheel becomes files of a bundle: what an installer would put beside each other in site-packages."""

from __future__ import annotations

from lambda_pack.files.copies import FILE_LIST
from lambda_pack.files.entries import EXECUTABLE, PLAIN, Entry
from lambda_pack.files.wheel import WheelArchive

__all__ = ["fold"]

# The installation schemes (https://packaging.python.org/en/latest/specifications/binary-distribution-format/). Nothing
# calls scripts in a bundle, and nothing compiles against headers there.
_AT_ROOT = frozenset({"purelib", "platlib", "data"})
_LEFT_OUT = frozenset({"scripts", "headers"})

# They describe one installation, and a bundle is not one: RECORD would list files that were folded or left out.
_OF_INSTALLATIONS = ("RECORD", "RECORD.jws", "RECORD.p7s", "INSTALLER", "REQUESTED", "direct_url.json", FILE_LIST)


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
        mode = EXECUTABLE if file.executable else PLAIN
        entries.append(Entry(prefix + path, file, mode, wheel.pin, file.size))
    return tuple(entries)


def _unspread(wheel: WheelArchive, name: str) -> str | None:
    """Where a file of the `.data` folder goes; None when it is left out."""
    _, _, inside = name.partition("/")
    scheme, _, path = inside.partition("/")
    if scheme in _LEFT_OUT:
        return None
    if scheme not in _AT_ROOT or not path:
        raise wheel.archive.refusal(f"is for {scheme!r}, which is no place that installers know", name)
    top = path.partition("/")[0]
    if top.lower().endswith(".dist-info") and top != wheel.dist_info:
        # By its RECORD a later run would take away files that are not this package's.
        raise wheel.archive.refusal("would pass for the metadata of another package", name)
    return path
