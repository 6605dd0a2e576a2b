"""What Lambda takes, in bytes (AWS Lambda quotas, read 2026-11-21), and how long we wait for a bundle to load."""

from __future__ import annotations

__all__ = ["LOADING_TIME", "MOST_LAYERS", "UNZIPPED_LIMIT", "ZIPPED_LIMIT", "megabytes"]

UNZIPPED_LIMIT = 262_144_000
"""A function with all its layers, unpacked."""

ZIPPED_LIMIT = 52_428_800
"""An archive uploaded directly; a larger one goes through S3."""

MOST_LAYERS = 5
"""Of one function."""

LOADING_TIME = 120.0
"""In seconds, unless somebody says otherwise. An emulator takes ten times as long as Lambda, whose own limit is 900."""

_KILOBYTE, _MEGABYTE = 1 << 10, 1 << 20


def megabytes(size: int) -> str:
    """A size as AWS says it: its 250 MB are 262,144,000 bytes.

    >>> megabytes(262_144_000), megabytes(37_540)
    ('250.0 MB', '36.7 KB')
    """
    # Below a tenth of a megabyte, megabytes say nothing.
    return f"{size / _MEGABYTE:.1f} MB" if size >= _MEGABYTE / 10 else f"{size / _KILOBYTE:.1f} KB"
