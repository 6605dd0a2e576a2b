"""Whether a wheel loads on a target, and the reason where it does not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from packaging.specifiers import SpecifierSet
from packaging.tags import Tag, create_compatible_tags_selector

from lambda_pack.model.packages import Wheel
from lambda_pack.model.targets import RUNTIMES, Target
from lambda_pack.model.verdicts import Fits, Misfit, Reason, closest, judge, preference

X86 = Target.parse("python3.13")
OLD = Target.parse("python3.11")
ARM = Target.parse("python3.13", "arm64")
TARGETS = [Target(runtime, arch) for runtime in RUNTIMES.values() for arch in runtime.architectures]


def wheel(tags: str, *, version: str = "1.0") -> Wheel:
    """A wheel with these tags: 'cp313-cp313-win_amd64', or '2-py3-none-any' with a build number."""
    return Wheel.parse(f"https://x.example/a-{version}-{tags}.whl")


@pytest.mark.parametrize(
    ("target", "tags", "reason", "detail"),
    [
        (X86, "cp313-cp313-win_amd64", Reason.SYSTEM, "is for Windows"),
        (X86, "py3-none-win32", Reason.SYSTEM, "is for Windows"),
        (X86, "cp313-cp313-macosx_11_0_arm64", Reason.SYSTEM, "is for macOS"),
        (X86, "cp313-cp313-android_21_x86_64", Reason.SYSTEM, "is for Android"),
        (X86, "cp313-cp313-ios_13_0_arm64_iphoneos", Reason.SYSTEM, "is for iOS"),
        (X86, "cp313-cp313-pyodide_2025_0_wasm32", Reason.SYSTEM, "is for Pyodide"),
        (X86, "py3-none-freebsd_14_amd64", Reason.SYSTEM, "is for freebsd_14_amd64"),
        (X86, "cp313-cp313-musllinux_1_2_x86_64", Reason.MUSL, "is for musl (Alpine); Lambda uses glibc"),
        (
            X86,
            "cp313-cp313-manylinux2014_aarch64",
            Reason.ARCHITECTURE,
            "is for aarch64; the target is x86_64",
        ),
        (ARM, "cp313-cp313-linux_armv7l", Reason.ARCHITECTURE, "is for armv7l; the target is aarch64"),
        (X86, "cp313-cp313-manylinux_2_17_i686", Reason.ARCHITECTURE, "is for i686; the target is x86_64"),
        (
            X86,
            "cp312-cp312-manylinux2014_x86_64",
            Reason.PYTHON,
            "is for CPython 3.12; python3.13 is CPython 3.13",
        ),
        (X86, "pp310-pypy310_pp73-manylinux2014_x86_64", Reason.PYTHON, "is for PyPy 3.10; python3.13 is CPython 3.13"),
        # Case 5, with words that do not contradict themselves.
        (X86, "cp312-none-any", Reason.PYTHON, "is for CPython 3.12; python3.13 is CPython 3.13"),
        (X86, "py2-none-any", Reason.PYTHON, "is for Python 2; python3.13 is CPython 3.13"),
        (X86, "py27-none-any", Reason.PYTHON, "is for Python 2.7; python3.13 is CPython 3.13"),
        (OLD, "py312-none-any", Reason.PYTHON, "is for Python 3.12 or newer; python3.11 is CPython 3.11"),
        (
            OLD,
            "cp312-abi3-manylinux2014_x86_64",
            Reason.PYTHON,
            "is for CPython 3.12 or newer; python3.11 is CPython 3.11",
        ),
        (X86, "cp313-cp313d-manylinux2014_x86_64", Reason.ABI, "its ABI cp313d is not that of python3.13"),
        (X86, "cp313-cp313-any", Reason.ABI, "cp313-cp313-any names an ABI but no platform, so no installer takes it"),
        (
            X86,
            "cp313-cp313t-manylinux2014_x86_64",
            Reason.FREE_THREADED,
            "cp313t is for free-threaded Python; Lambda's is not",
        ),
        (
            Target.parse("python3.15"),
            "cp315-abi3t-manylinux2014_x86_64",
            Reason.FREE_THREADED,
            "abi3t is for free-threaded Python; Lambda's is not",
        ),
        (X86, "cp313-cp313-linux_x86_64", Reason.UNPROVEN, "linux_x86_64 does not say which glibc it needs"),
        (ARM, "cp313-cp313-manylinux2010_aarch64", Reason.UNPROVEN, "manylinux2010_aarch64 never was a platform"),
        (X86, "cp313-cp313-manylinux_2_4_x86_64", Reason.UNPROVEN, "manylinux_2_4_x86_64 never was a platform"),
        (X86, "py3-none-manylinux_x86_64", Reason.UNPROVEN, "manylinux_x86_64 never was a platform"),
        (X86, "py3-none-manylinux2015_x86_64", Reason.UNPROVEN, "manylinux2015_x86_64 never was a platform"),
        # Case 2
        (
            OLD,
            "cp311-cp311-manylinux_2_28_x86_64",
            Reason.GLIBC,
            "needs glibc 2.28 or newer; python3.11 has 2.26",
        ),
        (
            Target.parse("python3.8", "arm64"),
            "cp36-abi3-manylinux_2_34_aarch64",
            Reason.GLIBC,
            "needs glibc 2.34 or newer; python3.8 has 2.26",
        ),
    ],
)
def test_a_misfit_says_why(target: Target, tags: str, reason: Reason, detail: str) -> None:
    assert judge(wheel(tags), target) == Misfit(reason, detail)


@pytest.mark.parametrize(
    ("target", "tags", "reason"),
    [
        # Case 4: a compressed set is every combination of its parts.
        (X86, "cp312.cp313-cp312.cp313-manylinux_2_17_x86_64.manylinux2014_x86_64", None),
        (X86, "py2.py3-none-any", None),
        (X86, "cp39.cp310-abi3-win_amd64.manylinux1_x86_64", None),
        (X86, "cp315-abi3.abi3t-manylinux2014_x86_64", Reason.FREE_THREADED),
        (Target.parse("python3.15"), "cp315-abi3.abi3t-manylinux2014_x86_64", None),
        # Of several reasons, that of the tag that came closest.
        (X86, "cp313-cp313-win_amd64.manylinux_2_35_x86_64", Reason.GLIBC),
        (X86, "cp312-cp312-manylinux_2_35_x86_64.musllinux_1_1_x86_64", Reason.PYTHON),
        (X86, "cp313-cp313-manylinux2014_aarch64.linux_x86_64", Reason.UNPROVEN),
    ],
)
def test_compressed_tag_sets(target: Target, tags: str, reason: Reason | None) -> None:
    verdict = judge(wheel(tags), target)
    assert (verdict.reason if isinstance(verdict, Misfit) else None) == reason


def test_of_two_levels_too_new_the_lower_one_is_what_it_needs() -> None:
    verdict = judge(wheel("cp311-cp311-manylinux_2_34_x86_64.manylinux_2_27_x86_64"), OLD)
    assert verdict == Misfit(Reason.GLIBC, "needs glibc 2.27 or newer; python3.11 has 2.26")


@pytest.mark.parametrize("tags", ["cp310-abi3-manylinux2014_x86_64", "cp37-abi3-manylinux_2_34_x86_64"])
def test_the_stable_abi_fits_what_is_newer(tags: str) -> None:
    """Case 31: cryptography and bcrypt."""
    assert isinstance(judge(wheel(tags), X86), Fits)


@pytest.mark.parametrize(
    ("requires", "fits"),
    [
        (">=3.9", True),
        ("<3.13", False),
        (">=3.13.0", True),
        (">3.13.0", True),
        (">=3.13.99", True),
        ("<3.13.1", True),
        ("~=3.13", True),
        ("", True),
    ],
)
def test_requires_python_counts_the_patch_level(requires: str, *, fits: bool) -> None:
    verdict = judge(replace(wheel("py3-none-any"), requires_python=SpecifierSet(requires)), X86)
    expected = None if fits else Misfit(Reason.REQUIRES_PYTHON, f"requires Python {requires}")
    assert (verdict if isinstance(verdict, Misfit) else None) == expected


def test_what_would_fit_may_be_refused() -> None:
    assert judge(replace(wheel("py3-none-any"), refused="yanked"), X86) == Misfit(Reason.REFUSED, "yanked")


def test_what_would_not_fit_anyway_says_that_first() -> None:
    """Else a yanked Windows wheel would look closer than the wheel whose glibc is the matter."""
    refused = replace(wheel("cp313-cp313-win_amd64"), refused="its hash is not among those in the requirements")
    too_new = judge(wheel("cp313-cp313-manylinux_2_35_x86_64"), X86)
    assert judge(refused, X86) == Misfit(Reason.SYSTEM, "is for Windows")
    assert closest([judge(refused, X86), too_new]) == too_new


def test_closest_of_nothing_is_nothing() -> None:
    assert closest([]) is None
    assert closest([Fits(0)]) is None


@given(st.lists(st.builds(Misfit, st.sampled_from(Reason), st.just("x")), min_size=1))
def test_the_closest_has_the_last_reason(misfits: list[Misfit]) -> None:
    order = list(Reason)
    found = closest(misfits)
    assert found in misfits
    assert found is not None
    assert order.index(found.reason) == max(order.index(misfit.reason) for misfit in misfits)


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ("cp313-cp313-manylinux_2_28_x86_64", "cp313-cp313-manylinux_2_17_x86_64"),
        ("cp313-cp313-manylinux1_x86_64", "py3-none-any"),
        ("cp313-cp313-manylinux1_x86_64", "99-py3-none-any"),
        ("2-py3-none-any", "1-py3-none-any"),
        ("10-py3-none-any", "9-py3-none-any"),
        ("1-py3-none-any", "py3-none-any"),
        ("0-py3-none-any", "py3-none-any"),
        ("0a-py3-none-any", "py3-none-any"),
        ("1b-py3-none-any", "1a-py3-none-any"),
        ("1ab-py3-none-any", "1a-py3-none-any"),
        ("1a-py3-none-any", "1-py3-none-any"),
    ],
)
def test_preference(better: str, worse: str) -> None:
    first, second = wheel(better), wheel(worse)
    verdicts = judge(first, X86), judge(second, X86)
    assert isinstance(verdicts[0], Fits)
    assert isinstance(verdicts[1], Fits)
    assert preference(first, verdicts[0]) > preference(second, verdicts[1])


def test_two_indexes_with_one_file_are_still_in_order() -> None:
    """Offers come out of a set: a tie would be settled by the hash seed of the process."""
    here, there = wheel("py3-none-any"), replace(wheel("py3-none-any"), url="https://y.example/a-1.0-py3-none-any.whl")
    assert preference(here, Fits(0)) != preference(there, Fits(0))


PYTHONS = st.sampled_from(
    ["cp313", "cp312", "cp311", "cp37", "py3", "py2", "py312", "py27", "pp310", "cp315", "graalpy240"]
)
ABIS = st.sampled_from(["cp313", "cp313t", "cp312", "cp37m", "abi3", "abi3t", "none", "pypy310_pp73", "cp315", "cp311"])
PLATFORMS = st.sampled_from(
    [
        "any",
        "linux_x86_64",
        "linux_aarch64",
        "manylinux1_x86_64",
        "manylinux2014_aarch64",
        "manylinux2014_x86_64",
        "manylinux_2_26_x86_64",
        "manylinux_2_28_aarch64",
        "manylinux_2_35_x86_64",
        "musllinux_1_2_x86_64",
        "win_amd64",
        "macosx_11_0_universal2",
        "manylinux_x86_64",
        "manylinux_3_1_x86_64",
        "manylinux2099_x86_64",
        "linux",
        "manylinux",
    ]
)
TAGS = st.frozensets(st.builds(Tag, PYTHONS, ABIS, PLATFORMS), min_size=1, max_size=6)


@given(tags=TAGS, target=st.sampled_from(TARGETS))
def test_any_wheel_fits_exactly_where_packaging_says_so(tags: frozenset[Tag], target: Target) -> None:
    candidate = replace(wheel("py3-none-any"), tags=tags)
    select = create_compatible_tags_selector(target.tags)
    assert isinstance(judge(candidate, target), Fits) is bool(list(select([(candidate, tags)])))


@given(wheels=st.lists(TAGS, min_size=1, max_size=6), target=st.sampled_from(TARGETS))
def test_rank_orders_wheels_as_packaging_does(wheels: list[frozenset[Tag]], target: Target) -> None:
    select = create_compatible_tags_selector(target.tags)
    verdicts = {tags: judge(replace(wheel("py3-none-any"), tags=tags), target) for tags in wheels}
    order = [verdicts[tags] for tags in select((tags, tags) for tags in dict.fromkeys(wheels))]
    ranks = [verdict.rank for verdict in order if isinstance(verdict, Fits)]
    assert ranks == sorted(ranks)
    assert len(ranks) == len(order)


@given(tags=TAGS, more=TAGS, target=st.sampled_from(TARGETS))
def test_more_tags_never_take_a_fit_away(tags: frozenset[Tag], more: frozenset[Tag], target: Target) -> None:
    before = judge(replace(wheel("py3-none-any"), tags=tags), target)
    after = judge(replace(wheel("py3-none-any"), tags=tags | more), target)
    if isinstance(before, Fits):
        assert isinstance(after, Fits)
        assert after.rank <= before.rank


@given(tags=TAGS, target=st.sampled_from(TARGETS))
def test_every_misfit_has_words(tags: frozenset[Tag], target: Target) -> None:
    verdict = judge(replace(wheel("py3-none-any"), tags=tags), target)
    assert isinstance(verdict, Fits) or verdict.detail.strip()
