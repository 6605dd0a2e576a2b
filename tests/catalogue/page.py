"""Writes docs/catalogue.md from the rows: for each package whether it works on Lambda, and what it needs besides."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from msgspec.structs import replace
from packaging.version import Version

from lambda_pack.model.limits import megabytes
from tests.catalogue.disagreements import Disagreement, disagreements, is_warned
from tests.catalogue.table import (
    ARCHITECTURES,
    KINDS,
    Explanation,
    Failure,
    Kind,
    Load,
    Need,
    Package,
    Row,
    Verdict,
    cells,
)

__all__ = ["page"]

Rows = Mapping[tuple[str, str, str], Row]

_COLUMNS = ("python3.12", "python3.13", "python3.14")
# Those of a row, and None for a cell that was not run.
_VERDICTS: tuple[Verdict | None, ...] = ("packed", "held back", "too large", "refused", None)
_TITLES: Mapping[Kind, str] = {
    "data": "Data",
    "ml": "Machine learning",
    "web": "Web",
    "geo": "Maps",
    "documents": "Documents, images, sound",
    "databases": "Databases",
    "observability": "Observability",
    "cloud": "Clouds",
    "crypto": "Cryptography",
    "nlp": "Language",
    "notebooks": "Left in by notebooks",
    "tools": "Tools",
}
# Reasons and warnings that mean that something has to be brought.
_LACKED = re.compile(r"needs (lib\S+): neither")
_MISSING = re.compile(r"nor the bundle has it|Lambda itself may not")
_INTRODUCTION = """\
# Which packages work on Lambda

`script/catalogue` asks `lambda-pack pack` for each of these packages, alone and in its newest version, on each of three
runtimes and both architectures, and loads the bundles with `lambda-pack verify`. This page is made from what it saw
([results.jsonl](../tests/catalogue/results.jsonl)). For a package that is not here, ask `lambda-pack check`.

- **yes**: a bundle was packed.
- **image**: a bundle was packed, and is larger than the 250 MB that Lambda takes as a zip: deploy it as a container
  image (`--layout oci-dir`).
- **more**: a bundle was packed, and does not load until what the last column names is there.
- **no**: nothing was packed; the list below each table says why.
- **?**: was not run.

A version beside one of these words is what was packed in the place of the newest, which does not work there. Where the
answer is "yes", only some modules of a package need what the last column names.

Where one answer stands for a runtime, it holds for x86_64 and arm64. Sizes are those of the whole bundle with all
dependencies, for the newest runtime that has one, x86_64 first. No code of packages ran (`--no-build`), except where
the package is marked as *built*.
"""


def page(packages: Sequence[Package], rows: Rows, explanations: Sequence[Explanation]) -> str:
    """Return the page's text."""
    found = tuple(disagreements((row for _, row in sorted(rows.items())), explanations))
    parts = [_INTRODUCTION, *_counts(packages, rows)]
    for kind in KINDS:
        parts += _kind(_TITLES[kind], [package for package in packages if package.kind == kind], rows)
    parts += _loading(packages, rows)
    parts += _disagreements(found, explanations)
    return "\n".join(parts).rstrip("\n") + "\n"


def _counts(packages: Sequence[Package], rows: Rows) -> Iterator[str]:
    """Cells by verdict, for each target."""
    every = cells(packages)
    dates = sorted({row.date for row in rows.values()})
    days = " to ".join(dict.fromkeys((dates[0], dates[-1])))
    yield f"{len(packages)} packages make {len(every)} cells; {len(rows)} of them were run ({days}):\n"
    yield "| target | packed | held back | too large for a zip | refused | not run |\n|---|--:|--:|--:|--:|--:|"
    for runtime in _COLUMNS:
        for architecture in ARCHITECTURES:
            target = [cell for cell in every if (cell.runtime, cell.architecture) == (runtime, architecture)]
            verdicts = Counter(rows[cell.key].verdict if cell.key in rows else None for cell in target)
            yield f"| {runtime} {architecture} | {' | '.join(str(verdicts[kind]) for kind in _VERDICTS)} |"
    yield ""


def _kind(title: str, packages: Sequence[Package], rows: Rows) -> Iterator[str]:
    """A table of packages, and why some are not packed."""
    heads = ("package", "version", *_COLUMNS, "zipped", "unzipped", "needs besides")
    yield f"## {title}\n"
    yield f"| {' | '.join(heads)} |\n|---|---|---|---|---|--:|--:|---|"
    for package in packages:
        yield _line(package, rows)
    yield ""
    reasons = [reason for package in packages for reason in _reasons(package, rows)]
    yield from [*reasons, ""] if reasons else []


