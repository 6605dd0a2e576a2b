"""What users ask for, held against pip where pip knows."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version
from pip._internal.models.format_control import FormatControl

from lambda_pack.model.packages import Hashes
from lambda_pack.model.requirements import (
    CHECKED_ALGORITHMS,
    HASH_ALGORITHMS,
    FileChoice,
    Origin,
    Requested,
    Requirements,
    is_checkable,
    proofs_in,
)

WORDS = st.lists(st.sampled_from([":all:", ":none:", "foo", "Foo_Bar", "foo-bar", "other"]), min_size=1).map(",".join)
SAID = st.lists(st.tuples(st.booleans(), WORDS), max_size=6)


@given(SAID)
def test_kinds_of_files_are_chosen_as_pip_does(said: list[tuple[bool, str]]) -> None:
    """`--no-binary` and `--only-binary` in any order: the newest word on a package wins."""
    pip, ours = FormatControl(), FileChoice()
    for is_no_binary, words in said:
        if is_no_binary:
            FormatControl.handle_mutual_excludes(words, pip.no_binary, pip.only_binary)
            ours = ours.without_wheels(words)
        else:
            FormatControl.handle_mutual_excludes(words, pip.only_binary, pip.no_binary)
            ours = ours.without_sdists(words)
    for name in map(canonicalize_name, ("foo", "foo-bar", "other", "never-named")):
        allowed = pip.get_allowed_formats(name)
        assert (ours.allows_wheel(name), ours.allows_sdist(name)) == ("binary" in allowed, "source" in allowed), name


@pytest.mark.parametrize(
    ("said", "wheel", "sdist"),
    [
        ([], True, True),
        (["--no-binary foo"], False, True),
        (["--no-binary :all:"], False, True),
        (["--no-binary other"], True, True),
        (["--only-binary :all:"], True, False),
        (["--only-binary :all:", "--no-binary foo"], False, True),
        (["--no-binary foo", "--only-binary :all:"], True, False),
        (["--no-binary foo", "--no-binary :none:"], True, True),
        (["--no-binary foo", "--only-binary foo"], True, False),
    ],
)
def test_kinds_of_files(said: list[str], *, wheel: bool, sdist: bool) -> None:
    choice, foo = FileChoice(), canonicalize_name("foo")
    for option, words in (line.split() for line in said):
        choice = choice.without_wheels(words) if option == "--no-binary" else choice.without_sdists(words)
    assert (choice.allows_wheel(foo), choice.allows_sdist(foo)) == (wheel, sdist)


def line(text: str, *hashes: tuple[str, str]) -> Requested:
    """A requirement as written in line 1 of r.txt."""
    return Requested(Origin("r.txt", 1), Requirement(text), hashes=hashes)


def test_hashes_are_gathered_from_every_line_of_the_package() -> None:
    first, second = ("sha256", "a" * 64), ("sha256", "b" * 64)
    asked = Requirements(Path(), (line("Foo.Bar", first), line("other", second)), (line("foo_bar", first, second),))
    assert asked.hashes(canonicalize_name("foo-bar")) == (first, second)


def test_allowed_is_what_lines_and_constraints_leave() -> None:
    nameless = Requested(Origin("r.txt", 1), None, "file:///project")
    asked = Requirements(Path(), (line("Foo>=1"), line("other<1"), nameless), (line("foo<2"),))
    allowed = asked.allowed(canonicalize_name("foo"))
    assert [version for version in ("0.9", "1.0", "1.9", "2.0") if Version(version) in allowed] == ["1.0", "1.9"]
    assert str(asked.allowed(canonicalize_name("unheard"))) == ""


@pytest.mark.parametrize(
    ("requested", "text"),
    [
        (line("Foo[b,a]>=1 ; os_name=='posix'"), 'Foo[a,b]>=1; os_name == "posix"'),
        (Requested(Origin("r.txt", 1), None, "file:///p"), "file:///p"),
        (
            Requested(Origin("r.txt", 1), None, "file:///p", frozenset({"b", "a"}), Marker("os_name == 'posix'")),
            'file:///p[a,b] ; os_name == "posix"',
        ),
    ],
)
def test_a_line_reads_as_it_could_be_written(requested: Requested, text: str) -> None:
    assert str(requested) == text


def test_what_is_not_checked_or_is_weak_proves_nothing() -> None:
    hashes = (("crc32", "00"), ("md5", "11"), ("sha512", "22"), ("blake2b", "33"), ("sha224", "44"))
    assert proofs_in(hashes) == (("sha512", "22"), ("blake2b", "33"))


def test_every_algorithm_with_a_length_of_its_own_is_checked() -> None:
    fixed = {name for name in hashlib.algorithms_guaranteed if hashlib.new(name).digest_size}
    assert fixed == CHECKED_ALGORITHMS.keys()
    assert CHECKED_ALGORITHMS.keys() >= HASH_ALGORITHMS.keys()
    sizes = [hashlib.new(name).digest_size for name in CHECKED_ALGORITHMS]
    assert sizes == sorted(sizes, reverse=True)


@pytest.mark.parametrize(
    ("hashes", "expected"),
    [((), True), ((("crc32", "00"),), False), ((("crc32", "00"), ("md5", "00")), True), ((("", ""),), False)],
)
def test_what_can_be_checked(hashes: Hashes, *, expected: bool) -> None:
    assert is_checkable(hashes) is expected


@pytest.mark.parametrize("algorithm", ["sha512", "sha384", "sha256", "sha224", "sha1", "md5"])
def test_a_digest_in_a_url_counts_as_in_pip(algorithm: str) -> None:
    line = Requested(Origin("r.txt", 1), Requirement(f"six @ https://x.example/six-1.whl#{algorithm}=AB"))
    found = Requirements(Path(), (line,)).hashes(canonicalize_name("six"))
    assert found == ((algorithm, "ab"),)


def test_an_origin_is_where_an_editor_goes() -> None:
    assert str(Origin("dir/r.txt", 3)) == "dir/r.txt:3"
