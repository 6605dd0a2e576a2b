"""The modules of a target's Python, whichever Python we run on."""

from __future__ import annotations

import sys

import pytest

from lambda_pack.model.standard_library import standard_modules
from lambda_pack.model.targets import RUNTIMES


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [
        ("json", 7, 15),
        ("zoneinfo", 9, 15),
        ("tomllib", 11, 15),
        ("annotationlib", 14, 15),
        ("macpath", 7, 7),
        ("parser", 7, 9),
        ("binhex", 7, 10),
        ("distutils", 7, 11),
        ("cgi", 7, 12),
        ("requests", 99, 0),
    ],
)
def test_from_and_to(name: str, first: int, last: int) -> None:
    having = [runtime.python[1] for runtime in RUNTIMES.values() if name in standard_modules(runtime)]
    assert having == [runtime.python[1] for runtime in RUNTIMES.values() if first <= runtime.python[1] <= last]


def test_ours_are_what_ours_says() -> None:
    runtime = RUNTIMES[f"python3.{sys.version_info.minor}"]
    assert standard_modules(runtime) == sys.stdlib_module_names
