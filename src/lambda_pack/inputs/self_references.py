"""Requirements of a project on itself (`all = ["my-app[a]"]`), resolved inside its manifest.

An index is never asked for the project's own name: a stranger's package of that name would be packed in its place.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from msgspec.structs import replace
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from lambda_pack.errors import UsageError
from lambda_pack.model.input_limits import INCLUDED_EXTRAS
from lambda_pack.model.requirements import Requested
from lambda_pack.model.urls import path_of

__all__ = ["SelfReferences"]


class SelfReferences:
    """Replaces each requirement of a project on itself by what it stands for: its dependencies and those of extras."""

    def __init__(
        self,
        name: str | None,
        folder: Path,
        *,
        version: Version | None,
        main: tuple[Requested, ...],
        extras: Mapping[NormalizedName, tuple[Requested, ...]],
    ) -> None:
        """`name` is the project's in any spelling, `folder` where it is, `main` and `extras` what it asks for.

        `version` is None where it is not known without a build: requirements on the project are then taken as met.
        """
        self._name = canonicalize_name(name) if name else None
        self._folder = folder.absolute()
        self._version = version
        self._main, self._extras = main, extras

    def resolved(self, lines: Iterable[Requested]) -> tuple[Requested, ...]:
        """The lines, none of them on the project itself; markers on the way apply to what was reached through them.

        Raises:
            UsageError: a line names an extra of the project that it does not have, or asks for another version of it.
        """
        return tuple(dict.fromkeys(self._resolved(lines, None, frozenset(), set())))

    def extras_in(self, lines: Iterable[Requested]) -> frozenset[NormalizedName]:
        """Return the project's extras that these lines ask for, also through other extras, whatever their markers."""
        found: set[NormalizedName] = set()
        waiting = [*lines, *self._main]
        while waiting:
            line = waiting.pop()
            named = map(canonicalize_name, _extras_of(line)) if self.is_own(line) else ()
            for extra in named:
                if extra not in found:
                    found.add(extra)
                    waiting += self._extras.get(extra, ())
        return frozenset(found)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What to tell about main dependencies on the project itself, which may be meant for a package of that name."""
        return tuple(
            f"{line.origin}: {line.name!r} is the project's own name, so it stands for the project and no index is "
            "asked for it; rename the project to pack a package of that name"
            for line in self._main
            if self.is_own(line) and not _extras_of(line)
        )

    def _resolved(
        self,
        lines: Iterable[Requested],
        marker: Marker | None,
        within: frozenset[str],
        known: set[tuple[str, str]],
    ) -> Iterator[Requested]:
        """Yield the lines; `within` are the extras on the way, `known` those that were followed, each with its marker.

        What an extra leads to under one marker is followed once.
        """
        for line in lines:
            if not self.is_own(line):
                yield _narrowed(line, marker)
                continue
            self._check_version(line)
            narrowed = _both(marker, _marker_of(line))
            # The empty name stands for the main dependencies. Extras may include each other in a circle.
            if "" not in within:
                yield from self._resolved(self._main, narrowed, within | {""}, known)
            for extra in sorted(map(canonicalize_name, _extras_of(line))):
                if extra not in self._extras:
                    raise UsageError(
                        f"{line.origin}: {str(line)!r} names an extra that the project does not have; "
                        f"{_listed(self._extras)}"
                    )
                if extra not in within and (extra, str(narrowed)) not in known:
                    known.add((extra, str(narrowed)))
                    if len(known) > INCLUDED_EXTRAS.most:
                        raise UsageError(f"{line.origin}: what the extras include {INCLUDED_EXTRAS.refusal()}")
                    yield from self._resolved(self._extras[extra], narrowed, within | {extra}, known)

    def _check_version(self, line: Requested) -> None:
        specifier = line.requirement.specifier if line.requirement else None
        if specifier and self._version and not specifier.contains(self._version, prereleases=True):
            raise UsageError(
                f"{line.origin}: {str(line)!r} asks for another version than the project's own, {self._version}; "
                "change one of them, or rename the project where another package is meant"
            )

    def is_own(self, line: Requested) -> bool:
        """Whether the line asks for the project itself, by its name or by its folder."""
        url = line.requirement.url if line.requirement else line.url
        if url:
            return urlsplit(url).scheme == "file" and _place(url) == self._folder
        return self._name is not None and line.name == self._name


def _place(url: str) -> Path:
    # pdm's `file:///${PROJECT_ROOT}` has a slash more than it needs, which `normpath` keeps where it stands first.
    return Path(os.path.normpath(re.sub("^/+", "/", path_of(url.partition("#")[0]).as_posix())))


def _listed(extras: Iterable[str]) -> str:
    names = ", ".join(sorted(extras))
    return f"choose one of: {names}" if names else "it has no extras"


def _extras_of(line: Requested) -> frozenset[str]:
    return frozenset(line.requirement.extras) if line.requirement else line.extras


def _marker_of(line: Requested) -> Marker | None:
    return line.requirement.marker if line.requirement else line.marker


def _both(first: Marker | None, second: Marker | None) -> Marker | None:
    if first is None or second is None or first == second:
        return first or second
    return Marker(f"({first}) and ({second})")


def _narrowed(line: Requested, marker: Marker | None) -> Requested:
    """The line, under this marker beside its own."""
    if marker is None:
        return line
    if line.requirement is None:
        return replace(line, marker=_both(marker, line.marker))
    requirement = Requirement(str(line.requirement))
    requirement.marker = _both(marker, line.requirement.marker)
    return replace(line, requirement=requirement)
