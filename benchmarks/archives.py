"""Looks into the zips that the tools made, outside of the timing."""

from __future__ import annotations

import zipfile
from pathlib import Path

from benchmarks.jobs import OWN_PROJECT
from benchmarks.processes import Failed

__all__ = ["count_distributions", "distributions"]


def count_distributions(archive: Path) -> int:
    """The number of packages in the zip, every member of which is read.

    Raises:
        Failed: there is no such zip, or it is damaged.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            damaged = opened.testzip()
            names = opened.namelist()
    except (OSError, zipfile.BadZipFile) as error:
        raise Failed(f"{archive.name!r} is not a readable zip: {error}") from error
    if damaged is not None:
        raise Failed(f"{archive.name!r} is damaged: the checksum of {damaged!r} is wrong")
    return distributions(names)


def distributions(names: list[str]) -> int:
    """The number of `.dist-info` folders at the top, without that of the bench's own project.

    >>> distributions(["six.py", "six-1.0.dist-info/", "six-1.0.dist-info/METADATA", "a/b.dist-info/METADATA"])
    1
    """
    tops = {name.removeprefix("./").split("/")[0] for name in names}
    return len({top for top in tops if top.endswith(".dist-info") and not top.startswith(f"{OWN_PROJECT}-")})
