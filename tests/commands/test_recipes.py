"""What a recipe is found by, and that what is read is what was kept, or nothing."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_pack.commands.recipes import Question, Recipe, cache_named, read_recipe, recipe_key, recipe_path, today
from lambda_pack.commands.repeat import default_cache
from lambda_pack.tools.network.cache import Cache, default_cache_folder

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
PAIRS = st.dictionaries(TEXTS, TEXTS, max_size=3)
QUESTIONS = st.none() | st.builds(Question, st.lists(TEXTS, max_size=4), PAIRS, PAIRS, TEXTS)
FIELDS = ("day", "output", "stem", "archive", "sha256", "report", "lock", "told", "told_again", "warned")


@st.composite
def recipes(draw: st.DrawFn) -> Recipe:
    """Any recipe."""
    recipe = Recipe()
    for name in FIELDS:
        setattr(recipe, name, draw(TEXTS) if name != "told" else (draw(TEXTS), draw(TEXTS)))
    recipe.looks = tuple(draw(st.lists(st.tuples(TEXTS, st.booleans(), TEXTS), max_size=3)))
    recipe.wheels = tuple(draw(st.lists(st.tuples(TEXTS, st.integers(0, 1 << 40)), max_size=3)))
    recipe.question = draw(QUESTIONS)
    recipe.segments = draw(st.binary(max_size=30))
    return recipe


@given(recipe=recipes())
def test_what_is_read_is_what_was_kept(recipe: Recipe) -> None:
    read = read_recipe(recipe.encoded())

    for name in (*FIELDS, "looks", "wheels"):
        assert getattr(read, name) == getattr(recipe, name)
    assert (read.question is None) == (recipe.question is None)
    if read.question is not None and recipe.question is not None:
        for name in Question.__slots__:
            assert getattr(read.question, name) == getattr(recipe.question, name)
    assert read.segments == recipe.segments


@given(recipe=recipes(), at=st.integers(0), data=st.data())
def test_what_is_damaged_is_not_read(recipe: Recipe, at: int, data: st.DataObject) -> None:
    kept = recipe.encoded()
    at %= len(kept)
    other = data.draw(st.integers(1, 255))
    for damaged in (kept[:at] + bytes([kept[at] ^ other]) + kept[at + 1 :], kept[:at]):
        with pytest.raises((ValueError, struct.error, StopIteration)):
            read_recipe(damaged)


def test_a_text_that_would_separate_is_refused() -> None:
    recipe = Recipe()
    for name in FIELDS:
        setattr(recipe, name, "" if name != "told" else ("", "a\0b"))
    recipe.looks, recipe.wheels, recipe.question = (), (), None
    recipe.segments = b""
    with pytest.raises(ValueError, match="NUL"):
        recipe.encoded()


def test_a_recipe_lies_where_the_cache_keeps_it(tmp_path: Path) -> None:
    with Cache(tmp_path) as cache:
        cache.store("recipes", "key", b"content")
    assert Path(recipe_path(str(tmp_path), "key")).read_bytes() == b"content"


def test_words_folder_and_environment_make_the_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = recipe_key(["pack", "-q"], {"A": "1"})

    assert key == recipe_key(["pack", "--force", "-q"], {"A": "1", "SHLVL": "2", "PWD": "/", "_": "x"})
    others = [
        recipe_key(["pack"], {"A": "1"}),
        recipe_key(["pack", "-q", "A=1"], {}),
        recipe_key(["pack", "-q"], {"A": "2"}),
        recipe_key(["pack", "-q"], {"A": "1", "B": ""}),
    ]
    monkeypatch.chdir(tmp_path)
    others.append(recipe_key(["pack", "-q"], {"A": "1"}))
    assert len({key, *others}) == len(others) + 1


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["pack", "--cache-dir", "here"], "here"),
        (["pack", "--cache-dir=here"], "here"),
        (["pack", "--cache-dir"], None),
        (["pack", "--cache-dir", "a", "--cache-dir=b"], None),
        (["pack"], None),
    ],
)
def test_the_cache_that_words_name(words: list[str], named: str | None) -> None:
    assert cache_named(words) == named


@pytest.mark.parametrize(
    "variables", [{}, {"XDG_CACHE_HOME": "/there"}, {"XDG_CACHE_HOME": ""}, {"HOME": "/somewhere"}]
)
def test_the_default_is_that_of_the_cache(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert default_cache(variables) == str(default_cache_folder())


def test_a_recipe_is_of_one_day() -> None:
    recipe = Recipe()
    recipe.day, recipe.looks = today(), ()
    assert recipe.holds()
    recipe.day = "2026-01-01"
    assert not recipe.holds()
