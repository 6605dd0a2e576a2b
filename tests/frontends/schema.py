"""The published schema of the report, which every report in the tests is held to."""

from __future__ import annotations

import json
from functools import lru_cache
from importlib.resources import files
from typing import Any

from jsonschema import Draft202012Validator

from lambda_pack.model.report import SCHEMA_VERSION

__all__ = ["schema", "valid_report", "validator"]


@lru_cache
def schema(name: str = f"report-{SCHEMA_VERSION}") -> Any:  # noqa: ANN401  # JSON, as the standard library gives it
    """The document as it is shipped in the package."""
    return json.loads(files("lambda_pack").joinpath("schemas", f"{name}.schema.json").read_text("utf-8"))


@lru_cache
def validator() -> Draft202012Validator:
    """What judges a report."""
    return Draft202012Validator(schema())


def valid_report(text: str) -> dict[str, Any]:
    """The report in a text, which must be valid."""
    document: dict[str, Any] = json.loads(text)
    validator().validate(document)
    return document