def _rows_of(package: Package, rows: Rows) -> Iterator[Row]:
    """The rows of a package, the newest runtime first, x86_64 before arm64."""
    for runtime in reversed(_COLUMNS):
        for architecture in ARCHITECTURES:
            row = rows.get((package.name, runtime, architecture))
            if row is not None:
                yield row


def _line(package: Package, rows: Rows) -> str:
    seen = list(_rows_of(package, rows))
    shown = next((row for row in seen if row.unzipped), None)
    asked = f"`{package.requirement or package.name}`" + (" *built*" if package.build else "")
    sizes = (megabytes(shown.zipped or 0), megabytes(shown.unzipped or 0)) if shown else ("", "")
    answers = (_answer(package, runtime, rows) for runtime in _COLUMNS)
    return f"| {' | '.join((asked, _newest(package, rows), *answers, *sizes, _besides(package, seen)))} |"


def _answer(package: Package, runtime: str, rows: Rows) -> str:
    """One word for a runtime where both architectures agree, else one for each."""
    newest = _newest(package, rows)
    both = [rows.get((package.name, runtime, architecture)) for architecture in ARCHITECTURES]
    loads = next((row for row in both if row and row.load), None)
    # What lacks something where it was loaded lacks it where the same version was not loaded.
    words = [_word(_as_loaded(row, loads), newest) for row in both]
    if len(set(words)) == 1:
        return words[0]
    return "<br>".join(f"{architecture}: {word}" for architecture, word in zip(ARCHITECTURES, words, strict=True))


def _as_loaded(row: Row | None, loaded: Row | None) -> Row | None:
    if row is None or loaded is None or row.load or (row.verdict, row.version) != (loaded.verdict, loaded.version):
        return row
    return replace(row, load=loaded.load)


def _newest(package: Package, rows: Rows) -> str:
    """Return the newest version that any target was offered, pre-releases last; '' where none was run."""
    seen = [Version(version) for row in _rows_of(package, rows) for version in (row.newest, row.version) if version]
    return str(max(seen, key=lambda version: (not version.is_prerelease, version), default=""))


def _word(row: Row | None, newest: str) -> str:
    match row:
        case None:
            return "?"
        case Row(verdict="refused"):
            return "no"
        case Row(load=load, needs=needs) if load and any(_matters(failure, needs) for failure in load.failed):
            return "more"
        case Row(version=version):
            word = "image" if row.verdict == "too large" else "yes"
            return word if version in {None, newest} else f"{word}, {version}"


def _matters(failure: Failure, needs: Sequence[Need]) -> bool:
    """Whether a user has to do something: a submodule without a warning is one that few need."""
    return "." not in failure.module or is_warned(failure, needs)


def _besides(package: Package, rows: Sequence[Row]) -> str:
    """Libraries and programs that a bundle lacks, by its warnings and by its refusals, and what the list notes."""
    refused = {library for row in rows for library in _LACKED.findall(row.reason or "") if row.verdict == "refused"}
    named = [f"`{library}` in a layer, packed with `--audit warn`" for library in sorted(refused)]
    named += sorted(filter(None, {_named(need) for row in rows for need in row.needs}))
    more = [f"and {len(named) - 3} more"] if len(named) > 4 else []  # a cell of a table has no room
    return "; ".join([*(named[:3] if more else named), *more, *([_escaped(package.note)] if package.note else [])])


def _named(need: Need) -> str | None:
    """Return the library or program that a warning says is missing; None where it is about something else."""
    if not _MISSING.search(need.text):
        return None
    program = re.search(r" starts (\S+)", need.text)
    named = f"`{need.library}`" if need.library or not program else f"the program `{program[1].rstrip(':,')}`"
    return f"{named} ({need.package})"


def _reasons(package: Package, rows: Rows) -> Iterator[str]:
    """One line for each reason why a package is refused or held back, with the targets that it holds for."""
    said: dict[str, list[str]] = {}

    def add(reason: str, target: str) -> None:
        said.setdefault(_shortened(reason), []).append(target)

    for row in _rows_of(package, rows):
        target = f"{row.runtime} {row.architecture}"
        if row.verdict == "held back" or (row.verdict == "too large" and row.newest):
            add(f"{row.version} instead of {row.newest}: {row.reason}", target)
        elif row.verdict == "refused":
            add(f"{row.reason}", target)
        for behind in row.behind:
            add(f"with {behind.replace(' for ', ' instead of ')}", target)
    for reason, targets in said.items():
        yield f"- **{package.name}** on {_targets(targets)}: {_escaped(reason)}"


def _shortened(reason: str) -> str:
    """Return a reason without what differs from target to target."""
    for pattern, text in (
        (r"neither python\S+ nor", "neither the runtime nor"),
        (r" \(of \d+ versions [^)]*\)", ""),
        (r"-[0-9a-f]{8}\.|\.cpython-\w+-\w+-linux-gnu\.", "."),
        (r"; the rest is source, and --no-build .*$", "; there is a source, too, which was not built"),
    ):
        reason = re.sub(pattern, text, reason)
    return reason


