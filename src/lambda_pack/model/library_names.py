"""The names of libraries: what two of them have in common, and which belong to other systems."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["is_elsewhere_by_name", "is_named", "library_stem"]

_ENDING = re.compile(r"\.so(?:\.[\w.]+)?\Z")
# What tools and packages add to a name: auditwheel's hash, a machine, a version.
_ADDED = r"(?:[-_.](?:[0-9a-f]{8}|x86_64|aarch64|arm64|amd64|linux\w*|v?\d[\d.]*))*"

_ELSEWHERE = re.compile(
    r"\.(?:dylib|dll|framework|bundle|sys|ocx)\b|\.framework/|\\|\Amsvcr|\Aucrt|\Aapi-ms-", re.IGNORECASE
)
# Frameworks of macOS, and libraries of Windows, that code names without an ending.
_WITHOUT_ENDING: Final = frozenset(
    [
        "advapi32",
        "appkit",
        "applicationservices",
        "audiotoolbox",
        "bcrypt",
        "carbon",
        "cfgmgr32",
        "cocoa",
        "coreaudio",
        "corefoundation",
        "coregraphics",
        "coreservices",
        "coretext",
        "crypt32",
        "foundation",
        "gdi32",
        "imageio",
        "iokit",
        "kernel32",
        "metal",
        "ntdll",
        "objc",
        "ole32",
        "oleaut32",
        "quartz",
        "quartzcore",
        "secur32",
        "security",
        "setupapi",
        "shell32",
        "systemconfiguration",
        "uikit",
        "user32",
        "winmm",
        "ws2_32",
    ]
)


def library_stem(name: str) -> str:
    """Return what the names of one library have in common.

    >>> [library_stem(name) for name in ("libcairo.so.2", "cairo", "libcairo.so")]
    ['cairo', 'cairo', 'cairo']
    """
    return _ENDING.sub("", name).removeprefix("lib")


def is_named(filename: str, name: str) -> bool:
    """Return whether a file has a library's name, or one that tools or packages made of it.

    >>> is_named("libzbar-1f2e3d4c.so.0.3.0", "zbar"), is_named("libsndfile_x86_64.so", "libsndfile.so")
    (True, True)
    >>> is_named("libvips-cpp.so.42", "libvips.so.42")
    False
    """
    pattern = rf"(?:lib)?{re.escape(library_stem(name))}{_ADDED}\.so(?:\.[\w.]+)?"
    return re.fullmatch(pattern, filename) is not None


def is_elsewhere_by_name(name: str) -> bool:
    """Return whether a library is one of Windows or macOS, as its name says.

    >>> [is_elsewhere_by_name(name) for name in ("libmagic.dylib", "kernel32", "libmagic.so.1")]
    [True, True, False]
    """
    return _ELSEWHERE.search(name) is not None or name.lower() in _WITHOUT_ENDING
