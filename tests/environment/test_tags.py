"""The tags that `entrypoint` picks wheels by are those of packaging, which is not there yet when it does."""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import findpython
import packaging
import pytest
from packaging import tags as standard

from script.environment.tags import mac_platforms, rank_of, supported_tags
from tests.support.processes import run

HOUSE = Path(__file__).parents[2]
ASK = """
import sys
sys.path[:0] = sys.argv[1:]
from packaging.tags import sys_tags
from script.environment.tags import supported_tags
standard = list(dict.fromkeys(map(str, sys_tags())))
assert list(supported_tags()) == standard, sorted(set(standard) ^ set(supported_tags()))
"""


def is_in_order(some: Iterable[str], everything: Iterable[str]) -> bool:
    """Whether the first is what is left of the second when items are taken out."""
    rest = iter(everything)
    return all(item in rest for item in some)


@pytest.mark.skipif(sys.platform != "linux", reason="the other platforms have fewer tags here: see the next test")
def test_they_are_those_of_packaging() -> None:
    assert list(supported_tags()) == list(dict.fromkeys(map(str, standard.sys_tags())))


@pytest.mark.parametrize("version", [(10, 15), (11, 0), (13, 6), (15, 1), (26, 0)])
@pytest.mark.parametrize("machine", ["x86_64", "arm64"])
def test_those_of_macos_are_in_the_order_of_packaging(version: tuple[int, int], machine: str) -> None:
    if machine == "arm64" and version < (11, 0):
        pytest.skip("there is no such machine")
    ours = list(mac_platforms(version, machine))

    assert is_in_order(ours, standard.mac_platforms(version, machine))
    assert {f"macosx_11_0_{machine}", f"macosx_10_9_{machine}"} & set(ours)


def test_the_best_wheel_is_the_most_specific_one() -> None:
    tags, minor, machine = supported_tags(), sys.version_info[1], platform.machine()
    best_first = [
        f"x-1.0-cp3{minor}-cp3{minor}-linux_{machine}.whl",
        f"x-1.0-cp36-abi3-linux_{machine}.whl",
        f"x-1.0-py2.py3-none-linux_{machine}.whl",
        f"x-1.0-cp3{minor}-none-any.whl",
        "x-1.0-1-py2.py3-none-any.whl",
    ]
    ranks = [rank_of(name, tags) for name in best_first]

    assert all(rank is not None for rank in ranks)
    assert ranks == sorted(ranks, key=lambda rank: rank or 0)
    assert rank_of("x-1.0-cp36-cp36m-win_amd64.whl", tags) is None


@pytest.mark.network
def test_they_are_those_of_packaging_for_every_python_here(
    tmp_path: Path, clean_environment: Mapping[str, str]
) -> None:
    pythons = [found for found in findpython.find_all() if (found.major, found.minor) >= (3, 11)]
    assert pythons
    for found in pythons:
        folders = (HOUSE, Path(packaging.__file__).parents[1])
        done = run((found.executable, "-I", "-c", ASK, *folders), clean_environment, folder=tmp_path)

        assert done.exit_code == 0, (str(found.executable), done.errors)