def _targets(targets: Sequence[str]) -> str:
    """Return targets in few words."""
    by_runtime = {
        runtime: sorted((target.partition(" ")[2] for target in group), reverse=True)
        for runtime, group in groupby(sorted(targets), key=lambda target: target.partition(" ")[0])
    }
    if len(targets) == len(_COLUMNS) * len(ARCHITECTURES):
        return "every target"
    if len(by_runtime) == len(_COLUMNS) and len({tuple(found) for found in by_runtime.values()}) == 1:
        return next(iter(by_runtime.values()))[0]
    words = [runtime if len(found) > 1 else f"{runtime} {found[0]}" for runtime, found in by_runtime.items()]
    return ", ".join(words)


_LOADED = """\
## What was loaded

`lambda-pack verify` imports every top-level module of a bundle, dependencies included; for {submodules} packages the
modules inside packages, too. A clean root has nothing but a system's own libraries and Python. That of python3.12 is
Debian 12 with a Python 3.12 that was compiled for it, since no release of Debian has one. On arm64 a sample was loaded,
because an emulator is slow.

| target | where | bundles | of these with submodules | modules imported |
|---|---|--:|--:|--:|"""

_CONFIRMED = """
What was refused for its contents was packed once more with `--audit off`, and loaded: {confirmed} of {refused} such
bundles do not load there, either. Debian's libraries are newer than Lambda's: some that load there would not load on
Lambda; `verify` says of such a library that Lambda does not have it (libexpat for rasterio and fiona).
"""

_DISAGREEMENTS = """\
## Where the loader disagrees

In {warned} bundles modules do not load for lack of what the pack warned about. Besides, imports failed in bundles that
were packed without a word about it, or a refused bundle loaded: {explained} times for the reasons below, {fault} times
by a fault of lambda-pack's, {open} times for a reason that is not known yet."""

_MODULES = """
| modules | in bundles | why |
|---|--:|---|"""


def _loading(packages: Sequence[Package], rows: Rows) -> Iterator[str]:
    """Where bundles were loaded, and how many."""
    yield _LOADED.format(submodules=sum(package.submodules for package in packages))
    by_place: dict[tuple[str, str, str], list[Load]] = {}
    for row in rows.values():
        if row.load is not None and row.verdict != "refused":
            by_place.setdefault((row.runtime, row.architecture, row.load.place), []).append(row.load)
    for (runtime, architecture, place), loads in sorted(by_place.items()):
        counts = (len(loads), sum(load.submodules for load in loads), sum(load.modules for load in loads))
        yield f"| {runtime} {architecture} | {place} | {' | '.join(map(str, counts))} |"
    refused = [row.load for row in rows.values() if row.verdict == "refused" and row.load is not None]
    yield _CONFIRMED.format(confirmed=sum(bool(load.failed) for load in refused), refused=len(refused))


def _disagreements(found: Sequence[Disagreement], explanations: Sequence[Explanation]) -> Iterator[str]:
    """Modules that do not load: as warned, explained, open."""
    states = Counter(one.state for one in found)
    warned = len({one.row.key for one in found if one.state == "warned"})
    counts = {state: states[state] for state in ("explained", "fault", "open")}
    yield _DISAGREEMENTS.format(warned=warned, **counts)
    yield from _explained([one for one in found if one.state == "explained"], explanations)
    if states["fault"]:
        yield "\nFaults of lambda-pack, which should have said this:"
        yield from _explained([one for one in found if one.state == "fault"], explanations)
    if states["open"]:
        yield "\nNot explained:\n"
    for one in found:
        if one.state == "open":
            where = f"{one.row.package} {one.row.version} on {one.row.runtime} {one.row.architecture}"
            yield f"- {where}: `{one.failure.module}`: {_escaped(one.failure.error)}"


def _explained(found: Sequence[Disagreement], explanations: Sequence[Explanation]) -> Iterator[str]:
    """One line for each reason, in the order of explained.toml."""
    yield _MODULES
    for why in dict.fromkeys(explanation.why for explanation in explanations):
        covered = [one for one in found if one.why == why]
        if covered:
            modules = sorted({one.failure.module for one in covered})
            names = ", ".join(f"`{module}`" for module in modules[:4])
            more = f" and {len(modules) - 4} more" if modules[4:] else ""
            yield f"| {names}{more} | {len({one.row.key for one in covered})} | {_escaped(why)} |"


def _escaped(text: str) -> str:
    """Return text for a cell of a Markdown table."""
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*").replace("_", "\\_")
