"""Requirements as the text that pip and uv both read; options that they spell differently stay out of it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from packaging.utils import NormalizedName
from packaging.version import Version

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
    requirements: Requirements, at_most: Mapping[NormalizedName, Version], *, hashes: bool = False
) -> str:
    r"""The user's constraints, then one line for each package that must not be newer than a version.

    >>> from pathlib import Path
    >>> from packaging.utils import canonicalize_name
    >>> constraints_text(Requirements(Path("/x")), {canonicalize_name("numpy"): Version("2.2.6")})
    'numpy<=2.2.6\n'
    """
    held = "".join(
        # A local version cannot stand behind `<=`; the public one allows every local variant of it.
        f"{name}<={version.public}\n"
        for name, version in sorted(at_most.items())
    )
    return _lines(requirements.constraints, requirements.folder, hashes=hashes, config_settings=False) + held


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
