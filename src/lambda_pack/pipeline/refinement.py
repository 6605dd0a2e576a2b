"""Step 8, where the user asks for it: binaries stripped, and bytecode beside or instead of sources."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from msgspec.structs import replace

from lambda_pack.files.binaries import begin_of
from lambda_pack.files.bundle import Bundle
from lambda_pack.files.elf import ELF_MAGIC, DamagedElf, read_elf
from lambda_pack.files.entries import PLAIN, Entry, chunks
from lambda_pack.files.stripped import is_as_before
from lambda_pack.model.binaries import LAYERS, TASK, ElfKind
from lambda_pack.model.choices import Layout, Part
from lambda_pack.model.request import PackRequest
from lambda_pack.model.slimming import Measure, Saving
from lambda_pack.ports import Narrator, Refiner

__all__ = ["refined"]

# Libraries that auditwheel has grafted: their headers were rewritten, and `strip` has destroyed such files before.
_GRAFTED: Final = re.compile(r"(?:.*/)?[^/]+\.libs/.*")
# Names that a program can import; an import statement could not have `0001_initial`, as migrations are called.
_MODULE: Final = re.compile(r"(?:\w+/)*\w+\.py")


def refined(bundle: Bundle, request: PackRequest, refiner: Refiner, narrator: Narrator) -> Bundle:
    """The bundle with what `request.slimming` asks for done to its files.

    Raises:
        LambdaPackError: a program that this needs is not here, or failed.
    """
    if request.slimming.strip:
        bundle = _stripped(bundle, request, refiner, narrator)
    if request.slimming.compile:
        bundle = _compiled(bundle, request, refiner)
    return bundle


def _stripped(bundle: Bundle, request: PackRequest, refiner: Refiner, narrator: Narrator) -> Bundle:
    entries, saved = [], []
    for entry in bundle.entries:
        lean = entry if _GRAFTED.fullmatch(entry.path) else _lean(entry, request, refiner, narrator)
        entries.append(lean)
        if lean is not entry:
            saved.append(entry.size - lean.size)
    savings = (Saving(Measure.STRIP, sum(saved), len(saved)),) if saved else ()
    return replace(bundle, entries=tuple(entries), savings=(*bundle.savings, *savings))


def _lean(entry: Entry, request: PackRequest, refiner: Refiner, narrator: Narrator) -> Entry:
    """The library without its symbols and debug data; the entry itself where there is nothing to gain, or to trust."""
    if begin_of(entry, len(ELF_MAGIC)) != ELF_MAGIC:
        return entry
    content = b"".join(chunks(entry))
    try:
        facts = read_elf(content)
    except DamagedElf:
        return entry
    # Programs may carry what they need behind their end, where `strip` would cut it off.
    if facts.kind is not ElfKind.LIBRARY or (facts.machine, facts.bits) != (request.target.architecture.machine, 64):
        return entry
    lean = refiner.strip(content, request.target)
    if lean is None or not is_as_before(lean, content):
        narrator.warn(f"{entry.path} of {entry.owner} is packed as it was: stripped, it would not load")
        return entry
    return entry._replace(content=lean, size=len(lean)) if len(lean) < entry.size else entry


def _compiled(bundle: Bundle, request: PackRequest, refiner: Refiner) -> Bundle:
    prefix = request.prefix
    # What tracebacks will name: layers are extracted as they are, all else is what its prefix holds.
    root = f"{LAYERS}/{prefix}" if request.layout in {Layout.LAYER, Layout.LAYER_SITE_PACKAGES} else f"{TASK}/"
    modules = {
        root + inside: entry
        for entry in bundle.entries
        if entry.path.startswith(prefix) and _MODULE.fullmatch(inside := entry.path.removeprefix(prefix))
    }
    sources = {path: b"".join(chunks(entry)) for path, entry in modules.items()}
    made = refiner.compile(sources, request.target)
    only = Part.SOURCES in request.slimming.parts
    taken = {entry.path for entry in bundle.entries}
    tag = "cpython-{}{}".format(*request.target.runtime.python)
    compiled = {
        modules[path].path: Entry(place, content, PLAIN, modules[path].owner, len(content))
        for path, content in made.items()
        if (place := _place(modules[path].path, None if only else tag)) not in taken
    }
    gone = [entry for entry in bundle.entries if only and entry.path in compiled]
    kept = [entry for entry in bundle.entries if not (only and entry.path in compiled)]
    entries = sorted([*kept, *compiled.values()], key=lambda entry: entry.path)
    return replace(bundle, entries=tuple(entries), savings=(*bundle.savings, *_savings(list(compiled.values()), gone)))


def _savings(made: list[Entry], gone: list[Entry]) -> Iterator[Saving]:
    if made:
        yield Saving(Measure.COMPILE, -sum(entry.size for entry in made), len(made))
    if gone:
        yield Saving(Measure.SOURCES, sum(entry.size for entry in gone), len(gone))


def _place(path: str, tag: str | None) -> str:
    """Where an interpreter looks for the bytecode of a module (PEP 3147): beside its source, or in its place."""
    if tag is None:
        return f"{path}c"
    folder, slash, name = path.rpartition("/")
    return f"{folder}{slash}__pycache__/{name.removesuffix('.py')}.{tag}.pyc"
