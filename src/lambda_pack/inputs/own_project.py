"""A project of the user's that shall be built and packed: what it is called, wherever it says so."""

from __future__ import annotations

import ast
from configparser import ConfigParser
from configparser import Error as ConfigError
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name

from lambda_pack.errors import UsageError
from lambda_pack.inputs.documents import read_toml, shown
from lambda_pack.inputs.pyproject import project_name
from lambda_pack.inputs.whole_files import read_whole, read_whole_text
from lambda_pack.model.packages import Folder, Pin

__all__ = ["lacks_build_system", "project_in", "read_own_project"]


def read_own_project(folder: Path) -> Folder:
    """The project in a folder; its version is what its backend will say.

    Raises:
        UsageError: there is no project, or it does not say its name where that can be read without running it.
    """
    where = repr(shown(folder).as_posix())
    if not folder.is_dir():
        raise UsageError(f"{where} is not a folder; name the folder of a project with --project")
    pyproject, setup = folder / "pyproject.toml", folder / "setup.py"
    if not pyproject.is_file() and not setup.is_file():
        raise UsageError(
            f"{where} has no pyproject.toml and no setup.py, so nothing says what to build; "
            "pack the folder as it is with --source"
        )
    name = _name_of(folder)
    if name is None:
        raise UsageError(f"the project in {where} does not say its name; add it to [project] in pyproject.toml")
    return _as_folder(folder, name)


def project_in(folder: Path) -> Folder | None:
    """The project in a folder; None where there is no project or nothing says its name.

    Raises:
        UsageError: its pyproject.toml cannot be read.
    """
    name = _name_of(folder)
    return _as_folder(folder, name) if name is not None else None


def _name_of(folder: Path) -> str | None:
    pyproject = folder / "pyproject.toml"
    content = read_toml(pyproject, what_now="correct it") if pyproject.is_file() else {}
    return (
        project_name(content)
        or _of_flit(content)
        or _of_setup_cfg(folder / "setup.cfg")
        or _of_setup_py(folder / "setup.py")
    )


def _as_folder(folder: Path, name: str) -> Folder:
    return Folder(Pin(canonicalize_name(name), None), str(folder.absolute()))


def lacks_build_system(folder: Path) -> bool:
    """Whether nothing in a project says how it is built, as in applications that were never meant to be."""
    if (folder / "setup.py").is_file() or (folder / "setup.cfg").is_file():
        return False
    return "build-system" not in read_toml(folder / "pyproject.toml", what_now="correct it")


def _of_flit(content: dict[str, Any]) -> str | None:
    """Flit's own section, from before there was `[project]`."""
    metadata = content.get("tool", {}).get("flit", {}).get("metadata", {})
    name = metadata.get("dist-name") or metadata.get("module")
    return name if isinstance(name, str) else None


def _of_setup_cfg(path: Path) -> str | None:
    parser = ConfigParser(interpolation=None)
    try:
        parser.read_string(read_whole_text(path))
    except (ConfigError, OSError, UnicodeDecodeError):
        return None
    return parser.get("metadata", "name", fallback=None)


def _of_setup_py(path: Path) -> str | None:
    """The `name` of `setup(name="…")`, where it is written out; nothing of it is run."""
    try:
        tree = ast.parse(read_whole(path))
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    named = (one.value for call in calls for one in call.keywords if one.arg == "name" and _is_setup(call.func))
    return next((one.value for one in named if isinstance(one, ast.Constant) and isinstance(one.value, str)), None)


def _is_setup(function: ast.expr) -> bool:
    return "setup" in {getattr(function, "id", None), getattr(function, "attr", None)}
