"""Values of a serverless.yml: variables with a known answer are replaced, all others are remembered to be named."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct, field

from lambda_pack.inputs.template_keys import Heed, TemplateKey
from lambda_pack.inputs.templates import Remarks, fields, plain_text
from lambda_pack.model.input_limits import LINE_LENGTH

__all__ = ["FALSE", "Values", "items_of"]

# What switches something off, in lower case.
FALSE = frozenset({"false", "no", "off", "null", "~", "", "0"})

_VARIABLE = re.compile(r"\$\{([^${}]*)\}")
_ADDRESS = re.compile(r"self:([\w.-]+)")
# Variables in variables; those that name themselves end here.
_DEEPEST = 10
_DEFAULT = re.compile(r"""\s*(?:'([^']*)'|"([^"]*)"|(true|false|[\d.]+))\s*""")


class Values(Struct, frozen=True):
    """Reads values; what is a variable without a known answer is None, and remarked upon where a key is given.

    `environ` are the variables of the environment, which `${env:NAME}` asks for.
    """

    top: Any
    remarks: Remarks
    environ: Mapping[str, str]
    known: dict[str, str | None] = field(default_factory=dict)

    def text(self, node: Any, key: str = "") -> str | None:  # noqa: ANN401  # a node
        """Return a scalar, with variables replaced.

        `${self:a.b}` is the value in this file, `${env:NAME}` that of the environment's variable where it is set. For
        whatever else a variable asks, its default in quotes is taken.
        """
        if node is None or node.id != "scalar":
            return None
        value = None if node.tag.startswith("!") else self._replaced(str(node.value), depth=0)
        if value is None and key:
            self.remarks.add(node, key, f"{node.value} is known only to the framework")
        return value

    def texts(self, node: Any, key: str = "") -> tuple[str, ...]:  # noqa: ANN401  # a node
        """Return the scalars of a list, or the one scalar; without those that are not known."""
        if node is None:
            return ()
        if node.id == "mapping":
            if key:
                self.remarks.add(node, key, "it is no list")
            return ()
        found = [self.text(item, key) for item in (node.value if node.id == "sequence" else [node])]
        return tuple(item for item in found if item is not None)

    def flag(self, node: Any, key: str, *, default: bool) -> bool:  # noqa: ANN401  # a node
        """Return a switch; a mapping or any other text counts as true."""
        if node is None:
            return default
        if node.id != "scalar":
            return True
        text = self.text(node, key)
        return default if text is None else text.lower() not in FALSE

    def table(self, node: Any, key: str) -> Any:  # noqa: ANN401  # a node
        """Return the node if it is a mapping; a variable in its place is followed in this file, or remarked upon."""
        if node is None or node.id == "mapping":
            return node
        found = self._address(node)
        if found is not None and found.id == "mapping":
            return found
        if plain_text(node) not in {"", "null", "~"}:
            self.remarks.add(node, key, f"{plain_text(node)} is known only to the framework")
        return None

    def name_unheeded(self, mapping: Any, prefix: str, rows: Mapping[str, TemplateKey]) -> None:  # noqa: ANN401  # a node
        """Remark upon the keys of a mapping that the table names, or does not know."""
        for key, node in fields(mapping).items():
            row = rows.get(key)
            value = self.text(node) if node.id == "scalar" else plain_text(node)
            if row is None:
                self.remarks.add(node, f"{prefix}{key}", "lambda-pack does not know it")
            elif row.heed is Heed.NAMED and value not in row.defaults:
                self.remarks.add(node, f"{prefix}{key}", row.text)

    def _address(self, node: Any) -> Any:  # noqa: ANN401  # nodes
        found = re.fullmatch(rf"\$\{{{_ADDRESS.pattern}\}}", plain_text(node))
        return self._at(found[1]) if found else None

    def _at(self, address: str) -> Any:  # noqa: ANN401  # a node
        node = self.top
        for part in address.split("."):
            node = fields(node).get(part)
        return node

    def _replaced(self, text: str, *, depth: int) -> str | None:
        while found := _VARIABLE.search(text):
            if len(text) > LINE_LENGTH.most:
                return None
            value = self._answer(found[1], depth=depth) if depth < _DEEPEST else None
            if value is None:
                return None
            text = text[: found.start()] + value + text[found.end() :]
        return None if "${" in text else text

    def _answer(self, variable: str, *, depth: int) -> str | None:
        for part in variable.split(","):
            if default := _DEFAULT.fullmatch(part):
                return next(group for group in default.groups() if group is not None)
            if part.strip().startswith("file("):
                return None
            variable_name = part.strip().removeprefix("env:")
            if variable_name != part.strip() and variable_name in self.environ:
                return self.environ[variable_name]
            address = _ADDRESS.fullmatch(part.strip())
            node = self._at(address[1]) if address else None
            if address and node is not None and node.id == "scalar" and not node.tag.startswith("!"):
                return self._value_at(address[1], str(node.value), depth)
        return None

    def _value_at(self, address: str, text: str, depth: int) -> str | None:
        """Return the value at an address, which many variables may ask for: it is replaced once."""
        if address not in self.known:
            self.known[address] = None
            self.known[address] = self._replaced(text, depth=depth + 1)
        return self.known[address]


def items_of(node: Any, values: Values, key: str) -> Iterator[tuple[str, Any]]:  # noqa: ANN401  # nodes
    """Yield the named entries of `functions` or `layers`, which may be a mapping or a list of mappings."""
    if node is None:
        return
    for part in node.value if node.id == "sequence" else [node]:
        yield from fields(values.table(part, key)).items()
