"""uv and pip, asked the same, answer the same."""

from __future__ import annotations

import pytest

from tests.end_to_end.workplace import Workplace
from tests.support.packages import make_sdist, make_wheel

WEB = "web-3.0-py3-none-any.whl"


@pytest.fixture
def market(work: Workplace) -> Workplace:
    """An index with markers, extras, ranges that exclude each other's newest, pre-releases and sdists."""
    folder = work.index.folder
    make_wheel(
        folder,
        WEB,
        requires=["json-tools<3", 'arm-only; platform_machine == "aarch64"', 'old; python_version < "3.10"'],
        extras={"mail": ["mailer[html]>=1"], "all": ["web[mail]", "speed"]},
    )
    make_wheel(folder, "web-2.0-py3-none-any.whl")
    for version in ("1.0", "2.0", "2.5", "3.0", "4.0rc1"):
        make_wheel(folder, f"json_tools-{version}-py3-none-any.whl")
    make_wheel(folder, "arm_only-1.0-cp313-cp313-manylinux_2_17_aarch64.whl")
    make_wheel(folder, "intel_only-1.0-cp313-cp313-manylinux2014_x86_64.whl")
    make_wheel(folder, "mailer-1.0-py3-none-any.whl", extras={"html": ["templates; sys_platform == 'linux'"]})
    make_wheel(folder, "mailer-2.0-py3-none-any.whl", requires_python=">=3.14", extras={"html": []})
    for name in ("templates", "speed", "old"):
        make_wheel(folder, f"{name}-1.0-py3-none-any.whl")
    make_sdist(folder, "only_source", "1.0", requires=["json-tools>=2"], project_table=True)
    return work


@pytest.mark.parametrize(
    ("lines", "constraints", "expected"),
    [
        (["web<3", "json-tools>=4.0rc1"], [], {"web": "2.0", "json-tools": "4.0rc1"}),
        (["web", "json-tools>=2"], ["json-tools!=2.5"], {"web": "3.0", "json-tools": "2.0", "arm-only": "1.0"}),
        (
            ["WEB[all]"],
            ["mailer<5", "unheard-of==1"],
            {"web": "3.0", "json-tools": "2.5", "arm-only": "1.0", "mailer": "1.0", "templates": "1.0", "speed": "1.0"},
        ),
        (['intel_only; platform_machine == "x86_64"', "json.tools"], [], {"json-tools": "3.0"}),
        (["--pre", "json-tools"], [], {"json-tools": "4.0rc1"}),
    ],
    ids=["pre-release", "constraint", "extras", "marker", "pre"],
)
def test_the_same_closure(
    market: Workplace, lines: list[str], constraints: list[str], expected: dict[str, str]
) -> None:
    market.write("requirements.txt", *lines)
    market.write("constraints.txt", *constraints)

    uv, pip = (market.packed("--resolver", name, "-c", "constraints.txt") for name in ("uv", "pip"))

    assert (uv.closure, pip.closure) == (expected, expected)
    assert uv.bytes == pip.bytes


@pytest.mark.parametrize("resolver", ["uv", "pip"])
def test_what_needs_building_is_in_the_closure_of_both(market: Workplace, resolver: str) -> None:
    market.write("requirements.txt", "only-source")

    done = market.check("--resolver", resolver)

    assert done.exit_code == 0, done.text
    assert "2 packages, 1 with a wheel that fits by its tags, 1 to be built" in done.output


@pytest.mark.parametrize("resolver", ["uv", "pip"])
def test_requirements_that_contradict_each_other(market: Workplace, resolver: str) -> None:
    market.write("requirements.txt", "speed", "-r more.txt")
    market.write("more.txt", "# two that do not go together", "web==3.0", "Json_Tools>=3")

    done = market.pack("--resolver", resolver)

    assert done.exit_code == 3, done.text
    assert "no set of versions satisfies the requirements" in done.errors
    # Only the lines that it is about, and where they stand.
    assert "  more.txt:2: web==3.0\n  more.txt:3: Json_Tools>=3\n" in done.errors
    assert "requirements.txt:1" not in done.errors
    assert not market.leftovers()


def test_several_indexes_are_merged_as_pip_merges_them(market: Workplace) -> None:
    links = market.folder.parent / "links"
    make_wheel(links, "json_tools-2.6-py3-none-any.whl")
    market.write("requirements.txt", "web")

    for resolver in ("uv", "pip"):
        assert market.packed("--resolver", resolver, "--find-links", links).closure["json-tools"] == "2.6"
