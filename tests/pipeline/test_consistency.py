"""The last look: what packed wheels require, compared with what is in the bundle."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from msgspec.structs import replace
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from lambda_pack.errors import UnmetDependencies
from lambda_pack.files.open_wheels import OpenWheels
from lambda_pack.model.packages import Wheel
from lambda_pack.model.requirements import Origin, Requested, Requirements
from lambda_pack.model.stock import Stock
from lambda_pack.model.targets import Target
from lambda_pack.pipeline.consistency import check_consistency
from tests.support.fakes import RecordingNarrator
from tests.support.packages import make_wheel


def line(text: str) -> Requested:
    """One line of a requirements file."""
    return Requested(Origin("r.txt", 1), Requirement(text))


def warnings(
    folder: Path,
    packages: Mapping[str, Sequence[str]],
    *lines: str,
    allow_unmet: bool = True,
    requirements: Requirements | None = None,
) -> list[str]:
    """What is said of wheels, by 'name version', that require this."""
    narrator = RecordingNarrator()
    asked = replace(requirements or Requirements(folder), requested=tuple(map(line, lines)))
    with OpenWheels() as opened:
        archives = []
        for name, requires in packages.items():
            wheel = make_wheel(folder, f"{name.replace(' ', '-')}-py3-none-any.whl", requires=requires)
            archives.append(opened.open(wheel, Wheel.parse(wheel.as_uri()).pin))
        stock = Stock(Target.parse("python3.12"))
        check_consistency(stock, asked, archives, narrator, allow_unmet=allow_unmet)
    return narrator.warnings


@pytest.mark.parametrize(
    ("packages", "lines", "said"),
    [
        pytest.param({"a 1": ["b>=1"], "b 1": []}, ["a"], None, id="met"),
        pytest.param({"a 1": ["b"]}, ["a"], "a==1 requires b;", id="missing"),
        pytest.param({"a 1": ["b ; sys_platform == 'win32'"]}, ["a"], None, id="elsewhere"),
        pytest.param({"a 1": ["b ; extra == 'x'"]}, ["a"], None, id="an extra not asked for"),
        pytest.param({"a 1": ["b ; extra == 'x'"]}, ["a[x]"], "a==1 requires b;", id="an extra asked for by the user"),
        pytest.param(
            {"a 1": ["b ; extra == 'x'"], "c 1": ["a[x]"]},
            ["c"],
            "a==1 requires b;",
            id="an extra asked for by a wheel",
        ),
        pytest.param(
            {"a 1": ["a[y] ; extra == 'x'", "b ; extra == 'y'"]},
            ["a[x]"],
            "a==1 requires b;",
            id="an extra of an extra",
        ),
        pytest.param({"a 1": ["B.c_d>1"], "b_c_d 2": []}, ["a"], None, id="any spelling"),
        pytest.param(
            {"a 1": ["b>=2"], "b 1": []}, ["a"], "a==1 requires b>=2, and the bundle has 1", id="another version"
        ),
        pytest.param({"a 1": ["b>=2"], "b 2.1rc1": []}, ["a"], None, id="a pre-release"),
        pytest.param({"a 1": ["b @ https://x.example/b.whl"], "b 7": []}, ["a"], None, id="by its URL"),
    ],
)
def test_what_is_said(
    tmp_path: Path, packages: Mapping[str, Sequence[str]], lines: Sequence[str], said: str | None
) -> None:
    found = warnings(tmp_path, packages, *lines)

    assert len(found) == (said is not None)
    assert said is None or said.rstrip(";") in found[0]


def test_what_a_resolver_should_have_known_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnmetDependencies, match="the bundle would lack b, c: a==1 requires b; a==1 requires c"):
        warnings(tmp_path, {"a 1": ["b", "c"]}, "a", allow_unmet=False)


def test_what_the_user_left_out_is_not_missed(tmp_path: Path) -> None:
    asked = Requirements(
        tmp_path,
        left_out=frozenset({"b"}),
        excludes=frozenset({canonicalize_name("c")}),
        overrides=(line("d ; python_version < '3'"),),
    )

    assert warnings(tmp_path, {"a 1": ["b", "c", "d"]}, "a", allow_unmet=False, requirements=asked) == []
