"""Requirements as the text that pip and uv both read; options that they spell differently stay out of it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from lambda_pack.model.exclusions import NO_EXCLUSIONS, Exclusions
from lambda_pack.model.requirements import Requested, Requirements
from lambda_pack.model.urls import path_of

__all__ = ["build_constraints_text", "constraints_text", "overrides_text", "requirements_text"]


def requirements_text(requirements: Requirements, *, hashes: bool, config_settings: bool = False) -> str:
    """One line for each requirement, in the user's order; local paths are absolute.

    `hashes` adds the digests (uv drops them; one is enough to make pip demand them for all), `config_settings` adds
    pip's own option (uv rejects it in a file). URLs keep their credentials: the file is for private folders.
    """
    return _lines(requirements.requested, requirements.folder, hashes=hashes, config_settings=config_settings)


def constraints_text(
    requirements: Requirements, exclusions: Exclusions = NO_EXCLUSIONS, *, hashes: bool = False
) -> str:
    r"""Return the user's constraints, then one line for each local project, and for each package with exclusions.

    `!=2.8.0` excludes every local variant of 2.8.0, too (PEP 440); `!=2.8.0+cpu` only that one. Under the URL of its
    folder a local project answers every requirement on its name, whichever package asks for it; it is read only where
    one does (seen with uv 0.13 and pip 26.3).

    >>> from pathlib import Path
    >>> from lambda_pack.model.packages import Pin
    >>> pins = frozenset({Pin.parse("numpy", "2.2.6"), Pin.parse("numpy", "2.3.0")})
    >>> constraints_text(Requirements(Path("/x")), Exclusions(pins))
    'numpy!=2.3.0,!=2.2.6\n'
    """
    excluded = "".join(
        f"{name}{','.join(f'!={version}' for version in versions)}\n"
        for name in sorted(exclusions.names)
        if (versions := exclusions.versions(name))
    )
    local = "".join(
        f"{folder.pin.name} @ {_absolute(folder.path, requirements.folder)}\n" for folder in requirements.local
    )
    own = _lines(requirements.constraints, requirements.folder, hashes=hashes, config_settings=False)
    return own + local + excluded


def build_constraints_text(requirements: Requirements) -> str:
    """What limits the requirements of builds, one line each."""
    return _lines(requirements.build_constraints, requirements.folder, hashes=False, config_settings=False)


def overrides_text(requirements: Requirements) -> str:
    """Return what takes the place of the requirements of the same names, one line each."""
    return _lines(requirements.overrides, requirements.folder, hashes=False, config_settings=False)


def _lines(lines: tuple[Requested, ...], folder: Path, *, hashes: bool, config_settings: bool) -> str:
    text = []
    for line in lines:
        options: list[str] = []
        if hashes:
            options += [f"--hash={algorithm}:{digest}" for algorithm, digest in line.hashes]
        if config_settings:
            options += [f"--config-settings={shlex.quote(f'{key}={value}')}" for key, value in line.config_settings]
        text.append(" ".join((_line(line, folder), *options)) + "\n")
    return "".join(text)


def _line(line: Requested, folder: Path) -> str:
    if line.requirement and not line.requirement.url:
        return str(line.requirement)
    return " ".join(_parts(line, folder))


def _parts(line: Requested, folder: Path) -> Iterator[str]:
    """`name[extras] @ url ; marker`, or what stands for it where nobody wrote a name."""
    requirement = line.requirement
    if requirement and requirement.url:
        marker = str(requirement.marker or "")
        yield f"{requirement.name}{_bracketed(requirement.extras)} @ {_absolute(requirement.url, folder)}"
    else:
        marker = str(line.marker or "")
        yield _unnamed(_absolute(line.url or "", folder), line.extras)
    if marker:
        yield f"; {marker}"


def _unnamed(url: str, extras: frozenset[str]) -> str:
    parts = urlsplit(url)
    if extras and parts.scheme == "file":
        # pip looks for extras behind paths only, never behind URLs.
        return str(path_of(url)) + _bracketed(extras)
    return url + _bracketed(extras)


def _bracketed(extras: set[str] | frozenset[str]) -> str:
    return f"[{','.join(sorted(extras))}]" if extras else ""


def _absolute(url: str, folder: Path) -> str:
    """The URL itself, or the `file:` URL of a path."""
    # A scheme of one letter is a Windows drive.
    if len(urlsplit(url).scheme) > 1:
        return url
    return (folder / url).resolve().as_uri()
