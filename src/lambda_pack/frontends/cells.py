"""From the file that names functions and layers, and what else was said, to the cells that are packed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import product
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from lambda_pack.errors import UsageError
from lambda_pack.frontends.options.option import Kind, Option
from lambda_pack.frontends.options.table import OPTIONS, TARGETS
from lambda_pack.frontends.requests import delivery_of, request_of, texts_of
from lambda_pack.inputs.functions_file import FunctionsFile
from lambda_pack.inputs.located import Located, Place, Table
from lambda_pack.model.cells import Cell, CellKind
from lambda_pack.model.choices import Layout
from lambda_pack.model.given import Given
from lambda_pack.model.own_code import OwnCode
from lambda_pack.model.suggestions import advice_for
from lambda_pack.model.targets import Architecture, meant_runtime

__all__ = ["NAME_KEYS", "Said", "cells_of", "chosen", "with_unique_labels"]

Said = dict[str, Given]

NAME_KEYS: Mapping[CellKind, str] = {CellKind.FUNCTION: "function-name", CellKind.LAYER: "layer-name"}
"""The one key of each kind that is no option: what Lambda calls it."""

_INPUTS = frozenset({"input", "requirements"})
# Paths that nothing comes from.
_NO_CONTENTS = frozenset({"cache-dir", "output-dir", "profile", "to-dir"})


class _Entry(Struct, frozen=True):
    """A function or a layer of the file, with all that was said about it."""

    kind: CellKind
    name: str
    said: Said
    place: Place
    deployed_as: str


def cells_of(file: FunctionsFile, machine: Mapping[str, Given], arguments: Mapping[str, Given]) -> tuple[Cell, ...]:
    """Every function and layer for each of its targets, in the file's order.

    What an entry says comes before the file's defaults, and those before what the machine says; the command line comes
    before all of them.

    Raises:
        UsageError: a key is unknown, a value is wrong, or two cells would write the same files; with file and line.
    """
    defaults = _said_in(file.defaults, file)
    if "name" in defaults:
        raise UsageError(f"{file.defaults['name'].key}: 'name' cannot be a default; every bundle has its own")
    shared = _over(dict(machine), defaults)
    entries = [
        _entry(kind, entry, file=file, shared=shared, arguments=arguments)
        for kind, table in ((CellKind.FUNCTION, file.functions), (CellKind.LAYER, file.layers))
        for entry in table.values()
    ]
    return with_unique_labels(cell for entry in entries for cell in _cells(entry))


def chosen(cells: Sequence[Cell], names: Sequence[str], where: str) -> tuple[Cell, ...]:
    """The cells with these names or labels, in the plan's order; all of them where no name is given.

    Raises:
        UsageError: there is none of a name.
    """
    known = dict.fromkeys(word for cell in cells for word in (cell.name, cell.label))
    for name in names:
        if name not in known:
            raise UsageError(f"{name!r} is no function and no layer in {where}; {advice_for(name, sorted(known))}")
    wanted = set(names)
    return tuple(cell for cell in cells if not wanted or wanted & {cell.name, cell.label})


def with_unique_labels(cells: Iterable[Cell]) -> tuple[Cell, ...]:
    """The cells, of which no two may write the same files.

    Raises:
        UsageError: two would.
    """
    seen: dict[str, Cell] = {}
    unique = []
    for cell in cells:
        places = (cell.request.to_dir, cell.request.profile)
        taken = [cell.label, *(str(place) for place in places if place is not None)]
        for label in taken:
            if label in seen:
                earlier = seen[label]
                raise UsageError(
                    f"{cell.place}: {cell.kind.value} {cell.name!r} would write {label!r}, as {earlier.kind.value} "
                    f"{earlier.name!r} does ({earlier.place}); give one another name"
                )
        seen |= dict.fromkeys(taken, cell)
        unique.append(cell)
    return tuple(unique)


def _entry(
    kind: CellKind, entry: Located, *, file: FunctionsFile, shared: Said, arguments: Mapping[str, Given]
) -> _Entry:
    if not isinstance(entry.value, Mapping | None):
        raise UsageError(f"{entry.place}: {entry.named} holds options; write them below it, each with its value")
    name, table = entry.way[-1], dict(entry.value or {})
    deployed_as = table.pop(NAME_KEYS[kind], None)
    if deployed_as is not None and not isinstance(deployed_as.value, str):
        raise UsageError(f"{deployed_as.place}: {deployed_as.named} takes one name")
    own = _said_in(table, file, also=(NAME_KEYS[kind],))
    said = _over(shared, own)
    if kind is CellKind.LAYER and "layout" not in own:
        said["layout"] = Given((Layout.LAYER.value,), f"it stands in {CellKind.LAYER.value}s")
    said = _over(said, dict(arguments))
    said.setdefault("name", Given((name,), str(entry.key)))
    if not _INPUTS & said.keys():
        # A project says itself what it needs.
        projects = said["project"].values if "project" in said else ()
        place = projects[0] if len(projects) == 1 else str(file.path.parent)
        said["requirements"] = Given((place,), "the project" if projects else "the file's own folder")
    return _Entry(kind, name, said, entry.key, str(deployed_as.value) if deployed_as else name)


def _over(below: Said, above: Said) -> Said:
    """Both, `above` before `below`: there it says anew what is needed."""
    return {name: given for name, given in below.items() if not (_INPUTS & above.keys() and name in _INPUTS)} | above


def _cells(entry: _Entry) -> Iterator[Cell]:
    runtimes, architectures = (
        dict.fromkeys(entry.said[name].values) if name in entry.said else (None,) for name in TARGETS
    )
    for words in product(runtimes, architectures):
        target = {
            name: Given((word,), entry.said[name].source)
            for name, word in zip(TARGETS, words, strict=True)
            if word is not None
        }
        said = {**entry.said, **target}
        try:
            request, delivery = request_of(said), delivery_of(said)
        except UsageError as error:
            raise UsageError(f"{entry.place}: {entry.kind.value} {entry.name!r}: {error}") from error
        yield Cell(
            entry.kind, entry.name, request, delivery, entry.deployed_as, str(entry.place), tuple(_contents(entry.said))
        )


def _contents(said: Said) -> Iterator[Path]:
    """What options name beside the inputs: own code, constraints, whatever lies in a file or a folder."""
    for name, given in said.items():
        if name in _INPUTS or name in _NO_CONTENTS or not OPTIONS[name].is_path:
            continue
        for text in given.values:
            yield OwnCode.parse(text).path if name == "source" else Path(text)


def _said_in(table: Table, file: FunctionsFile, *, also: tuple[str, ...] = ()) -> Said:
    """What a table says, its paths as they are seen from here."""
    said: Said = {}
    for key, value in table.items():
        if key not in OPTIONS:
            raise UsageError(f"{value.key}: {value.named} is unknown; {advice_for(key, sorted((*OPTIONS, *also)))}")
        texts = tuple(_texts(OPTIONS[key], value))
        below = tuple(OPTIONS[key].below(file.path.parent, text) for text in texts)
        said[key] = Given(below, str(value.key))
    if len(both := _INPUTS & said.keys()) > 1:
        place = max((table[name].key for name in both), key=lambda place: place.line or 0)
        raise UsageError(f"{place}: 'input' and 'requirements' both say what is needed; leave one of them out")
    return said


def _texts(option: Option, value: Located) -> Iterator[str]:
    """The values; refused where they stand if they are of the wrong kind or none of the choices."""
    items = value.value if isinstance(value.value, tuple) else (value,)
    if option.name in TARGETS and items:
        option = replace(option, kind=Kind.MANY)
    plain = [item.value for item in items] if isinstance(value.value, tuple) else value.value
    try:
        texts = texts_of(option, plain, "the file")
    except UsageError:
        raise UsageError(f"{value.place}: {value.named} takes {option.kind.value}, not {_shown(plain)}") from None
    for text, item in zip(texts, items, strict=True):
        # Where there may be several values, one may hold several, too, and is taken apart by whoever knows it.
        is_list = option.kind is Kind.MANY and option.name not in TARGETS
        yield text if is_list else _checked(option, text, item)


def _checked(option: Option, text: str, item: Located) -> str:
    if option.name == "architecture":
        with suppress(UsageError):
            return Architecture.parse(text).value
    if option.choices and text not in option.choices:
        meant = meant_runtime(text) if option.name == "runtime" else None
        advice = f"did you mean {meant!r}?" if meant else advice_for(text, sorted(option.choices))
        raise UsageError(f"{item.place}: {text!r} is no {option.name}; {advice}")
    return text


def _shown(value: object) -> str:
    match value:
        case None:
            return "nothing"
        case Mapping():
            return "a table"
        case list():
            return "a list" if value else "an empty list"
        case _:
            return repr(value)
