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

from lambda_pack.model.cells import CellKind

if TYPE_CHECKING:
    from yaml import MappingNode, Node
    from yaml.error import Mark

__all__ = ["Code", "Spot", "Template", "Text", "fields", "text_of", "with_places"]


class Spot(Struct, frozen=True):
    """Where a value goes in a text, from `begin` to `end`; with `prefix` and `suffix` where none stands there yet."""

    begin: int
    end: int
    prefix: str = ""
    suffix: str = ""


class Code(Struct, frozen=True):
    """What a template says of one function or layer of this machine's code.

    `name` is the template's own, `deployed_as` what Lambda calls it, where that is written out. `runtimes` and
    `architectures` are empty where the template does not say, or says it only when it is deployed. `s3_keys` are the
    keys of bucket, key and version of a place in S3; None where the template can only name a file. `excludes` are lines
    of a .gitignore.
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


class Template(Struct, frozen=True):
    """A template: its text, the code it names, and what of it cannot be packed, by name with the reason."""

    path: Path
    text: str
    codes: tuple[Code, ...]
    skipped: tuple[tuple[str, str], ...] = ()


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

    def spot_in(self, mapping: MappingNode, key: str) -> Spot:
        """The place of a new key, in front of a mapping's others."""
        first = mapping.value[0][0]
        begin = self.offset(first.start_mark)
        if mapping.flow_style:
            return Spot(begin, begin, f'"{key}": ', ", ")
        return Spot(begin, begin, f"{key}: ", "\n" + " " * first.start_mark.column)


def text_of(text: str) -> Text:
    """The text with its lines, as YAML counts them."""
    breaks = re.finditer("\r\n|[\r\n\x85\u2028\u2029]", text)
    return Text(text, (0, *(found.end() for found in breaks), len(text)))


def with_places(template: Template, places: Mapping[str, str]) -> str:
    """The text with a new place for the code of each name; a place is JSON, which is YAML as well."""
    text = template.text
    for code in sorted(template.codes, key=lambda code: -code.spot.begin):
        spot = code.spot
        text = f"{text[: spot.begin]}{spot.prefix}{places[code.name]}{spot.suffix}{text[spot.end :]}"
    return text


def fields(node: Any) -> dict[str, Any]:  # noqa: ANN401  # nodes of YAML, which have no common type worth naming
    """The values of a mapping by key; empty for whatever is none."""
    return dict(_fields(node))


def _fields(node: Any) -> Iterator[tuple[str, Any]]:  # noqa: ANN401  # as above
    if getattr(node, "id", None) == "mapping":
        for key, value in node.value:
            if key.id == "scalar":
                yield str(key.value), value
