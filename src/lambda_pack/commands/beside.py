"""What is known of an archive by the report beside it, or by its file name."""

from __future__ import annotations

import json
from pathlib import Path

from msgspec import Struct

from lambda_pack.errors import UsageError
from lambda_pack.model.targets import GLUE_RUNTIMES, RUNTIMES, Target
from lambda_pack.ports import Narrator

__all__ = ["Known", "known_of", "report_beside"]


class Known(Struct, frozen=True):
    """Name and target of a bundle, None where nobody says; its packages by name and version."""

    name: str | None
    target: Target | None
    packages: tuple[tuple[str, str], ...] = ()


def report_beside(archive: Path) -> Path:
    """Where `pack` writes the report of an archive."""
    return archive.with_name(f"{_stem(archive)}.report.json")


def _stem(archive: Path) -> str:
    """The name without what says that it is a zip, or a zip of wheels."""
    return archive.name.removesuffix(".zip").removesuffix(".gluewheels")


def known_of(path: Path, digest: str, narrator: Narrator) -> Known:
    """By the report, where there is one about these very bytes; `digest` is their SHA-256. Else by the file's name."""
    return _from_report(path, digest, narrator) or _from_file_name(path)


def _from_report(path: Path, digest: str, narrator: Narrator) -> Known | None:
    beside = report_beside(path)
    if not beside.is_file():
        return None
    try:
        document = json.loads(beside.read_text("utf-8"))
        if document["archive"]["sha256"] == digest:
            target = document["target"]
            packages = tuple((str(one["name"]), str(one["version"])) for one in document["packages"])
            return Known(str(document["name"]), Target.parse(target["runtime"], target["architecture"]), packages)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, UsageError):
        narrator.warn(f"{str(beside)!r} is not a report that can be read; name and target are taken from the file name")
        return None
    narrator.warn(f"{str(beside)!r} is about another archive; name and target are taken from the file name")
    return None


def _from_file_name(path: Path) -> Known:
    """NAME-RUNTIME-ARCHITECTURE.zip, as `pack` writes it; the runtime of Glue for Ray has a dash in its name."""
    rest, _, architecture = _stem(path).rpartition("-")
    for runtime in (*RUNTIMES, *GLUE_RUNTIMES):
        name = rest.removesuffix(f"-{runtime}")
        if name and name != rest:
            try:
                return Known(name, Target.parse(runtime, architecture))
            except UsageError:
                break
    return Known(None, None)
