"""What may be said about bundles for Glue, and what of it excludes each other."""

from __future__ import annotations

import pytest

from lambda_pack.errors import UsageError
from lambda_pack.frontends.requests import request_of
from lambda_pack.model.choices import DistInfo, Layout
from lambda_pack.model.given import Given
from lambda_pack.model.request import PackRequest


def requested(**said: str) -> PackRequest:
    """The request of these options, their dashes written as underscores."""
    return request_of({name.replace("_", "-"): Given((value,), "the command line") for name, value in said.items()})


@pytest.mark.parametrize(
    ("said", "target", "layout"),
    [
        ({"layout": "glue-ray"}, "glue-ray2.4-arm64", Layout.GLUE_RAY),
        ({"runtime": "glue-ray2.4"}, "glue-ray2.4-arm64", Layout.GLUE_RAY),
        (
            {"layout": "glue-ray", "runtime": "glue-ray2.4", "architecture": "aarch64"},
            "glue-ray2.4-arm64",
            Layout.GLUE_RAY,
        ),
        ({"layout": "glue-spark"}, "glue5.1-x86_64", Layout.GLUE_SPARK),
        ({"layout": "glue-spark", "glue_version": "4.0"}, "glue4.0-x86_64", Layout.GLUE_SPARK),
        ({"runtime": "glue5.0"}, "glue5.0-x86_64", Layout.GLUE_SPARK),
        ({"layout": "glue-spark", "runtime": "glue5.0"}, "glue5.0-x86_64", Layout.GLUE_SPARK),
    ],
)
def test_the_layout_says_the_target_and_the_other_way_round(said: dict[str, str], target: str, layout: Layout) -> None:
    request = requested(**said)
    assert (str(request.target), request.layout) == (target, layout)


def test_what_ray_has_and_what_pip_installs_is_left_out() -> None:
    request = requested(layout="glue-ray", pip_install="A_b, lxml,NumPy", outer_folder="modules")

    assert request.glue.outer_folder == "modules"
    assert request.glue.pip_install == {"a-b", "lxml", "numpy"}
    assert {"ray", "pandas", "pyamazoncacerts", "typing-extensions"} <= request.left_out
    assert not {"a-b", "lxml", "numpy"} & request.left_out
    assert request.slimming.dist_info is DistInfo.DROP
    assert not requested(layout="function", runtime="python3.13").left_out


@pytest.mark.parametrize(
    ("said", "message"),
    [
        (
            {"layout": "glue-ray", "runtime": "python3.13"},
            (
                "--layout glue-ray is for Python 3.9 on arm64 alone, not for python3.13 (the command line); "
                "leave out --runtime"
            ),
        ),
        ({"layout": "glue-ray", "architecture": "x86_64"}, "glue-ray2.4 does not exist for x86_64; use arm64"),
        ({"layout": "glue-spark", "architecture": "arm64"}, "glue5.1 does not exist for arm64; use x86_64"),
        ({"layout": "glue-spark", "glue_version": "3.0"}, "'3.0' is not a glue-version; choose one of: 4.0, 5.0, 5.1"),
        ({"layout": "glue-spark", "glue_version": "5.0", "runtime": "glue5.1"}, "not for glue5.1"),
        ({"layout": "layer", "runtime": "glue5.0"}, "glue5.0 is a runtime of Glue and takes --layout glue-spark"),
        ({"layout": "glue-ray", "glue_version": "5.0"}, "--glue-version is about --layout glue-spark"),
        ({"runtime": "python3.13", "glue_version": "5.0"}, "--glue-version is about --layout glue-spark"),
        ({"runtime": "python3.13", "outer_folder": "venv"}, "--outer-folder is about --layout glue-ray"),
        ({"layout": "glue-spark", "pip_install": "a"}, "--pip-install is about --layout glue-ray"),
        ({"layout": "glue-ray", "outer_folder": "a/b"}, "'a/b' cannot be the outer folder"),
        ({"layout": "glue-ray", "outer_folder": ".venv"}, "'.venv' cannot be the outer folder"),
        ({"layout": "glue-ray", "dist_info": "keep"}, "--layout glue-ray has no dist-info"),
        ({"layout": "glue-spark", "source": "src"}, "packs wheels as they are; leave out --source"),
        ({"layout": "glue-ray", "layers": "2"}, "--layers divides a function into zips"),
    ],
)
def test_what_does_not_go_together(said: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        requested(**said)
    assert message in str(caught.value)
