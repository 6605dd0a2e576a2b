"""Who pulled a package in."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from lambda_pack.model.chains import Dependencies, dependencies_in, find_chains
from lambda_pack.model.requirements import Origin, Requested
from lambda_pack.model.targets import Target

X86 = Target.parse("python3.13")
ARM = Target.parse("python3.13", "arm64")


def requested(*lines: str) -> list[Requested]:
    """One requirement on each line of r.txt."""
    return [Requested(Origin("r.txt", number), Requirement(text)) for number, text in enumerate(lines, start=1)]


def chains(lines: list[str], requires: Mapping[str, list[str]], target: Target = X86) -> dict[str, str]:
    """Each package reached, with its chain as readers see it."""
    known = {canonicalize_name(name): tuple(map(Requirement, texts)) for name, texts in requires.items()}
    found = find_chains(requested(*lines), known, target)
    return {name: str(chain) for name, chain in found.items()}


@pytest.mark.parametrize(
    ("lines", "requires", "expected"),
    [
        pytest.param(["a"], {}, {"a": "r.txt:1: a"}, id="direct"),
        pytest.param(["a"], {"a": ["b"], "b": ["c"]}, {"a": "1: a", "b": "1: a → b", "c": "1: a → b → c"}, id="deep"),
        pytest.param(
            ["a", "d"],
            {"a": ["b"], "b": ["c"], "d": ["c"]},
            {"a": "1: a", "b": "1: a → b", "d": "2: d", "c": "2: d → c"},
            id="the shortest way",
        ),
        pytest.param(["a", "b"], {"a": ["b"]}, {"a": "1: a", "b": "2: b"}, id="a line of its own is shorter"),
        pytest.param(
            ["a", "b"], {"a": ["c"], "b": ["c"]}, {"a": "1: a", "b": "2: b", "c": "1: a → c"}, id="the first of two"
        ),
        pytest.param(["a"], {"a": ["b"], "b": ["a"]}, {"a": "1: a", "b": "1: a → b"}, id="a circle"),
        pytest.param(
            ["a"], {"a": ["a[x]", "b; extra == 'x'"]}, {"a": "1: a", "b": "1: a → a → b"}, id="an extra of itself"
        ),
        pytest.param(["a"], {"a": ["b; extra == 'x'"]}, {"a": "1: a"}, id="an extra not asked for"),
        pytest.param(["a[x]"], {"a": ["b; extra == 'x'"]}, {"a": "1: a", "b": "1: a → b"}, id="an extra asked for"),
        pytest.param(
            ["a[Foo_Bar]"], {"a": ["b; extra == 'foo-bar'"]}, {"a": "1: a", "b": "1: a → b"}, id="spelt otherwise"
        ),
        pytest.param(
            ["a", "c"],
            {"a": ["b; extra == 'x'"], "c": ["a[x]"]},
            {"a": "1: a", "c": "2: c", "b": "2: c → a → b"},
            id="only the longer way has the extra",
        ),
        pytest.param(["A.B"], {"a-b": ["C_d"]}, {"a-b": "1: a-b", "c-d": "1: a-b → c-d"}, id="names are normalized"),
        pytest.param(["a; sys_platform == 'win32'", "b"], {"a": ["c"]}, {"b": "2: b"}, id="a line for another system"),
        pytest.param(["a"], {"a": ["b; sys_platform == 'win32'"]}, {"a": "1: a"}, id="a child for another system"),
        pytest.param(
            ["a[x]"], {"a": ["b; extra == 'x' and sys_platform == 'win32'"]}, {"a": "1: a"}, id="extra and other system"
        ),
    ],
)
def test_chains(lines: list[str], requires: dict[str, list[str]], expected: dict[str, str]) -> None:
    assert {name: f"r.txt:{chain.removeprefix('r.txt:')}" for name, chain in expected.items()} == chains(
        lines, requires
    )


@pytest.mark.parametrize(("target", "expected"), [(ARM, {"a", "for-arm"}), (X86, {"a", "for-x86"})])
def test_markers_are_evaluated_for_the_target(target: Target, expected: set[str]) -> None:
    """Case 14."""
    texts = ['for-arm; platform_machine == "aarch64"', 'for-x86; platform_machine == "x86_64"']
    assert chains(["a"], {"a": texts}, target).keys() == expected


def test_a_line_without_a_name_starts_no_chain() -> None:
    line = Requested(Origin("r.txt", 1), None, "file:///project")
    assert find_chains([line], {}, X86) == {}


@pytest.mark.parametrize(
    ("text", "extras", "expected"),
    [
        ("a", (), True),
        ("a; extra == 'x'", (), False),
        ("a; extra == 'x'", ("y", "x"), True),
        ("a; extra == 'x' or python_version > '3'", (), True),
        ("a; python_version < '3'", ("x",), False),
        ("a; platform_release >= '5'", (), False),
    ],
)
def test_a_marker_counts_on_the_target(text: str, extras: tuple[str, ...], *, expected: bool) -> None:
    assert X86.satisfies(Requirement(text).marker, extras) is expected


def test_dependencies_that_are_no_requirements_are_passed_over() -> None:
    headers = [
        "Metadata-Version: 2.1",
        "Name: a",
        "Requires-Dist: b>=1",
        "Requires-Dist: c (nonsense)",
        "Requires-Dist: d",
    ]
    metadata = "\n".join([*headers, "", "Requires-Dist: in-the-body"])
    assert [requirement.name for requirement in dependencies_in(metadata.encode())] == ["b", "d"]


@pytest.mark.parametrize("metadata", [b"", b"\xff\xfe\x00", b"Name: a\n", b"Requires-Dist\n"])
def test_metadata_that_says_nothing_has_no_dependencies(metadata: bytes) -> None:
    assert dependencies_in(metadata) == ()


NAMES = st.sampled_from("abcdef")


@given(lines=st.lists(NAMES, max_size=3), edges=st.dictionaries(NAMES, st.lists(NAMES, max_size=4)))
def test_no_chain_is_longer_than_the_way_through_the_graph(lines: list[str], edges: dict[str, list[str]]) -> None:
    """The oracle: level by level, in sets."""
    distance: dict[str, int] = {}
    level = {*lines}
    for depth in range(1, 8):
        level -= distance.keys()
        distance |= dict.fromkeys(level, depth)
        level = {child for name in level for child in edges.get(name, [])}
    known: dict[NormalizedName, tuple[Requirement, ...]] = {
        canonicalize_name(name): tuple(map(Requirement, children)) for name, children in edges.items()
    }
    found = find_chains(requested(*lines), known, X86)
    assert {name: len(chain.names) for name, chain in found.items()} == distance
    for name, chain in found.items():
        assert chain.names[-1] == name
        assert all(below in edges[above] for above, below in zip(chain.names, chain.names[1:], strict=False))


def dependencies(lines: list[str], requires: Mapping[str, list[str]]) -> Dependencies:
    """What wheels with these `Requires-Dist` make of the lines."""
    metadata = {
        canonicalize_name(name): "".join(f"Requires-Dist: {text}\n" for text in texts).encode()
        for name, texts in requires.items()
    }
    return Dependencies.read(requested(*lines), metadata, X86)


@pytest.mark.parametrize(
    ("lines", "requires", "expected"),
    [
        pytest.param(["a"], {"a": ["b[x]"], "b": []}, {"a": "", "b": "x"}, id="asked for by a package"),
        pytest.param(["a[y]"], {"a": ["b[x]; extra == 'y'"], "b": []}, {"a": "y", "b": "x"}, id="below an extra"),
        pytest.param(["a"], {"a": ["b[x]; extra == 'y'"], "b": []}, {"a": "", "b": ""}, id="below another extra"),
        pytest.param([], {"a": ["b[x]"], "b": []}, {"a": "", "b": "x"}, id="a lock that does not say where to begin"),
        pytest.param(["a", "a[y]"], {"a": ["a[x]; extra == 'y'"]}, {"a": "x y"}, id="several times"),
    ],
)
def test_extras_count_where_they_are_asked_for(
    lines: list[str], requires: Mapping[str, list[str]], expected: Mapping[str, str]
) -> None:
    found = dependencies(lines, requires)

    assert {name: " ".join(sorted(extras)) for name, extras in found.extras.items()} == expected


def test_requirements_below_an_extra_count_only_with_it() -> None:
    requires = {"data": ["numbers", "science; extra == 'computation'", "other; sys_platform == 'win32'"]}
    name = canonicalize_name("data")

    assert [line.name for line in dependencies(["data"], requires).of(name)] == ["numbers"]
    assert [line.name for line in dependencies(["data[computation]"], requires).of(name)] == ["numbers", "science"]
