"""`[tool.raypack]` of pyproject.toml, as the tool of that name reads it, in the words of lambda-pack."""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from lambda_pack.errors import UsageError
from lambda_pack.inputs.documents import read_toml

__all__ = ["raypack_remarks", "raypack_settings"]

# Its keys (raypack/config_loading.py and its README, read 2026-11-26), and what each must be.
_KEYS: Mapping[str, type] = MappingProxyType(
    {
        "exclude_packaging_cruft": bool,
        "outer_folder_name": str,
        "source_venv": str,
        "venv_tool": str,
        "deps_are_pure_python": bool,
        "upload_to_s3": bool,
        "s3_bucket_name": str,
    }
)
_TOOLS = ("poetry", "pip")


def raypack_settings(folder: Path) -> Mapping[str, str]:
    """What a project's table says, by the options of lambda-pack; `project` is said where there is one to be built.

    Paths begin in the folder. An environment of the project is the input only on a machine like Glue's. `s3-bucket` is
    empty where the table wants an upload and does not say where to.

    Raises:
        UsageError: the table has a value of the wrong kind.
    """
    content = _content(folder)
    return dict(_settings(_table(content), folder)) | ({"project": "."} if _is_built(content) else {})


def raypack_remarks(folder: Path) -> Iterator[str]:
    """What somebody who has such a table should hear: the new names, and what has lost its meaning.

    Raises:
        UsageError: as `raypack_settings`.
    """
    table = _table(_content(folder))
    if not table:
        return
    new = [f"{name} = {value!r}" for name, value in sorted(_settings(table, folder))]
    written = f"; in [tool.lambda-pack] it would be {', '.join(new)}" if new else ""
    yield f"[tool.raypack] is understood{written} (docs/glue.md has all names)"
    for key in sorted(table.keys() - _KEYS.keys()):
        yield f"{key!r} in [tool.raypack] is unknown and passed over"
    if table.get("exclude_packaging_cruft") is False:
        yield "exclude_packaging_cruft = false has lost its meaning: Glue takes no dist-info, and has its own pip"
    if table.get("deps_are_pure_python") is True:
        yield "deps_are_pure_python = true has lost its meaning: every file is judged for Glue's machine"
    venv = table.get("source_venv")
    if venv is not None and not _is_like_glue(folder / venv):
        yield (
            f"source_venv = {venv!r} is not of Python 3.9 on Linux and ARM64: the project's lock or manifest is packed "
            f"for Glue instead; to pack what is installed all the same, say --input {venv}"
        )


def _content(folder: Path) -> Mapping[str, Any]:
    pyproject = folder / "pyproject.toml"
    return read_toml(pyproject, what_now="correct it") if pyproject.is_file() else {}


def _table(content: Mapping[str, Any]) -> Mapping[str, Any]:
    table = content.get("tool", {}).get("raypack", {})
    for key, kind in _KEYS.items():
        if key in table and not isinstance(table[key], kind):
            raise UsageError(f"{key!r} in [tool.raypack] is {table[key]!r}, and not a {kind.__name__}; correct it")
    if table.get("venv_tool", "poetry") not in _TOOLS:
        raise UsageError(f"{table['venv_tool']!r} is not a venv_tool; choose one of: {', '.join(_TOOLS)}")
    return dict(table)


def _settings(table: Mapping[str, Any], folder: Path) -> Iterator[tuple[str, str]]:
    if "outer_folder_name" in table:
        yield "outer-folder", table["outer_folder_name"]
    if table.get("upload_to_s3"):
        yield "s3-bucket", table.get("s3_bucket_name", "")
    if "source_venv" in table and _is_like_glue(folder / table["source_venv"]):
        yield "input", table["source_venv"]
    elif "venv_tool" in table:
        file = "poetry.lock" if table["venv_tool"] == "poetry" else "requirements.txt"
        if (folder / file).is_file():
            yield "input", file


def _is_like_glue(venv: Path) -> bool:
    """Whether what is installed there was installed for what Glue for Ray is: Python 3.9 on Linux and ARM64."""
    configuration = venv / "pyvenv.cfg"
    if platform.system() != "Linux" or platform.machine() != "aarch64" or not configuration.is_file():
        return False
    lines = (line.partition("=") for line in configuration.read_text("utf-8", "replace").splitlines())
    versions = [value.strip() for key, _, value in lines if key.strip() in {"version", "version_info"}]
    return any(version.startswith("3.9.") for version in versions)


def _is_built(content: Mapping[str, Any]) -> bool:
    """Whether the project has code of its own that a backend would put into a wheel."""
    poetry = content.get("tool", {}).get("poetry")
    if poetry is not None and not poetry.get("package-mode", True):
        return False
    return "build-system" in content and ("project" in content or poetry is not None)
