"""Requirements that point at source whose code must not run: they never reach a resolver, and come back as unmet."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

from msgspec.structs import replace
from packaging.utils import InvalidSdistFilename, canonicalize_name, parse_sdist_filename

from lambda_pack.model.packages import ARCHIVE_SUFFIXES, Checkout, Folder, Pin, Sdist, Source
from lambda_pack.model.requirements import Requested, Requirements
from lambda_pack.model.urls import filename_of, path_of

__all__ = ["forbidden_sources", "without_forbidden"]


def without_forbidden(requirements: Requirements) -> Requirements:
    """The requirements that a resolver may see: it would ask the others' code for their metadata."""
    kept = tuple(line for line in requirements.requested if _forbidden(line, requirements) is None)
    return replace(requirements, requested=kept)


def forbidden_sources(requirements: Requirements) -> tuple[Source, ...]:
    """What the other lines point at, each refused with its reason; a name that nobody wrote is taken from the place."""
    found = (_forbidden(line, requirements) for line in requirements.requested)
    return tuple(source for source in found if source is not None)


def _forbidden(line: Requested, requirements: Requirements) -> Source | None:
    url = line.requirement.url if line.requirement else line.url
    if not requirements.files.building.is_limited or not url or urlsplit(url).path.endswith(".whl"):
        return None
    absolute = url if len(urlsplit(url).scheme) > 1 else (requirements.folder / url).resolve().as_uri()
    source = _source(absolute, line)
    refusal = requirements.files.building.refusal(source.pin.name)
    return replace(source, refused=refusal) if refusal else None


def _source(url: str, line: Requested) -> Source:
    plain, _, fragment = url.partition("#")
    inner = parse_qs(fragment).get("subdirectory", [None])[0]
    name = filename_of(plain).removesuffix(".git")
    pin = Pin(line.name or canonicalize_name(inner or name.partition("@")[0].removesuffix(".git")), None)
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
