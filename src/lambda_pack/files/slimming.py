"""Which files of packages a smaller bundle works without: tests, documents, what compilers read, metadata."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from lambda_pack.files.entries import EXECUTABLE, OWN, Entry, Owner, chunks
from lambda_pack.files.folding import PROGRAMS
from lambda_pack.files.imports import Imports
from lambda_pack.model.choices import DistInfo, Part
from lambda_pack.model.slimming import Measure, Saving, Slimming

__all__ = ["metadata_readers", "slimmed"]

# A folder of one of these names holds tests or documents, unless something that stays imports it: `django.test` and
# `boto3.docs` are code.
_FOLDERS: Final = {
    Part.TESTS: frozenset({"test", "tests"}),
    Part.DOCS: frozenset({"doc", "docs"}),
}
_FILES: Final = {
    # pytest's own, imported by nothing else.
    Part.TESTS: re.compile(r"(?:.*/)?conftest\.py"),
    # What is beside metadata, and manual pages where a package of the system would put them.
    Part.DOCS: re.compile(
        r"share/(?:doc|man|info)/.*|(?:[^/]+/)?(?:README|CHANGES|CHANGELOG|HISTORY|NEWS)(?:\.(?:md|rst|txt))?",
        re.IGNORECASE,
    ),
    # For compilers and linkers, those of Cython included.
    Part.HEADERS: re.compile(r".*\.(?:h|hh|hpp|hxx|h\+\+|inl|cuh|pxd|pxi|a)"),
    Part.STUBS: re.compile(r".*\.pyi|(?:.*/)?py\.typed"),
}
# `lazy_loader.attach_stub` reads at run time which names a package has from the stub beside it.
_READS_STUBS: Final = b"attach_stub"

_LICENCE: Final = re.compile(r"(?i)(?:.*/)?(?:LICEN[CS]E|COPYING|COPYRIGHT|NOTICE)[^/]*")

_METADATA: Final = re.compile(r"[^/]+\.dist-info/(.*)")
# What importlib.metadata asks for most, and what licences ask for.
_MINIMAL: Final = re.compile(
    r"METADATA|entry_points\.txt|top_level\.txt|licenses/.*|(?:LICEN[CS]E|COPYING|COPYRIGHT|NOTICE|AUTHORS)[^/]*",
    re.IGNORECASE,
)
_READS_METADATA: Final = re.compile(rb"importlib[._]metadata|from importlib import .*\bmetadata\b|pkg_resources")


def slimmed(
    parts: Sequence[tuple[Entry, ...]], slimming: Slimming, prefix: str
) -> tuple[list[tuple[Entry, ...]], tuple[Saving, ...]]:
    """The files of each owner without those that may go, and what that saves; all paths begin with `prefix`.

    Raises:
        IntegrityError: a member of a wheel is damaged.
        UsageError: a file on disk cannot be read.
    """
    going = _going(parts, slimming, prefix)
    savings: dict[Measure, list[int]] = {measure: [] for measure in Measure}
    kept: list[tuple[Entry, ...]] = []
    for part in parts:
        stays: list[Entry] = []
        for entry in part:
            measure = going.get(entry.path)
            if measure is not None:
                savings[measure].append(entry.size)
                continue
            lean = _lean(entry, slimming.dist_info, prefix)
            if lean.size < entry.size:
                savings[Measure.DIST_INFO].append(entry.size - lean.size)
            stays.append(lean)
        kept.append(tuple(stays))
    return kept, tuple(Saving(measure, sum(sizes), len(sizes)) for measure, sizes in savings.items() if sizes)


def metadata_readers(
    whole: Sequence[tuple[Entry, ...]], kept: Sequence[tuple[Entry, ...]], prefix: str
) -> tuple[Owner, ...]:
    """Who reads metadata of packages, as far as its source says so, and who is found by entry points alone.

    `whole` are the files of each owner as they were, `kept` those that stay.

    Raises:
        IntegrityError: a member of a wheel is damaged.
        UsageError: a file on disk cannot be read.
    """
    readers = {
        entry.owner: None
        for part in kept
        for entry in part
        if entry.path.endswith(".py") and _READS_METADATA.search(b"".join(chunks(entry)))
    }
    found = (entry for part in whole for entry in part if _is_plugin(entry, prefix))
    return tuple(sorted({**readers, **{entry.owner: None for entry in found}}, key=str))


def _is_plugin(entry: Entry, prefix: str) -> bool:
    """Whether it is the list of entry points of somebody who has others than scripts."""
    inside = _METADATA.fullmatch(entry.path.removeprefix(prefix))
    if inside is None or inside[1] != "entry_points.txt":
        return False
    groups = re.findall(rb"(?m)^\s*\[\s*([^\]\s]+)\s*\]", b"".join(chunks(entry)))
    return bool(set(groups) - {b"console_scripts", b"gui_scripts"})


def _going(parts: Sequence[tuple[Entry, ...]], slimming: Slimming, prefix: str) -> dict[str, Measure]:
    """Every path that goes, and why."""
    entries = {entry.path: entry for part in parts for entry in part}
    inside = {path: path.removeprefix(prefix) for path in entries}
    going = {path: why for path, name in inside.items() if (why := _why(name, slimming)) is not None}
    if Part.PROGRAMS in slimming.parts:
        going |= {path: Measure.PROGRAMS for path, name in inside.items() if _is_program(name, entries[path])}
    folders = {path: folder for path in going if (folder := _folder(inside[path], slimming.parts)) is not None}
    # What goes by its own name imports nothing any more; what is in a folder does so if the folder stays.
    asking = ((inside[path], entry) for path, entry in entries.items() if path not in going or path in folders)
    needed = Imports(asking).needed(set(folders.values()))
    for path in tuple(going):
        if folders.get(path) in needed or _is_read(path, entries, going[path]):
            del going[path]
    return going


def _why(name: str, slimming: Slimming) -> Measure | None:
    if (found := _METADATA.fullmatch(name)) is not None:
        stays = slimming.dist_info is DistInfo.KEEP or (
            slimming.dist_info is DistInfo.MINIMAL and _MINIMAL.fullmatch(found[1])
        )
        return None if stays else Measure.DIST_INFO
    if _LICENCE.fullmatch(name):
        return None
    if (folder := _folder(name, slimming.parts)) is not None:
        return Measure(_part_of(folder).value)
    return next(
        (Measure(part.value) for part, names in _FILES.items() if part in slimming.parts and names.fullmatch(name)),
        None,
    )


def _folder(name: str, parts: frozenset[Part]) -> str | None:
    """The outermost folder on the way to a file that goes by its own name."""
    names = frozenset[str]().union(*(_FOLDERS.get(part, frozenset()) for part in parts))
    folders = name.split("/")[:-1]
    at = next((at for at, folder in enumerate(folders) if folder in names), None)
    return None if at is None or _METADATA.fullmatch(name) else "/".join(folders[: at + 1])


def _is_program(name: str, entry: Entry) -> bool:
    return name.startswith(PROGRAMS) and entry.mode == EXECUTABLE and entry.owner != OWN


def _part_of(folder: str) -> Part:
    return next(part for part, names in _FOLDERS.items() if folder.rpartition("/")[2] in names)


def _is_read(path: str, entries: dict[str, Entry], why: Measure) -> bool:
    """Whether the module beside a stub reads it."""
    if why is not Measure.STUBS:
        return False
    module = entries.get(path.removesuffix("i"))
    return module is not None and _READS_STUBS in b"".join(chunks(module))


def _lean(entry: Entry, rule: DistInfo, prefix: str) -> Entry:
    """METADATA without the long description, which is most of it and which nothing reads at run time."""
    found = _METADATA.fullmatch(entry.path.removeprefix(prefix))
    if rule is not DistInfo.MINIMAL or found is None or found[1] != "METADATA":
        return entry
    text = b"".join(chunks(entry))
    headers, blank, _ = text.replace(b"\r\n", b"\n").partition(b"\n\n")
    content = headers + blank[:1]
    return entry._replace(content=content, size=len(content)) if len(content) < len(text) else entry
