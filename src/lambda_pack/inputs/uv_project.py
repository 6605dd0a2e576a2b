"""uv's settings that belong to a project: `uv.toml` in its folder or above, else `[tool.uv]`, or those of a script.

Facts: uv's documentation, "Configuration files", and uv 0.13.8, run on 2026-11-28: the nearest folder, from the
project's up, with a `uv.toml` or a `[tool.uv]` counts alone, and `uv.toml` hides the `[tool.uv]` beside it. Constraints
and overrides are taken from the manifest all the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from lambda_pack.errors import UsageError
from lambda_pack.inputs.documents import line_of, read_toml, shown
from lambda_pack.inputs.resolution_settings import LINES
from lambda_pack.inputs.script import script_manifest
from lambda_pack.inputs.setting_values import truth
from lambda_pack.inputs.uv_settings import indexes_of, options_of
from lambda_pack.inputs.whole_files import read_whole_text
from lambda_pack.inputs.workspaces import workspace_root
from lambda_pack.model.given import Given, GivenSettings

__all__ = ["UvTable", "project_settings", "uv_tables"]


class UvTable(Struct, frozen=True):
    """Settings of uv's: the `content` of a `uv.toml`, or of a `[tool.uv]` that begins at a `line` of its file.

    `is_manifest` says that it stands in a manifest, and `has_indexes` that its `[[index]]` tables are read here: those
    of a manifest that is packed are read with its sources. A manifest that cannot be read has no content, and a
    `problem` in its place.
    """

    path: Path
    text: str
    content: Mapping[str, Any]
    line: int = 1
    is_manifest: bool = False
    has_indexes: bool = False
    problem: str | None = None

    def source(self, key: str) -> str:
        """Return the file and the line where a setting stands."""
        begin = "\n" * (self.line - 1) + self.text.split("\n", self.line - 1)[-1]
        line = line_of(begin, rf"(?<![\w-]){re.escape(key)}(?![\w-])")
        return f"{shown(self.path).as_posix()}:{line}"


def uv_tables(inputs: Sequence[Path], folder: Path, environ: Mapping[str, str]) -> tuple[UvTable, ...]:
    """Return the project's settings of uv, the loudest first: a script's own, then those found from the folder up.

    Raises:
        UsageError: a file cannot be read.
    """
    first = next(iter(inputs), folder)
    tables = []
    if first.suffix == ".py" and first.is_file():
        manifest = script_manifest(first)
        content = manifest.content.get("tool", {}).get("uv", {})
        tables.append(UvTable(first, manifest.text, content, is_manifest=True))
    if not _is_off(environ):
        is_plain = first.is_file() and first.suffix not in {".py", ".toml", ".lock"}
        found = _discovered(folder.absolute())
        tables += (replace(table, has_indexes=is_plain or not table.is_manifest) for table in found)
    return tuple(table for table in tables if table.content or table.problem)


def project_settings(tables: Sequence[UvTable], environ: Mapping[str, str]) -> GivenSettings:
    """Return what the tables say, by pip's long option names and uv's own; the first one is the loudest.

    Raises:
        UsageError: a value is of no kind that uv takes.
    """
    settings: dict[str, Given] = {}
    for number, table in reversed(tuple(enumerate(tables))):
        found = dict(_given(table, environ))
        if number and any(one.is_manifest for one in tables[:number]):
            # Requirements in settings belong to the manifest that they stand in.
            found = {name: given for name, given in found.items() if name not in LINES}
        settings.update(found)
    return settings


def _given(table: UvTable, environ: Mapping[str, str]) -> Iterator[tuple[str, Given]]:
    pip = table.content.get("pip")
    merged = {**table.content, **(pip if isinstance(pip, dict) else {})}
    try:
        options = dict(options_of(merged, table.path.absolute().parent))
        options |= indexes_of(merged.get("index"), environ) if table.has_indexes else {}
    except UsageError as error:
        raise UsageError(f"{table.source('tool.uv')}: {error}") from error
    for name, values in options.items():
        if values:
            yield name, Given(values, table.source(_KEYS.get(name, name)))


# Settings whose name here is not the key in the file.
_KEYS = {"pre": "prerelease", "only-final": "prerelease", "all-releases": "prerelease-package"} | {
    "only-final-package": "prerelease-package",
    "only-binary": "no-build",
    "trusted-host": "allow-insecure-host",
    "extra-index-url": "index",
}


def _is_off(environ: Mapping[str, str]) -> bool:
    switch = environ.get("UV_NO_CONFIG")
    return bool(environ.get("UV_CONFIG_FILE")) or bool(
        switch and truth(Given((switch,), "UV_NO_CONFIG"), "UV_NO_CONFIG")
    )


def _discovered(folder: Path) -> Iterator[UvTable]:
    try:
        begin = workspace_root(folder) or folder
    except UsageError:
        # The file that cannot be read is met again below.
        begin = folder
    for parent in (begin, *begin.parents):
        try:
            manifest = _manifest(parent / "pyproject.toml")
        except UsageError as error:
            # As in uv, the manifest of some folder above is no reason to stop.
            manifest = None
            yield UvTable(parent / "pyproject.toml", "", {}, problem=str(error))
        if (parent / "uv.toml").is_file():
            path = parent / "uv.toml"
            yield UvTable(path, path.read_text("utf-8"), read_toml(path, what_now="correct it"))
            if manifest is not None:
                lines = {name: manifest.content[name] for name in LINES if name in manifest.content}
                yield UvTable(manifest.path, manifest.text, lines, manifest.line, is_manifest=True)
            return
        if manifest is not None:
            yield manifest
            return


def _manifest(path: Path) -> UvTable | None:
    if not path.is_file():
        return None
    tool = read_toml(path, what_now="correct it").get("tool", {})
    content = tool.get("uv") if isinstance(tool, dict) else None
    if not isinstance(content, dict):
        return None
    text = read_whole_text(path)
    return UvTable(path, text, content, line_of(text, r"^\s*\[+tool\.uv"), is_manifest=True)
