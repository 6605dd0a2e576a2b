"""Settings in files: `[tool.lambda-pack]` of a project's pyproject.toml, and a file of the machine's."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lambda_pack.errors import UsageError

__all__ = ["read_configuration", "read_settings"]


def read_configuration(pyproject: Path) -> Mapping[str, Any]:
    """The table as it stands; empty where there is no file or no table.

    Raises:
        UsageError: the file cannot be read or is not TOML.
    """
    try:
        content = _parsed(pyproject)
    except FileNotFoundError:
        return {}
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
    try:
        return _parsed(file)
    except FileNotFoundError as error:
        raise UsageError(f"{file.as_posix()!r} is not there; name another settings file, or none") from error


def _parsed(file: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file.as_posix()!r} cannot be read: {error}; make it readable UTF-8") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"{file.as_posix()!r} is not TOML: {error}; correct it") from error
