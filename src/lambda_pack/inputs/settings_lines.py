"""Requirements that stand in settings: constraints, overrides and exclusions, in lists or in files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct
from packaging.utils import NormalizedName, canonicalize_name

from lambda_pack.errors import UsageError
from lambda_pack.inputs.index_settings import IndexConfiguration
from lambda_pack.inputs.requirement_line import parse_line
from lambda_pack.inputs.requirements import read_constraints, read_requirements
from lambda_pack.inputs.setting_values import pair
from lambda_pack.model.given import Given
from lambda_pack.model.requirements import Origin, Requested

__all__ = ["SettingsLines", "written_requirements"]


class SettingsLines(Struct, frozen=True):
    """What settings add to the requirements."""

    constraints: tuple[Requested, ...] = ()
    overrides: tuple[Requested, ...] = ()
    excludes: frozenset[NormalizedName] = frozenset()
    build_constraints: tuple[Requested, ...] = ()
    config_settings: tuple[tuple[str, str], ...] = ()


def written_requirements(configuration: IndexConfiguration, folder: Path, environ: Mapping[str, str]) -> SettingsLines:
    """Return the requirements in the settings; relative paths in them begin at the folder.

    Raises:
        UsageError: a line is not a requirement, or a file cannot be read.
    """
    found = configuration.found
    nothing = Given((), "")
    excluded = (
        *_lines(found.get("exclude-dependencies", nothing), folder),
        *read_requirements(configuration.paths("exclude"), environ).requested,
    )
    return SettingsLines(
        constraints=tuple(_lines(found.get("constraint-dependencies", nothing), folder)),
        overrides=(
            *_lines(found.get("override-dependencies", nothing), folder),
            *read_requirements(configuration.paths("override"), environ).requested,
        ),
        excludes=frozenset(canonicalize_name(line.name) for line in excluded if line.name),
        build_constraints=(
            *_lines(found.get("build-constraint-dependencies", nothing), folder),
            *read_constraints(configuration.paths("build-constraint"), environ),
        ),
        config_settings=tuple(pair(text, "config-settings") for text in found.get("config-settings", nothing).values),
    )


def _lines(given: Given, folder: Path) -> Iterator[Requested]:
    file, _, line = given.source.rpartition(":")
    origin = Origin(file, int(line)) if line.isdigit() else Origin(given.source, 1)
    for text in given.values:
        for found in parse_line(text, origin=origin, folder=folder):
            if not isinstance(found, Requested) or found.name is None:
                raise UsageError(f"{origin}: {text!r} is not a requirement with a name; write one as PEP 508 has it")
            yield found
