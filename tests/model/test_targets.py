"""The table of runtimes, and the tags that a target takes."""

from __future__ import annotations

import platform
import re
import sys
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.markers import Marker, default_environment
from packaging.tags import Tag, platform_tags, sys_tags
from pip._internal.utils.compatibility_tags import get_supported

from lambda_pack.errors import UsageError
from lambda_pack.model.targets import RUNTIMES, Architecture, Runtime, Target

pytestmark = pytest.mark.filterwarnings("ignore:pkg_resources is deprecated:DeprecationWarning")

TARGETS = [Target(runtime, arch) for runtime in RUNTIMES.values() for arch in runtime.architectures]

on_glibc = pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="the oracle is this machine's own list")


def here() -> Target:
    """This interpreter on this machine, as if it were a runtime."""
    major, minor = platform.libc_ver()[1].split(".")[:2]
    python = sys.version_info[:2]
    runtime = Runtime("python{}.{}".format(*python), python, "this machine", (int(major), int(minor)))
    return Target(runtime, Architecture.parse(platform.machine()))


@pytest.mark.parametrize(
    ("text", "architecture"),
    [
        *((text, Architecture.X86_64) for text in ("x86_64", "x86-64", "amd64", "AMD64", "x64", "linux/amd64")),
        *((text, Architecture.ARM64) for text in ("arm64", "aarch64", "ARM64", "linux/arm64", "linux/arm64/v8")),
    ],
)
def test_every_usual_spelling_of_an_architecture(text: str, architecture: Architecture) -> None:
    assert Architecture.parse(text) is architecture


@pytest.mark.parametrize("text", ["arm", "i386", "x86", "", "amd"])
def test_what_is_no_architecture(text: str) -> None:
    with pytest.raises(UsageError, match="is not a Lambda architecture; choose one of: x86_64, arm64"):
        Architecture.parse(text)


@pytest.mark.parametrize("text", ["3.13", "313", "py313", "cp313", "python-3.13", "3.13.2", "Python3.13"])
def test_a_bare_version_is_answered_with_its_runtime(text: str) -> None:
    with pytest.raises(UsageError, match=r"did you mean 'python3\.13'\?"):
        Target.parse(text)


@on_glibc
def test_tags_are_those_of_packaging_in_its_order() -> None:
    """All but linux_x86_64, which promises nothing about glibc (case 5)."""
    expected = tuple(tag for tag in sys_tags() if not tag.platform.startswith("linux_"))
    assert here().tags == expected


@on_glibc
@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_platforms_of_an_older_glibc_are_the_end_of_the_list(target: Target) -> None:
    if here().runtime.glibc < target.runtime.glibc:
        pytest.skip("this machine is older than the runtime")
    machine = target.architecture.machine
    known = [tag.replace(platform.machine(), machine) for tag in platform_tags()]
    first = "manylinux_{}_{}_{}".format(*target.runtime.glibc, machine)
    # packaging too: manylinux began at 2.5, and for everything but x86 at 2.17.
    end = len(known) if machine == "x86_64" else known.index(f"manylinux2014_{machine}") + 1
    assert list(target.platforms) == [tag for tag in known[known.index(first) : end] if tag.startswith("manylinux")]


@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_tags_are_those_that_pip_takes_for_the_platforms(target: Target) -> None:
    major, minor = target.runtime.python
    abi = "cp37m" if (major, minor) == (3, 7) else f"cp{major}{minor}"
    asked = get_supported(f"{major}{minor}", platforms=list(target.platforms), impl="cp", abis=[abi])
    assert {str(tag) for tag in asked} == {str(tag) for tag in target.tags}


@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_no_tag_comes_twice(target: Target) -> None:
    assert len(set(target.tags)) == len(target.tags)


