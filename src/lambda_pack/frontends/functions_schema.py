"""The JSON Schema of lambda-pack.yml, made from the one table of options: editors complete and check by it."""

from __future__ import annotations

import json
from typing import Any

from lambda_pack.frontends.cells import NAME_KEYS
from lambda_pack.frontends.options.option import Kind, Option
from lambda_pack.frontends.options.table import OPTIONS, TARGETS
from lambda_pack.model.cells import CellKind
from lambda_pack.model.targets import ARCHITECTURE_SPELLINGS

__all__ = ["SCHEMA_FILE", "functions_schema"]

SCHEMA_FILE = "lambda-pack-1.schema.json"
"""Its name among `lambda_pack/schemas`; another number for whatever would refuse a file that this one allows."""

_NAMES = {"type": ["object", "null"]}
_DEPLOYED = {
    CellKind.FUNCTION: "what Lambda calls the function, for the printed lines of the AWS CLI (default: its name here)",
    CellKind.LAYER: "what Lambda calls the layer, for the printed lines of the AWS CLI (default: its name here)",
}


def functions_schema() -> str:
    """The schema as text, one newline at its end."""
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "lambda-pack.yml",
        "description": "The functions and layers of a repository; relative paths begin in the file's folder",
        "type": "object",
        "properties": {
            "defaults": {
                **_options("what counts for all of them"),
                # Every bundle has its own.
                "properties": {"name": False},
                "unevaluatedProperties": False,
            },
            **{f"{kind.value}s": _section(kind) for kind in CellKind},
        },
        "anyOf": [{"required": [f"{kind.value}s"]} for kind in CellKind],
        "additionalProperties": False,
        "$defs": {"options": {"properties": {name: _option(option) for name, option in OPTIONS.items()}}},
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _section(kind: CellKind) -> dict[str, Any]:
    named = {NAME_KEYS[kind]: {"type": "string", "description": _DEPLOYED[kind]}}
    entry = {**_options(f"a {kind.value}"), "properties": named, "unevaluatedProperties": False}
    return {**_NAMES, "description": f"{kind.value}s by name", "additionalProperties": entry}


def _options(description: str) -> dict[str, Any]:
    return {**_NAMES, "description": description, "$ref": "#/$defs/options"}


def _option(option: Option) -> dict[str, Any]:
    default = f" (default: {option.default})" if option.default else ""
    said = {"description": f"{option.help}{default}"}
    # An architecture has other names, too, which the file understands.
    also = (
        [name for name in ARCHITECTURE_SPELLINGS if name not in option.choices] if option.name == "architecture" else []
    )
    one: dict[str, Any] = {"enum": [*option.choices, *also]} if option.choices else {"type": ["string", "number"]}
    if option.choices and option.kind is Kind.MANY:
        # Several may stand in one value.
        choice = f"({'|'.join(option.choices)})"
        one = {"type": "string", "pattern": f"^{choice}( *, *{choice})*$"}
    if option.kind is Kind.SWITCH:
        return {**said, "type": "boolean"}
    if option.kind is Kind.MANY or option.name in TARGETS:
        least = {"minItems": 1} if option.name in TARGETS else {}
        return {**said, "oneOf": [one, {"type": "array", "items": one, **least}]}
    return {**said, **one}
