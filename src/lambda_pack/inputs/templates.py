"""Templates that deploy functions, read only for their code; everything else in them stays as it is, to the letter.

A template is edited as a text: the few values that say where code is are replaced, so comments, tags, quotes and order
cannot be lost.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from lambda_pack.inputs.yaml_documents import place_of
from lambda_pack.model.cells import CellKind
from lambda_pack.model.globs import GlobRules

if TYPE_CHECKING:
    from yaml import MappingNode, Node
    from yaml.error import Mark

__all__ = ["NOWHERE", "Code", "Remarks", "Spot", "Template", "Text", "fields", "plain_text", "text_of", "with_places"]


class Spot(Struct, frozen=True):
    """Where a value goes in a text, from `begin` to `end`; with `prefix` and `suffix` where none stands there yet."""

    begin: int
    end: int
    prefix: str = ""
    suffix: str = ""


NOWHERE = Spot(0, 0)
"""The place of code that no text names."""


class Code(Struct, frozen=True):
    """What a template says of one function or layer of this machine's code.

    `name` is the template's own, `deployed_as` what Lambda calls it, where that is written out. `runtimes` and
    `architectures` are empty where the template does not say, or says it only when it is deployed. `s3_keys` are the
    keys of bucket, key and version of a place in S3; None where the template can only name a file. `excludes` are lines
    of a .gitignore, `rules` globs that count after them. `inputs` say what is needed, None for whatever the folder has.
    Without `has_own_code` only packages are packed. `below` is the folder of the bundle for own code, `vendored` are
    folders packed over it. `as_it_is` is a folder that is packed with nothing added. `options` are ours, by name.
    """

    kind: CellKind
    name: str
    folder: Path
    spot: Spot
    runtimes: tuple[str, ...] = ()
    architectures: tuple[str, ...] = ()
    deployed_as: str | None = None
    s3_keys: tuple[str, str, str] | None = None
    handler: str | None = None
    excludes: tuple[str, ...] = ()
    rules: GlobRules | None = None
    inputs: tuple[Path, ...] | None = None
    has_own_code: bool = True
    below: str = ""
    vendored: tuple[Path, ...] = ()
    as_it_is: bool = False
    options: tuple[tuple[str, tuple[str, ...]], ...] = ()


class Template(Struct, frozen=True):
    """A template: its text, the code it names, and what of it cannot be packed, by name with the reason.

    `remarks` are warnings about keys that do not count here, with their places. `edits` are made in the text wherever
    any of the code is replaced.
    """

    path: Path
    text: str
    codes: tuple[Code, ...]
    skipped: tuple[tuple[str, str], ...] = ()
    remarks: tuple[str, ...] = ()
    edits: tuple[tuple[Spot, str], ...] = ()


class Text(Struct, frozen=True):
    """A text in which marks of YAML's are places. Build it with `text_of`."""

    text: str
    starts: tuple[int, ...]

    def offset(self, mark: Mark) -> int:
        """Where a mark is, in characters."""
        return self.starts[mark.line] + int(mark.column)

    def spot_of(self, node: Node) -> Spot:
        """The place of a value that is a scalar."""
        return Spot(self.offset(node.start_mark), self.offset(node.end_mark))

    def spot_of_block(self, node: Any) -> Spot:  # noqa: ANN401  # a node
        """Return the place of a list or a mapping, without the line breaks and comments that follow its last value."""
        end = node
        while end.id != "scalar" and end.value and not end.flow_style:
            last = end.value[-1]
            end = last[1] if isinstance(last, tuple) else last
        return Spot(self.offset(node.start_mark), self.offset(end.end_mark))

    def spot_in(self, mapping: MappingNode, key: str) -> Spot:
        """The place of a new key, in front of a mapping's others."""
        first = mapping.value[0][0]
        begin = self.offset(first.start_mark)
        if mapping.flow_style:
            return Spot(begin, begin, f'"{key}": ', ", ")
        return Spot(begin, begin, f"{key}: ", "\n" + " " * first.start_mark.column)


class Remarks:
    """Collects warnings about keys, each once, in the order of the file."""

    def __init__(self, path: Path) -> None:
        self._path = path.as_posix()
        self._found: dict[str, tuple[int, str]] = {}

    def add(self, node: Any, key: str, why: str) -> None:  # noqa: ANN401  # a node
        """Warn that a key does not count, with the place of the node."""
        mark = node.start_mark
        self._found.setdefault(key, (mark.index, f"{place_of(mark, self._path)}: {key} does not count: {why}"))

    def all(self) -> tuple[str, ...]:
        """Return the warnings in the order of the file."""
        return tuple(text for _, text in sorted(self._found.values()))


def text_of(text: str) -> Text:
    """The text with its lines, as YAML counts them."""
    breaks = re.finditer("\r\n|[\r\n\x85\u2028\u2029]", text)
    return Text(text, (0, *(found.end() for found in breaks), len(text)))


def with_places(template: Template, places: Mapping[str, str]) -> str:
    """The text with a new place for the code of each name; a place is JSON, which is YAML as well."""
    text = template.text
    edits = [*template.edits, *((code.spot, places[code.name]) for code in template.codes)]
    for spot, value in sorted(edits, key=lambda edit: -edit[0].begin):
        text = f"{text[: spot.begin]}{spot.prefix}{value}{spot.suffix}{text[spot.end :]}"
    return text


def fields(node: Any) -> dict[str, Any]:  # noqa: ANN401  # nodes of YAML, which have no common type worth naming
    """The values of a mapping by key; empty for whatever is none."""
    return dict(_fields(node))


def _fields(node: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401  # as above
    if getattr(node, "id", None) == "mapping":
        for key, value in node.value:
            if key.id == "scalar":
                yield str(key.value), value


def plain_text(node: Any) -> str:  # noqa: ANN401  # a node
    """Return the text of a scalar; of anything else '[]' if it is empty, and 'a list' or 'a mapping' if it is not."""
    if node.id == "scalar":
        return str(node.value)
    return ("a list" if node.id == "sequence" else "a mapping") if node.value else "[]"
