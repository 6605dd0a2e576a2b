"""The system libraries that a wheel built here would load, copied while they are at hand."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from msgspec import Struct

from lambda_pack.tools.process import run

__all__ = ["INSIDE", "Library", "collect_libraries", "read_libraries"]

INSIDE = Path(__file__).with_name("inside.py")
"""The script that does what must be done where the build was."""


class Library(Struct, frozen=True):
    """A library by the name that loaders look for; `file` is the copy, `licence` the copy of its licence."""

    name: str
    path: str
    package: str | None
    file: Path
    licence: Path | None


def collect_libraries(wheel: Path, folder: Path, *, interpreter: Path, environment: Mapping[str, str]) -> Path | None:
    """The folder with the copies; None where the system cannot say what it would load (it has no `ldd`)."""
    place = folder / "libraries"
    place.mkdir(exist_ok=True)
    settings = folder / "libraries-settings.json"
    settings.write_text(json.dumps({"wheel": str(wheel), "folder": str(place)}), encoding="utf-8")
    ended = run([str(interpreter), "-I", str(INSIDE), "libraries", str(settings)], environment=environment)
    return place if ended.status == 0 else None


def read_libraries(folder: Path | None) -> Iterable[Library]:
    """What was collected."""
    index = folder / "libraries.json" if folder else None
    if folder is None or index is None or not index.is_file():
        return
    for row in json.loads(index.read_text(encoding="utf-8")):
        licence = folder / row["licence"] if row["licence"] else None
        yield Library(row["name"], row["path"], row["package"], folder / row["name"], licence)