@pytest.mark.parametrize(
    ("runtime", "architecture", "platform_tag", "fits"),
    [
        # Case 1: every level up to the runtime's, none above.
        ("python3.12", "x86_64", "manylinux_2_28_x86_64", True),
        ("python3.12", "x86_64", "manylinux_2_34_x86_64", True),
        ("python3.12", "x86_64", "manylinux_2_35_x86_64", False),
        # Case 2
        ("python3.11", "x86_64", "manylinux_2_28_x86_64", False),
        # Case 3: a number compared, not a list of names.
        ("python3.11", "x86_64", "manylinux_2_26_x86_64", True),
        ("python3.10", "arm64", "manylinux_2_26_aarch64", True),
        ("python3.10", "arm64", "manylinux_2_24_aarch64", True),
        ("python3.10", "arm64", "manylinux_2_27_aarch64", False),
        ("python3.7", "x86_64", "manylinux_2_17_x86_64", True),
        ("python3.7", "x86_64", "manylinux_2_18_x86_64", False),
        # The old names, and where manylinux began.
        ("python3.13", "x86_64", "manylinux1_x86_64", True),
        ("python3.13", "x86_64", "manylinux2010_x86_64", True),
        ("python3.13", "x86_64", "manylinux_2_5_x86_64", True),
        ("python3.13", "x86_64", "manylinux_2_4_x86_64", False),
        ("python3.13", "arm64", "manylinux2014_aarch64", True),
        ("python3.13", "arm64", "manylinux2010_aarch64", False),
        ("python3.13", "arm64", "manylinux_2_16_aarch64", False),
        # Case 5, and other machines.
        ("python3.13", "x86_64", "linux_x86_64", False),
        ("python3.13", "x86_64", "manylinux_2_17_aarch64", False),
        ("python3.13", "x86_64", "musllinux_1_1_x86_64", False),
    ],
)
def test_platforms(runtime: str, architecture: str, platform_tag: str, *, fits: bool) -> None:
    assert (platform_tag in Target.parse(runtime, architecture).platforms) is fits


@pytest.mark.parametrize(
    ("runtime", "tag", "fits"),
    [
        ("python3.13", "cp313-cp313-manylinux2014_x86_64", True),
        ("python3.13", "cp313-abi3-manylinux2014_x86_64", True),
        ("python3.13", "cp38-abi3-manylinux2014_x86_64", True),
        ("python3.13", "cp32-abi3-manylinux2014_x86_64", True),
        ("python3.13", "cp314-abi3-manylinux2014_x86_64", False),
        ("python3.13", "cp313-none-any", True),
        ("python3.13", "cp312-none-any", False),
        ("python3.13", "py312-none-any", True),
        ("python3.13", "py314-none-any", False),
        ("python3.13", "py2-none-any", False),
        ("python3.13", "py3-none-manylinux2014_x86_64", True),
        ("python3.13", "cp313-cp313t-manylinux2014_x86_64", False),
        ("python3.15", "cp315-abi3t-manylinux2014_x86_64", False),
        ("python3.7", "cp37-cp37m-manylinux1_x86_64", True),
        ("python3.7", "cp37-cp37-manylinux1_x86_64", False),
        ("python3.8", "cp38-cp38-manylinux1_x86_64", True),
        ("python3.8", "cp38-cp38m-manylinux1_x86_64", False),
        # Case 5: accepted for 3.9 by another tool.
        ("python3.9", "cp312-abi3-manylinux2014_x86_64", False),
        ("python3.9", "cp313-none-any", False),
        ("python3.9", "py2-none-any", False),
    ],
)
def test_tags(runtime: str, tag: str, *, fits: bool) -> None:
    assert (Tag(*tag.split("-")) in Target.parse(runtime).tags) is fits


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        ("cp313-cp313-manylinux_2_34_x86_64", "cp313-cp313-manylinux2014_x86_64"),
        ("cp313-cp313-manylinux_2_17_x86_64", "cp313-cp313-manylinux2014_x86_64"),
        ("cp313-cp313-manylinux1_x86_64", "cp313-abi3-manylinux_2_34_x86_64"),
        ("cp313-abi3-manylinux1_x86_64", "cp312-abi3-manylinux_2_34_x86_64"),
        ("cp32-abi3-manylinux1_x86_64", "py313-none-manylinux_2_34_x86_64"),
        ("py3-none-manylinux1_x86_64", "cp313-none-any"),
        ("cp313-none-any", "py313-none-any"),
        ("py313-none-any", "py3-none-any"),
        ("py3-none-any", "py312-none-any"),
    ],
)
def test_the_order_of_tags(better: str, worse: str) -> None:
    order = [str(tag) for tag in Target.parse("python3.13").tags]
    assert order.index(better) < order.index(worse)


