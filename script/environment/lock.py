"""Reads requirements.lock: names, versions and hashes of the packages of one part."""

from __future__ import annotations

import re
import sys
from typing import NamedTuple

__all__ = ["Package", "UnknownMarkerError", "part_text", "read_packages"]

_PACKAGE = re.compile(r"^(?P<name>[\w.-]+)==(?P<version>[^\s;\\]+)(?P<rest>.*\n?(?:[ \t].*\n?)*)", re.MULTILINE)
_MARKER = re.compile(r"\s*;\s*sys_platform\s*(==|!=)\s*['\"](\w+)['\"]\s*(\\|--hash|#|$)")


class UnknownMarkerError(Exception):
    """The lock has a marker that only packaging could evaluate."""


class Package(NamedTuple):
    """A pinned package; `digests` are the SHA-256 (hex) of all files that the lock allows."""

    name: str
    version: str
    digests: frozenset[str]


def part_text(lock: str, part: str) -> str:
    """Return the lines of one part of a lock; a lock without parts is "core" alone."""
    sections = re.split(r"^# part: (\w+)[ \t]*\n", lock, flags=re.MULTILINE)
    if len(sections) == 1:
        return lock if part == "core" else ""
    return dict(zip(sections[1::2], sections[2::2], strict=True)).get(part, "")


def read_packages(text: str) -> tuple[Package, ...]:
    """Return the packages that these lines name for this platform.

    Raises:
        UnknownMarkerError: a marker is more than a comparison of `sys_platform`.
    """
    packages = []
    for match in _PACKAGE.finditer(text):
        name, version, rest = match["name"].lower().replace("_", "-"), match["version"], match["rest"]
        first = rest.partition("\n")[0]
        if ";" in first:
            marker = _MARKER.match(first)
            if marker is None:
                raise UnknownMarkerError(f"{name} has the marker {first.strip(' ;')!r}")
            if (sys.platform == marker[2]) != (marker[1] == "=="):
                continue
        packages.append(Package(name, version, frozenset(re.findall(r"--hash=sha256:([0-9a-f]{64})", rest))))
    return tuple(packages)
