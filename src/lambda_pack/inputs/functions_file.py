"""The file that names functions and layers: lambda-pack.yml, or `[tool.lambda-pack]` in pyproject.toml."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from msgspec import Struct, field

from lambda_pack.errors import UsageError
from lambda_pack.inputs.configuration import SECTIONS, is_section, read_configuration
from lambda_pack.inputs.documents import shown
from lambda_pack.inputs.located import Located, Place, Table
from lambda_pack.inputs.template_names import refuse_template, template_hint
from lambda_pack.inputs.yaml_documents import located, parse_yaml, read_text

__all__ = ["NAMES", "FunctionsFile", "find_functions_file", "read_functions_file"]

NAMES = ("lambda-pack.yml", "lambda-pack.yaml")
"""What the file is called where it is one of its own."""


def _nothing() -> Table:
    return MappingProxyType({})


class FunctionsFile(Struct, frozen=True):
    """What it says, as it stands there. Relative paths in it begin in its own folder."""

    path: Path
    defaults: Table = field(default_factory=_nothing)
    functions: Table = field(default_factory=_nothing)
    layers: Table = field(default_factory=_nothing)

    @property
    def name(self) -> str:
        """The file, for messages."""
        return shown(self.path).as_posix()


def find_functions_file(project: Path) -> Path:
    """The file of a project's folder, or the one that is named itself.

    Raises:
        UsageError: the folder has none, or several; the file is a template.
    """
    if not project.is_dir():
        refuse_template(project)
        return project
    found = [path for name in NAMES if (path := project / name).is_file()]
    pyproject = project / "pyproject.toml"
    if any(is_section(key, value) for key, value in read_configuration(pyproject).items()):
        found.append(pyproject)
    where = repr(shown(project).as_posix())
    if len(found) > 1:
        raise UsageError(f"{where} names functions in {' and in '.join(path.name for path in found)}; keep one of them")
    if not found:
        raise UsageError(
            f"{where} has no {NAMES[0]}, and no functions or layers in [tool.lambda-pack] of a pyproject.toml; write "
            f"one (docs/many-functions.md), or name the file{template_hint(project)}"
        )
    return found[0]


def read_functions_file(path: Path) -> FunctionsFile:
    """What the file says; which options there are is not known here.

    Raises:
        UsageError: it cannot be read, is no YAML or TOML, or names no functions and no layers; with file and line.
    """
    said = _of_pyproject(path) if path.suffix == ".toml" else _of_yaml(path)
    if not said.functions and not said.layers:
        raise UsageError(f"{said.name}: there are no functions and no layers in it; name one")
    return said


def _of_yaml(path: Path) -> FunctionsFile:
    name = shown(path).as_posix()
    node = parse_yaml(read_text(path), name)
    top = located(node, name) if node is not None else Located(None, Place(name), Place(name))
    known = ("defaults", *SECTIONS)
    tables: dict[str, Table] = {}
    for key, value in _table(top, "the file").items():
        if key not in known:
            raise UsageError(f"{value.key}: {key!r} is unknown; the file has {', '.join(known)}")
        tables[key] = _table(value, repr(key))
    return FunctionsFile(path, **tables)


def _of_pyproject(path: Path) -> FunctionsFile:
    if not path.is_file():
        raise UsageError(f"{path.as_posix()!r} does not exist; check the path")
    table, lines = read_configuration(path), _lines(read_text(path))
    top = _from_toml(table, shown(path).as_posix(), lines, way=())
    values = dict(_table(top, "the table"))
    named = [key for key, said in values.items() if is_section(key, said.value)]
    sections = {section: _table(values.pop(section), repr(section)) for section in named}
    return FunctionsFile(path, defaults=values, **sections)


def _table(said: Located, what: str) -> Table:
    match said.value:
        case Mapping():
            return said.value
        case None:
            return _nothing()
        case _:
            raise UsageError(f"{said.place}: {what} holds names with their options below them; write it as a table")


def _from_toml(value: Any, name: str, lines: Mapping[tuple[str, ...], int], *, way: tuple[str, ...]) -> Located:  # noqa: ANN401  # TOML
    """No places come from tomllib: a line is that of the longest part of the way that begins one."""
    ways = (way[:length] for length in range(len(way), -1, -1))
    place = Place(name, next((lines[part] for part in ways if part in lines), None))
    match value:
        case dict():
            value = {key: _from_toml(item, name, lines, way=(*way, key)) for key, item in value.items()}
        case list():
            value = tuple(_from_toml(item, name, lines, way=way) for item in value)
        case bool():
            pass
        case _:
            value = str(value)
    return Located(value, place, place, way)


def _lines(text: str) -> Mapping[tuple[str, ...], int]:
    """The lines in which tables and keys of `[tool.lambda-pack]` begin, by the way to them."""
    found: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), start=1):
        header, key = re.match(r"\s*\[([^\[].*)\]\s*(#.*)?$", line), re.match(r"\s*([^=#\[]+?)\s*=", line)
        if header:
            table = way = _way(header[1])
        elif key:
            way = (*table, *_way(key[1]))
        else:
            continue
        if way[:2] == ("tool", "lambda-pack"):
            found.setdefault(way[2:], number)
    return found


def _way(dotted: str) -> tuple[str, ...]:
    """A dotted key of TOML; empty for what looked like one, inside of a text or a list."""
    try:
        table: Any = tomllib.loads(f"{dotted} = 0")
    except tomllib.TOMLDecodeError:
        return ("",)
    way = []
    while isinstance(table, dict):
        ((key, table),) = table.items()
        way.append(key)
    return tuple(way)
