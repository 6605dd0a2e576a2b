"""The lock in parts: read without packaging, written by script/lock from pyproject.toml."""

from __future__ import annotations

import re
import runpy
import sys
import tomllib
from pathlib import Path

import pytest

from lambda_pack.tools.parts import Part
from lambda_pack.tools.uv_program import OLDEST_UV
from script.environment.lock import UnknownMarkerError, part_text, read_packages

HOUSE = Path(__file__).parents[2]
LOCK = (HOUSE / "requirements.lock").read_text("utf-8")
MANIFEST = tomllib.loads((HOUSE / "pyproject.toml").read_text("utf-8"))
PARTS: dict[str, list[str]] = MANIFEST["tool"]["environment-parts"]


def names_of(part: str) -> set[str]:
    """The packages of a part of our own lock."""
    return {package.name for package in read_packages(part_text(LOCK, part))}


def test_each_package_of_the_lock_is_in_one_part() -> None:
    parts = ["core", *PARTS]
    pinned = re.findall(r"^([\w.-]+)==", LOCK, re.MULTILINE)

    assert re.findall(r"^# part: (\w+)$", LOCK, re.MULTILINE) == parts
    assert {part.value for part in Part} == set(PARTS), "lambda_pack.tools.parts must know each part"
    assert sorted(pinned) == sorted(name for part in parts for name in names_of(part)) or sys.platform != "linux"
    for part, named in PARTS.items():
        assert names_of(part) >= set(named) or sys.platform != "linux", part


def test_each_package_has_hashes() -> None:
    for part in ("core", *PARTS):
        assert all(package.digests for package in read_packages(part_text(LOCK, part))), part


def test_a_plain_pack_needs_no_more_than_these() -> None:
    assert names_of("core") == {
        *("deflate", "msgspec", "packaging", "pathspec", "platformdirs", "pyyaml", "tomli-w", "urllib3")
    }, "each one more is fetched by every fresh runner: is it needed by a plain pack?"
    assert names_of("resolve") == {"uv"}


def test_a_uv_on_path_is_good_where_the_package_would_be() -> None:
    (line,) = (line for line in MANIFEST["project"]["dependencies"] if line.startswith("uv"))

    assert line == "uv>={}.{}".format(*OLDEST_UV)


def test_a_package_that_two_parts_need_is_in_the_core() -> None:
    packages = {"a": ("lambda-pack (pyproject.toml)",), "b": ("lambda-pack (pyproject.toml)",), "shared": ("a", "b")}
    text = "# head\n" + "".join(
        f"{name}==1 \\\n    --hash=sha256:{'0' * 64}\n    # via\n"
        + "".join(f"    #   {parent}\n" for parent in parents)
        for name, parents in {**packages, "own": ("lambda-pack (pyproject.toml)",), "below": ("a",)}.items()
    )
    split = runpy.run_path(str(HOUSE / "script" / "lock"))["split_lock"]

    divided = split(text, {"first": ["a"], "second": ["b"]})

    found = {
        part: [one.name for one in read_packages(part_text(divided, part))] for part in ("core", "first", "second")
    }
    assert found == {"core": ["own", "shared"], "first": ["a", "below"], "second": ["b"]}
    assert split(divided, {"first": ["a"], "second": ["b"]}) == divided


def test_a_lock_without_parts_is_the_core() -> None:
    text = f"six==1.0 --hash=sha256:{'1' * 64} --hash=sha256:{'2' * 64}\n"

    assert read_packages(part_text(text, "core"))[0].digests == {"1" * 64, "2" * 64}
    assert part_text(text, "deliver") == ""


@pytest.mark.parametrize(
    ("marker", "is_here"),
    [
        ("sys_platform == 'plan9'", False),
        ("sys_platform != 'plan9'", True),
        (f"sys_platform == '{sys.platform}'", True),
    ],
)
def test_markers_of_the_platform_are_read(marker: str, *, is_here: bool) -> None:
    packages = read_packages(f"six==1.0 ; {marker} \\\n    --hash=sha256:{'1' * 64}\n")

    assert [package.version for package in packages] == (["1.0"] if is_here else [])


def test_a_marker_that_only_packaging_understands_is_not_guessed() -> None:
    with pytest.raises(UnknownMarkerError, match="python_full_version"):
        read_packages("six==1.0 ; python_full_version < '3.12' \\\n    --hash=sha256:00\n")
