"""YAML at the door: read without making any object of it, so that every value keeps its place and its tag."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from lambda_pack.errors import UsageError
from lambda_pack.inputs.located import Located, Place, Table, Value
from lambda_pack.inputs.whole_files import read_whole
from lambda_pack.model.input_limits import NESTING, NODES

if TYPE_CHECKING:
    # Most packs read no YAML.
    from yaml import Event, MappingNode, Node
    from yaml.error import Mark

__all__ = ["located", "parse_yaml", "place_of", "read_text"]

# YAML's merge key; its values come in where a key is not given.
_MERGE = "tag:yaml.org,2002:merge"
_MERGED = "<<"
_NULL = "tag:yaml.org,2002:null"
_BOOLEAN = "tag:yaml.org,2002:bool"
# What YAML 1.1 takes for a boolean, and people for a word, is a word here.
_BOOLEANS = {"true": True, "false": False}


def read_text(path: Path) -> str:
    """The text of a file, its line ends as they are.

    Raises:
        UsageError: it is not there, or not readable UTF-8.
    """
    name = path.as_posix()
    try:
        return read_whole(path).decode("utf-8-sig")
    except FileNotFoundError as error:
        raise UsageError(f"{name!r} does not exist; check the path") from error
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{name!r} cannot be read: {error}; make it readable UTF-8") from error


def parse_yaml(text: str, name: str) -> Node | None:
    """The tree of a document, aliases resolved; None for an empty one. JSON is YAML, too.

    Raises:
        UsageError: it is not YAML; with file, line and column.
    """
    import yaml

    loader = yaml.CSafeLoader if hasattr(yaml, "CSafeLoader") else yaml.SafeLoader
    try:
        # The events come one by one; building the tree recurses, in C without a limit of its own.
        _check_events(yaml.parse(text, loader), name)
        return yaml.compose(text, loader)
    except yaml.MarkedYAMLError as error:
        place = place_of(error.problem_mark, name) if error.problem_mark else Place(name)
        raise UsageError(f"{place}: not YAML: {error.problem}; correct it there or above") from error
    except (yaml.YAMLError, RecursionError) as error:
        raise UsageError(f"{name}: not YAML: {str(error).splitlines()[0]}; correct it") from error


def _check_events(events: Iterable[Event], name: str) -> None:
    """Refuse a document that is nested too deeply, or has too many values once its aliases are repeated.

    Raises:
        UsageError: with file, line and column.
    """
    from yaml import AliasEvent, CollectionEndEvent, CollectionStartEvent, ScalarEvent

    sizes: dict[str, int] = {}
    opened: list[tuple[str | None, int]] = []
    total = 0
    for event in events:
        match event:
            case AliasEvent():
                if event.anchor not in sizes:
                    wrong = f"the alias {event.anchor!r} is unknown here, or repeats itself"
                    raise UsageError(f"{_place(event, name)}: {wrong}; correct it")
                total += sizes[event.anchor]
            case ScalarEvent():
                total += 1
                sizes |= {event.anchor: 1} if event.anchor else {}
            case CollectionStartEvent():
                total += 1
                opened.append((event.anchor, total - 1))
            case CollectionEndEvent():
                anchor, before = opened.pop()
                sizes |= {anchor: total - before} if anchor else {}
            case _:
                pass
        if len(opened) > NESTING.most:
            raise UsageError(f"{_place(event, name)}: the file {NESTING.refusal()}")
        if total > NODES.most:
            raise UsageError(f"{_place(event, name)}: the file {NODES.refusal()}")


def _place(event: Event, name: str) -> Place:
    mark = event.start_mark
    return Place(name) if mark is None else Place(name, mark.line + 1, mark.column + 1)


def place_of(mark: Mark, name: str) -> Place:
    """A mark as people count."""
    return Place(name, mark.line + 1, mark.column + 1)


def located(node: Node, name: str, *, key: Place | None = None, way: tuple[str, ...] = ()) -> Located:
    """The values of a tree, with their places; the tags of an application's own are refused.

    Raises:
        UsageError: a key is given twice, or a value has a tag that means nothing here.
    """
    from yaml import MappingNode, ScalarNode, SequenceNode

    place = place_of(node.start_mark, name)
    if not node.tag.startswith("tag:yaml.org,2002:"):
        raise UsageError(f"{place}: the tag {node.tag!r} means nothing here; leave it out")
    value: Value
    match node:
        case MappingNode():
            value = _table(node, name, way)
        case SequenceNode():
            value = tuple(located(item, name, way=way) for item in node.value)
        case ScalarNode(tag=tag) if tag == _NULL:
            value = None
        case ScalarNode(tag=tag) if tag == _BOOLEAN and node.value.lower() in _BOOLEANS:
            value = _BOOLEANS[node.value.lower()]
        case _:
            value = str(node.value)
    return Located(value, place, key or place, way)


def _table(node: MappingNode, name: str, way: tuple[str, ...]) -> Table:
    table: dict[str, Located] = {}
    merged: dict[str, Located] = {}
    for key, value in node.value:
        place = place_of(key.start_mark, name)
        if key.tag == _MERGE:
            for part in value.value if value.id == "sequence" else [value]:
                if part.id != "mapping":
                    raise UsageError(f"{place}: {_MERGED!r} takes a mapping, not a {part.id}; correct it")
                merged = {**_table(part, name, way), **merged}
            continue
        if key.id != "scalar":
            raise UsageError(f"{place}: a key is a word, not a {key.id}; correct it")
        word = str(key.value)
        if word in table:
            raise UsageError(f"{place}: {word!r} is given twice, first in line {table[word].key.line}; keep one")
        table[word] = located(value, name, key=place, way=(*way, word))
    return {**merged, **table}