# ../shared/facts/aws.md, row by row.
@pytest.mark.parametrize(
    ("name", "glibc", "deprecated"),
    [
        ("python3.7", (2, 17), True),
        ("python3.8", (2, 26), True),
        ("python3.9", (2, 26), True),
        ("python3.10", (2, 26), True),
        ("python3.11", (2, 26), False),
        ("python3.12", (2, 34), False),
        ("python3.13", (2, 34), False),
        ("python3.14", (2, 34), False),
        ("python3.15", (2, 34), False),
    ],
)
def test_the_table(name: str, glibc: tuple[int, int], *, deprecated: bool) -> None:
    runtime = RUNTIMES[name]
    assert (runtime.name, runtime.glibc) == (name, glibc)
    assert f"python{runtime.python[0]}.{runtime.python[1]}" == name
    warning = runtime.warning(date(2026, 11, 21))
    assert (warning is not None and "was deprecated by AWS" in warning) is deprecated


def test_the_table_has_every_runtime_once() -> None:
    assert list(RUNTIMES) == [f"python3.{minor}" for minor in range(7, 16)]


def test_deprecation_begins_the_day_after() -> None:
    runtime = RUNTIMES["python3.11"]
    assert runtime.warning(date(2027, 6, 30)) is None
    assert "2027-06-30" in (runtime.warning(date(2027, 7, 1)) or "")


def test_a_preview_warns_at_any_time() -> None:
    assert "preview" in (RUNTIMES["python3.15"].warning(date(2020, 1, 1)) or "")


@pytest.mark.parametrize(
    ("runtime", "architecture", "expected"),
    [
        ("python3.13", "arm64", "python3.13-arm64"),
        ("python3.13", "aarch64", "python3.13-arm64"),
        ("python3.13", "ARM64", "python3.13-arm64"),
        ("python3.7", "x86_64", "python3.7-x86_64"),
    ],
)
def test_names_that_are_understood(runtime: str, architecture: str, expected: str) -> None:
    assert str(Target.parse(runtime, architecture)) == expected


@pytest.mark.parametrize(
    ("runtime", "architecture", "message"),
    [
        ("python3.16", "x86_64", "'python3.16' is not a Lambda runtime; choose one of: python3.7, "),
        ("3.13", "x86_64", "'3.13' is not a Lambda runtime"),
        ("python3.13", "i386", "'i386' is not a Lambda architecture; choose one of: x86_64, arm64"),
        ("python3.13", "", "'' is not a Lambda architecture"),
        ("python3.7", "arm64", "python3.7 does not exist for arm64; use python3.8 or newer, or x86_64"),
    ],
)
def test_names_that_are_not(runtime: str, architecture: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        Target.parse(runtime, architecture)


@pytest.mark.parametrize("target", TARGETS, ids=str)
def test_the_environment_names_everything_that_markers_know(target: Target) -> None:
    """What is not named would be taken from the machine that packs."""
    assert target.environment.keys() == default_environment().keys()


@pytest.mark.parametrize(
    ("marker", "holds"),
    [
        ('platform_machine == "aarch64"', True),
        ('platform_machine == "arm64"', False),
        ('sys_platform == "linux" and os_name == "posix" and platform_system == "Linux"', True),
        ('python_version == "3.13" and python_version >= "3.9"', True),
        ('python_full_version >= "3.13.0" and python_full_version < "3.14"', True),
        ('implementation_name == "cpython" and platform_python_implementation == "CPython"', True),
        ('sys_platform == "win32" or platform_python_implementation == "PyPy"', False),
    ],
)
def test_markers_are_evaluated_for_the_target(marker: str, *, holds: bool) -> None:
    environment: dict[str, str] = {**Target.parse("python3.13", "arm64").environment}  # type: ignore[dict-item]  # all str
    assert Marker(marker).evaluate(environment) is holds


@given(st.text().filter(lambda text: text.lower() not in {*RUNTIMES, "x86_64", "arm64", "aarch64"}))
def test_any_other_text_is_a_usage_error_that_repeats_it(text: str) -> None:
    with pytest.raises(UsageError, match=re.escape(repr(text))):
        Target.parse(text, "x86_64")
    with pytest.raises(UsageError, match=re.escape(repr(text))):
        Target.parse("python3.13", text)
