"""Warnings about settings of pip and uv that matter and are not heeded, each with its file or variable."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from lambda_pack.inputs.known_pip import PIP_OPTIONS
from lambda_pack.inputs.known_settings import KnownSettings, Treatment
from lambda_pack.inputs.known_uv import UV_INDEX_KEYS, UV_KEYS, UV_PIP_KEYS, UV_VARIABLES
from lambda_pack.inputs.pip_settings import written_options
from lambda_pack.inputs.uv_project import UvTable
from lambda_pack.inputs.uv_settings import uv_files

__all__ = ["unheeded_settings"]

_NO = frozenset({"", "0", "n", "no", "f", "false", "off", "disabled"})


def unheeded_settings(environ: Mapping[str, str], tables: Sequence[UvTable], *, home: Path) -> tuple[str, ...]:
    """Return one warning for each setting that matters and is not heeded; `tables` are those of the project.

    Raises:
        UsageError: a file of settings cannot be read.
    """
    user = (UvTable(path, text, content) for path, text, content in uv_files(environ, home=home))
    found = (*_of_pip(environ, home), *_of_variables(environ), *(text for one in (*tables, *user) for text in _of(one)))
    return tuple(dict.fromkeys(found))


def _of_pip(environ: Mapping[str, str], home: Path) -> Iterator[str]:
    for name, text, source in written_options(environ, home=home):
        if text.strip().lower() not in _NO:
            yield from _warning(PIP_OPTIONS, name, source, known_only=True)


def _of_variables(environ: Mapping[str, str]) -> Iterator[str]:
    for name in sorted(environ):
        if name in UV_VARIABLES and environ[name].strip().lower() not in _NO:
            yield from _warning(UV_VARIABLES, name, "the environment", known_only=True)


def _of(table: UvTable) -> Iterator[str]:
    if table.problem is not None:
        yield f"uv's settings are not read: {table.problem}"
    parts: list[tuple[KnownSettings, object]] = [(UV_KEYS, table.content), (UV_PIP_KEYS, table.content.get("pip"))]
    rows = table.content.get("index")
    parts += [(UV_INDEX_KEYS, row) for row in rows] if isinstance(rows, list) else []
    for known, content in parts:
        for key, value in content.items() if isinstance(content, Mapping) else ():
            # `false` asks for nothing, but for an index that is to be left out of a cooldown.
            if value not in ([], {}, "") and (value is not False or known is UV_INDEX_KEYS):
                yield from _warning(known, key, table.source(key), known_only=False)


def _warning(known: KnownSettings, name: str, source: str, *, known_only: bool) -> Iterator[str]:
    setting = known.get(name)
    if setting is None and not known_only:
        yield f"{source}: lambda-pack does not know uv's setting {name!r}, so it is not heeded"
    elif setting is not None and setting.treatment is Treatment.WARNED:
        yield f"{source}: {name} is not heeded: {setting.why}"
