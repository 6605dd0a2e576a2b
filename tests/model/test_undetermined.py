"""What the answer of a marker turns on, compared with the answers at every patch level there could be."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.markers import Marker
from packaging.specifiers import SpecifierSet

from lambda_pack.model.targets import RUNTIMES, Target
from lambda_pack.model.undetermined import undetermined

LEVEL = "the patch level of Python"
TARGET = Target.parse("python3.12")
SEEN = RUNTIMES["python3.12"].seen_patch
OPERATORS = st.sampled_from(["<", "<=", ">", ">=", "==", "!="])
VERSIONS = st.one_of(
    st.integers(0, 40).map(lambda patch: f"3.12.{patch}"), st.sampled_from(["3.11.9", "3.12", "3.13", "3.12.7rc1"])
)
COMPARISONS = st.builds(
    lambda name, operator, version: f'{name} {operator} "{version}"',
    st.sampled_from(["python_full_version", "implementation_version"]),
    OPERATORS,
    VERSIONS,
)
MARKERS = st.lists(COMPARISONS, min_size=1, max_size=3).flatmap(
    lambda parts: st.sampled_from([" and ".join(parts), " or ".join(parts)])
)


@given(MARKERS)
def test_a_marker_turns_on_the_patch_level_where_two_levels_answer_differently(text: str) -> None:
    versions = (f"3.12.{patch}" for patch in range(SEEN, 60))
    answers = {
        Marker(text).evaluate(
            {**TARGET.environment, "python_full_version": version, "implementation_version": version}  # type: ignore[dict-item]
        )
        for version in versions
    }

    assert bool(undetermined(Marker(text), TARGET)) is (len(answers) > 1)


@given(st.lists(st.builds(lambda operator, version: f"{operator}{version}", OPERATORS, VERSIONS), max_size=3))
def test_a_requirement_on_python_is_met_where_any_patch_level_meets_it(parts: list[str]) -> None:
    required = SpecifierSet(",".join(parts))
    levels = (f"3.12.{patch}" for patch in range(60))

    assert TARGET.runtime.admits(required) is any(required.contains(level, prereleases=True) for level in levels)


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('platform_release >= "5"', ("platform_release",)),
        ('"amzn" in platform_version or "aws" in platform_release', ("platform_release", "platform_version")),
        ('platform_release >= "5" and sys_platform == "win32"', ()),
        ('platform_release >= "5" or sys_platform == "linux"', ()),
        ('platform_version not in "x" and python_full_version < "3.12.9"', (LEVEL, "platform_version")),
        ('extra == "fast" and python_full_version < "3.12.9"', ()),
        ('sys_platform == "linux" and platform_machine == "x86_64"', ()),
    ],
)  # fmt: skip
def test_a_marker_turns_on_the_kernel_where_it_decides(text: str, names: tuple[str, ...]) -> None:
    assert undetermined(Marker(text), TARGET) == names


def test_what_is_behind_an_extra_counts_where_the_extra_is_asked_for() -> None:
    marker = Marker('extra == "fast" and python_full_version < "3.12.9"')

    assert undetermined(marker, TARGET, frozenset({"fast"})) == ("the patch level of Python",)
