"""`[tool.lambda-pack]` in pyproject.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lambda_pack.errors import UsageError

__all__ = ["read_configuration"]


def read_configuration(pyproject: Path) -> Mapping[str, Any]:
    """The table as it stands; empty where there is no file or no table.

    Raises:
        UsageError: the file cannot be read or is not TOML.
    """
    try:
        content = tomllib.loads(pyproject.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{pyproject.as_posix()!r} cannot be read: {error}; make it readable UTF-8") from error
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise UsageError(f"{pyproject.as_posix()!r} is not TOML: {error}; correct it") from error
    tools = content.get("tool", {})
    table = tools.get("lambda-pack", {}) if isinstance(tools, dict) else tools
    if not isinstance(table, dict):
        raise UsageError(
            f"[tool.lambda-pack] in {pyproject.as_posix()!r} is not a table; write its options below that header"
        )
    return table
