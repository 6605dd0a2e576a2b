"""Requirements that point at source; those whose code must not run never reach a resolver, and come back as unmet."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from msgspec.structs import replace
from packaging.utils import InvalidSdistFilename, NormalizedName, canonicalize_name, parse_sdist_filename

from lambda_pack.model.packages import ARCHIVE_SUFFIXES, Checkout, Folder, Pin, Sdist, Source
from lambda_pack.model.requirements import Requested, Requirements
from lambda_pack.model.urls import filename_of, path_of

__all__ = ["direct_source", "forbidden_sources", "source_at", "without_forbidden"]


def without_forbidden(requirements: Requirements) -> Requirements:
    """The requirements that a resolver may see: it would ask the others' code for their metadata."""
    kept = tuple(line for line in requirements.requested if _forbidden(line, requirements) is None)
    return replace(requirements, requested=kept)


def forbidden_sources(requirements: Requirements) -> tuple[Source, ...]:
    """What the other lines point at, each refused with its reason; a name that nobody wrote is taken from the place."""
    found = (_forbidden(line, requirements) for line in requirements.requested)
    return tuple(source for source in found if source is not None)


def _forbidden(line: Requested, requirements: Requirements) -> Source | None:
    source = direct_source(line, requirements.folder) if requirements.files.building.is_limited else None
    refusal = requirements.files.building.refusal(source.pin.name) if source is not None else None
    return replace(source, refused=refusal) if source is not None and refusal else None


def direct_source(line: Requested, folder: Path) -> Source | None:
    """Return the source that a line names by its place; None where it names a version, or a wheel.

    Relative paths begin at `folder`. Where the line has no name it is guessed from the place.
    """
    url = line.requirement.url if line.requirement else line.url
    if not url or urlsplit(url).path.endswith(".whl"):
        return None
    absolute = url if len(urlsplit(url).scheme) > 1 else (folder / url).resolve().as_uri()
    return source_at(absolute, line.name)


def source_at(url: str, known: NormalizedName | None) -> Source:
    """Return the source at an absolute URL, with its name where it is `known`."""
    plain, _, fragment = url.partition("#")
    inner = parse_qs(fragment).get("subdirectory", [None])[0]
    name = filename_of(plain).removesuffix(".git")
    pin = Pin(known or canonicalize_name(inner or name.partition("@")[0].removesuffix(".git")), None)
    system, plus, rest = plain.partition("+")
    if plus and "/" not in system:
        place, at, revision = rest.rpartition("@")
        # In `ssh://git@host/a` the last '@' belongs to the login.
        is_revision = bool(at) and "/" not in revision
        return Checkout(pin, system, place if is_revision else rest, revision if is_revision else "HEAD", inner)
    if plain.endswith(ARCHIVE_SUFFIXES):
        return Sdist(_pin_of(filename_of(plain), pin), filename_of(plain), plain, is_exact=True, subdirectory=inner)
    return Folder(pin, str(path_of(plain)), inner)


def _pin_of(filename: str, fallback: Pin) -> Pin:
    try:
        return Pin(*parse_sdist_filename(filename))
    except InvalidSdistFilename:
        return fallback
