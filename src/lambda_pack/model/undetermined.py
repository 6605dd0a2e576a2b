"""Markers whose answer the target does not determine: it turns on the patch level of Python, or on the kernel.

AWS moves the patch level of a runtime on and says nothing about its kernel. Such a marker is decided as said in
`lambda_pack.model.targets`, and a warning names it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import cast

from packaging.markers import InvalidMarker, Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName, canonicalize_name

from lambda_pack.model.locked import Locked, needed
from lambda_pack.model.patch_levels import KNOWN_ON, patch_levels
from lambda_pack.model.targets import Target

__all__ = ["about_locked", "about_marker", "about_requirements", "about_requires_python", "undetermined"]

_PATCH_LEVEL = "the patch level of Python"
_PATCHED = ("python_full_version", "implementation_version")
_KERNEL = ("platform_release", "platform_version")
_NAMES = re.compile("|".join((*_PATCHED, *_KERNEL)))
# One comparison with the kernel, as `str(Marker)` writes it, in either order.
_OPERATOR = r"(?:not in|in|[<>=!~]{1,3})"
_COMPARISON = re.compile(rf'(?:{"|".join(_KERNEL)}) {_OPERATOR} "[^"]*"|"[^"]*" {_OPERATOR} (?:{"|".join(_KERNEL)})')
_ALWAYS, _NEVER = 'os_name != ""', 'os_name == ""'


def undetermined(marker: Marker, target: Target, extras: AbstractSet[str] = frozenset()) -> tuple[str, ...]:
    """What the answer of the marker turns on and the target does not determine; empty where it determines the answer.

    `extras` are those that the marker's package is asked for with.

    >>> undetermined(Marker('python_full_version >= "3.12.9"'), Target.parse("python3.12"))
    ('the patch level of Python',)
    >>> undetermined(Marker('python_full_version >= "3.12"'), Target.parse("python3.12"))
    ()
    """
    text = str(marker)
    if not _NAMES.search(text):
        return ()
    readings = _readings(text)
    levels = patch_levels(text, target.runtime.python, lowest=target.runtime.seen_patch)
    answers = [[_holds(reading, target, version, extras) for version in levels] for reading in readings]
    found = [_PATCH_LEVEL] if any(len(set(row)) > 1 for row in answers) else []
    if any(len(set(column)) > 1 for column in zip(*answers, strict=True)):
        found += [name for name in _KERNEL if name in text]
    return tuple(found)


def _readings(text: str) -> list[Marker]:
    """The marker with every comparison of the kernel true, and with every one false.

    Markers have no negation, so they are monotone: if these two agree, all other readings agree with them.
    """
    if not any(name in text for name in _KERNEL):
        return [Marker(text)]
    try:
        return [Marker(_COMPARISON.sub(answer, text)) for answer in (_ALWAYS, _NEVER)]
    except InvalidMarker:
        return [Marker(text)]


def _holds(marker: Marker, target: Target, version: str, extras: AbstractSet[str]) -> bool:
    environment: dict[str, str | AbstractSet[str]] = dict(cast("dict[str, str]", target.environment))
    environment |= dict.fromkeys(_PATCHED, version)
    environment |= {"extra": extras, "extras": extras, "dependency_groups": frozenset()}
    return marker.evaluate(environment, context="lock_file")


def about_marker(
    marker: Marker | None, where: str, name: str, target: Target, extras: AbstractSet[str] = frozenset()
) -> str | None:
    """What to tell about the marker of `name` that stands `where`; None where the target determines its answer."""
    if marker is None or not (names := undetermined(marker, target, extras)):
        return None
    runtime, version = target.runtime.name, target.runtime.python_full_version
    assumed = (
        f"{version} is assumed, the newest known on {KNOWN_ON}" if _PATCH_LEVEL in names else "it is taken as empty"
    )
    answer = "packed" if _holds(marker, target, version, extras) else "left out"
    return (
        f"{where}: whether {name} is needed depends on {' and '.join(names)} ({str(marker)!r}), which {runtime} does "
        f"not fix; {assumed}, so it is {answer}"
    )


def about_requires_python(name: str, required: SpecifierSet | None, target: Target) -> str | None:
    """What to tell about a Requires-Python that only patch levels beyond the newest known one, or below it, meet."""
    runtime = target.runtime
    if (
        required is None
        or not runtime.admits(required)
        or required.contains(runtime.python_full_version, prereleases=True)
    ):
        return None
    return (
        f"{name} requires Python {required}, and the newest patch level known for {runtime.name} on {KNOWN_ON} is "
        f"{runtime.python_full_version}; check what your function runs on"
    )


def about_requirements(
    roots: Iterable[Requirement], requires: Mapping[NormalizedName, tuple[Requirement, ...]], target: Target
) -> Iterator[str]:
    """What to tell about the markers of what packages require; `requires` holds the packages that are packed."""
    asked: dict[NormalizedName, set[str]] = {}
    for requirement in (*roots, *(child for children in requires.values() for child in children)):
        asked.setdefault(canonicalize_name(requirement.name), set()).update(map(canonicalize_name, requirement.extras))
    for name, children in requires.items():
        extras = frozenset(asked.get(name, ()))
        for child in children:
            if (warning := about_marker(child.marker, name, child.name, target, extras)) is not None:
                yield warning


def about_locked(lock: Locked, target: Target) -> Iterator[str]:
    """What to tell about the markers in a lock, those of its packages and of what they require."""
    groups = lock.extras | lock.groups
    for locked in lock.packages:
        if (
            warning := about_marker(locked.package.marker, "the lock", locked.package.name, target, groups)
        ) is not None:
            yield warning
    if not lock.is_graph:
        return
    reached = needed(lock, target)
    edges = (*lock.entry, *(edge for locked in reached for edge in locked.requires))
    asked = {(canonicalize_name(edge.requirement.name), extra) for edge in edges for extra in edge.requirement.extras}
    requires = {
        locked.package.name: tuple(
            edge.requirement
            for edge in locked.requires
            if edge.extra is None or (locked.package.name, edge.extra) in asked
        )
        for locked in reached
    }
    yield from about_requirements((edge.requirement for edge in lock.entry), requires, target)
