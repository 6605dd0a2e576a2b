"""Settings in files: `[tool.lambda-pack]` of a project's pyproject.toml, and a file of the machine's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lambda_pack.errors import UsageError
from lambda_pack.inputs.documents import read_toml

__all__ = ["SECTIONS", "is_section", "read_configuration", "read_settings"]

SECTIONS = ("functions", "layers")
"""Tables beside the options: what many functions are packed from (`lambda_pack.inputs.functions_file`)."""


def is_section(key: str, value: object) -> bool:
    """Whether a key of `[tool.lambda-pack]` is one of those tables: `layers` is an option, too, with other values."""
    return key in SECTIONS and (isinstance(value, Mapping) or key == "functions")


def read_configuration(pyproject: Path) -> Mapping[str, Any]:
    """The table as it stands; empty where there is no file or no table.

    Raises:
        UsageError: the file cannot be read or is not TOML.
    """
    if not pyproject.exists():
        return {}
    content = read_toml(pyproject, what_now="correct it")
    tools = content.get("tool", {})
    table = tools.get("lambda-pack", {}) if isinstance(tools, dict) else tools
    if not isinstance(table, dict):
        raise UsageError(
            f"[tool.lambda-pack] in {pyproject.as_posix()!r} is not a table; write its options below that header"
        )
    return table


def read_settings(file: Path) -> Mapping[str, Any]:
    """The options in a file of their own, as they stand: without a header, as in uv.toml.

    Raises:
        UsageError: the file is not there, cannot be read or is not TOML.
    """
    if not file.exists():
        raise UsageError(f"{file.as_posix()!r} is not there; name another settings file, or none")
    return read_toml(file, what_now="correct it")
