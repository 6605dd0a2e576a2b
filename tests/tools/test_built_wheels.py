"""Which wheels that were built here count."""

from __future__ import annotations

import pytest

from lambda_pack.model.packages import Pin, Wheel
from lambda_pack.model.targets import Target
from lambda_pack.model.verdicts import Fits
from lambda_pack.tools.built_wheels import Host, judge_built

TARGET = Target.parse("python3.13", "arm64")
PIN = Pin.parse("lib", "1.0")
OLD = Host("Linux", "aarch64", (2, 34))
NEW = Host("Linux", "aarch64", (2, 36))
MUSL = Host("Linux", "aarch64", None)
MAC = Host("Darwin", "arm64", None)
INTEL = Host("Linux", "x86_64", (2, 31))


@pytest.mark.parametrize(
    ("tag", "host", "expected"),
    [
        ("py3-none-any", MAC, "built here, pure Python"),
        ("cp313-cp313-linux_aarch64", OLD, "built here against glibc 2.34"),
        ("cp39-abi3-linux_aarch64", OLD, "built here against glibc 2.34"),
        ("cp313-cp313-manylinux_2_28_aarch64", NEW, "built here, for the platform it names"),
    ],
)
def test_what_fits_says_why(tag: str, host: Host, expected: str) -> None:
    verdict = judge_built(Wheel.parse(f"file:///lib-1.0-{tag}.whl"), TARGET, pin=PIN, host=host, foreign=None)
    assert isinstance(verdict, Fits)
    assert verdict.evidence == expected


@pytest.mark.parametrize(
    ("filename", "host", "foreign", "expected"),
    [
        (
            *("lib-1.0-cp313-cp313-linux_aarch64.whl", NEW, None),
            "built for glibc 2.36 here; python3.13 has 2.34: use a container build or an older build machine",
        ),
        ("lib-1.0-cp313-cp313-linux_aarch64.whl", MUSL, None, "on a machine without glibc; use a container build"),
        ("lib-1.0-cp313-cp313-linux_x86_64.whl", INTEL, None, "is for x86_64; the target is aarch64"),
        ("lib-1.0-cp313-cp313-macosx_14_0_arm64.whl", MAC, None, "is for macOS"),
        ("lib-1.0-cp312-cp312-linux_aarch64.whl", OLD, None, "is for CPython 3.12"),
        ("lib-1.0-cp313-cp313t-linux_aarch64.whl", OLD, None, "free-threaded"),
        ("lib-1.0-cp39-abi3-linux_aarch64.whl", OLD, "3.11", "because no Python 3.13 was found; install one"),
        ("lib-1.1-py3-none-any.whl", OLD, None, "made lib==1.1 instead of lib==1.0"),
        ("bil-1.0-py3-none-any.whl", OLD, None, "made bil==1.0 instead of lib==1.0"),
    ],
)
def test_what_does_not_count_says_why(filename: str, host: Host, foreign: str | None, expected: str) -> None:
    verdict = judge_built(Wheel.parse(f"file:///{filename}"), TARGET, pin=PIN, host=host, foreign=foreign)
    assert isinstance(verdict, str)
    assert expected in verdict


def test_this_machine_knows_itself() -> None:
    host = Host.here()
    assert host.system
    assert host.glibc is None or host.glibc > (2, 4)
