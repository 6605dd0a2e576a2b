"""Poetry's own words for versions, `^1.2` and `~1.2` and `||`, in the standard's.

Facts: poetry's documentation, "Dependency specification", read 2026-11.
"""

from __future__ import annotations

import re

from packaging.markers import Marker
from packaging.specifiers import InvalidSpecifier, Specifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from lambda_pack.errors import UsageError

__all__ = ["alternatives", "locked_marker", "python_marker"]

_PART = re.compile(r"(?P<operator>===|==|!=|~=|>=|<=|>|<|\^|~|=)?\s*(?P<version>[^\s,|<>=!~^]+)")


def alternatives(constraint: str) -> tuple[SpecifierSet, ...]:
    """The sets of versions of which any will do.

    >>> [str(one) for one in alternatives("^1.2.3 || ~3.1")]
    ['<2,>=1.2.3', '<3.2,>=3.1']
    >>> [str(one) for one in alternatives("*")]
    ['']

    Raises:
        UsageError: it is not a constraint.
    """
    return tuple(_specifiers(part) for part in re.split(r"\|\|?", constraint))


def locked_marker(text: str) -> Marker:
    """A marker as poetry writes it into a lock: `<empty>` is one that never holds (`EmptyMarker` of poetry-core 2.5).

    >>> str(locked_marker("<empty>"))
    'sys_platform == ""'
    """
    return Marker('sys_platform == ""' if text == "<empty>" else text)


def python_marker(constraint: str) -> Marker | None:
    """The same about Python itself, as a marker; None where every version will do.

    >>> str(python_marker(">=3.9,<4.0"))
    'python_full_version < "4.0" and python_full_version >= "3.9"'
    """
    sets = alternatives(constraint)
    if any(not len(one) for one in sets):
        return None
    said = (
        " and ".join(f'python_full_version {one.operator} "{one.version}"' for one in _sorted(part)) for part in sets
    )
    joined = " or ".join(f"({text})" if len(sets) > 1 else text for text in said)
    return Marker(joined)


def _sorted(specifiers: SpecifierSet) -> list[Specifier]:
    return sorted(specifiers, key=str)


def _specifiers(text: str) -> SpecifierSet:
    rest = _PART.sub("", text).replace(",", "").strip()
    if rest or not text.strip():
        raise UsageError(f"{text!r} is not a version constraint; write one such as '^1.2' or '>=1.2,<2'")
    try:
        said = (_translated(match["operator"] or "", match["version"]) for match in _PART.finditer(text))
        return SpecifierSet(",".join(filter(None, said)))
    except (InvalidSpecifier, InvalidVersion) as error:
        raise UsageError(f"{text!r} is not a version constraint: {error}; correct it") from error


def _translated(operator: str, version: str) -> str:
    match operator:
        case "^":
            return f">={version},<{_next(version, _caret_position(Version(version)))}"
        case "~":
            return f">={version},<{_next(version, min(1, len(Version(version).release) - 1))}"
        case "" | "=":
            return "" if version == "*" else f"=={version}"
        case _:
            return operator + version


def _caret_position(version: Version) -> int:
    """The place of the number that may not change: the first that is not zero, or the last that was written."""
    release = version.release
    return next((place for place, number in enumerate(release) if number), len(release) - 1)


def _next(version: str, position: int) -> str:
    """The version in which the number at a position is one higher.

    >>> _next("1.2.3", 1)
    '1.3'
    """
    release = Version(version).release
    return ".".join(map(str, (*release[:position], release[position] + 1)))
