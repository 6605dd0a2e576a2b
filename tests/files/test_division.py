"""A bundle divided into a function and layers: nothing is lost or too heavy, and it comes out the same again."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from lambda_pack.files.archive import zipped_at_most
from lambda_pack.files.bundle import Bundle
from lambda_pack.files.division import divide, evenly, heaviest_first, split_packages, within
from lambda_pack.files.entries import OWN, PLAIN, Entry, Owner
from lambda_pack.model.packages import Pin

PREFIX = "python/"


def file(path: str, owner: Owner, size: int = 10) -> Entry:
    """A file of zeros."""
    return Entry(path, bytes(size), PLAIN, owner, size)


@st.composite
def bundles(draw: st.DrawFn) -> Bundle:
    """Packages with a few files each, and perhaps own code."""
    names = draw(st.sets(st.sampled_from("abcdefgh"), min_size=1))
    entries = [
        file(f"{name}/{number}.py", Pin.parse(name, "1"), size)
        for name in sorted(names)
        for number, size in enumerate(draw(st.lists(st.integers(0, 500), min_size=1, max_size=3)))
    ]
    own = [file("app.py", OWN)] if draw(st.booleans()) else []
    return Bundle(tuple(sorted((*entries, *own), key=lambda entry: entry.path)))


@given(bundles(), st.integers(300, 2_000))
def test_parts_within_a_limit_hold_everything_once(bundle: Bundle, limit: int) -> None:
    places = within(heaviest_first(bundle), limit)
    parts = divide(bundle, {pin: f"layer{place}" for pin, place in places.items()}, prefix=PREFIX)

    paths = [entry.path.removeprefix(PREFIX) for part in parts for entry in part.entries]
    assert sorted(paths) == [entry.path for entry in bundle.entries]
    assert [part.layer for part in parts] == sorted((part.layer for part in parts), key=lambda name: name or "")
    for part in parts:
        owners = {entry.owner for entry in part.entries}
        plain = [entry._replace(path=entry.path.removeprefix(PREFIX)) for entry in part.entries]
        assert part.layer is None or len(owners) == 1 or zipped_at_most(plain) <= limit
        assert (part.layer is None) == (owners == {OWN})


@given(bundles(), st.integers(1, 5))
def test_even_parts_differ_by_no_more_than_the_heaviest_package(bundle: Bundle, count: int) -> None:
    weights = dict(heaviest_first(bundle))
    places = evenly(heaviest_first(bundle), count)

    loads = [sum(weights[pin] for pin, place in places.items() if place == number) for number in range(count)]
    assert max(loads) - min(loads) <= max(weights.values())


@given(bundles(), st.integers(300, 2_000), st.randoms())
def test_the_order_of_files_does_not_matter(bundle: Bundle, limit: int, chance: Random) -> None:
    mixed = list(bundle.entries)
    chance.shuffle(mixed)
    assert within(heaviest_first(Bundle(tuple(mixed))), limit) == within(heaviest_first(bundle), limit)


def test_without_own_code_there_is_no_function() -> None:
    a, b = Pin.parse("a", "1"), Pin.parse("b", "1")
    parts = divide(Bundle((file("a.py", a), file("b.py", b))), {a: "one", b: "two"}, prefix=PREFIX)
    assert [(part.layer, [entry.path for entry in part.entries]) for part in parts] == [
        ("one", ["python/a.py"]),
        ("two", ["python/b.py"]),
    ]


def test_only_a_package_of_its_own_is_torn_apart() -> None:
    a, b = Pin.parse("a", "1"), Pin.parse("b", "1")
    torn = Bundle(
        (file("x/__init__.py", a), file("x/a.py", a), file("x/b.py", b), file("n/a.py", a), file("n/b.py", b))
    )
    assert list(split_packages(divide(torn, {b: "two"}, prefix=PREFIX), prefix=PREFIX)) == ["x"]
    assert not list(split_packages(divide(torn, {a: "one", b: "two"}, prefix=PREFIX), prefix=PREFIX))
