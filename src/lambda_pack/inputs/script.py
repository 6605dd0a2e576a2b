"""A Python script that says in a comment what it needs (PEP 723)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from lambda_pack.errors import UsageError
from lambda_pack.inputs.documents import parse_toml, shown
from lambda_pack.inputs.manifest import Manifest
from lambda_pack.inputs.pyproject import manifest_of, reading_of
from lambda_pack.inputs.reading import Reading
from lambda_pack.inputs.whole_files import read_whole_text
from lambda_pack.model.selection import Selection

__all__ = ["read_script", "script_manifest"]

# The standard's own expression: https://packaging.python.org/specifications/inline-script-metadata, read 2026-11.
_BLOCK = re.compile(r"(?m)^# /// (?P<type>[a-zA-Z0-9-]+)$\s(?P<content>(^#(| .*)$\s)+)^# ///$")


def read_script(path: Path, selection: Selection, environ: Mapping[str, str]) -> Reading:
    """What the script asks for, to be resolved; lines are those of the script.

    Raises:
        UsageError: it cannot be read, or has no such comment, or more than one.
    """
    reading = reading_of(script_manifest(path), selection, environ)
    return Reading(
        folder=reading.folder,
        written=reading.written,
        name=path.stem,
        requires_python=reading.requires_python,
        sources=reading.sources,
        warnings=reading.warnings,
    )


def script_manifest(path: Path) -> Manifest:
    """Return what the comment of a script says, as a manifest whose lines are those of the script.

    Raises:
        UsageError: it cannot be read, or has no such comment, or more than one.
    """
    name = shown(path).as_posix()
    try:
        text = read_whole_text(path)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{name!r} cannot be read: {error}; name a script in UTF-8") from error
    blocks = [match for match in _BLOCK.finditer(text) if match["type"] == "script"]
    if len(blocks) != 1:
        said = "has no '# /// script' comment" if not blocks else "has more than one '# /// script' comment"
        raise UsageError(f"{name!r} {said}; say in one what the script needs (PEP 723)")
    # Lines before the block stay, so that those of the block keep their numbers.
    before = "\n" * text.count("\n", 0, blocks[0].start("content"))
    block = re.sub(r"(?m)^# ?", "", blocks[0]["content"])
    try:
        content = parse_toml(before + block)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"the '# /// script' comment of {name!r} is not TOML: {error}; correct it") from error
    project = {key: content[key] for key in ("dependencies", "requires-python") if key in content}
    return manifest_of(path, before + block, {"project": project, "tool": content.get("tool", {})})
