"""What a recipe is found by, and that what is read is what was kept, or nothing."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_pack.commands.recipes import Recipe, cache_named, read_recipe, recipe_key, recipe_path, today
from lambda_pack.commands.repeat import default_cache
from lambda_pack.commands.secret import make_secret, read_secret
from lambda_pack.tools.network.cache import Cache, default_cache_folder
from lambda_pack.tools.uv_question import Question

SECRET = b"secret" * 5 + b"12"
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
PAIRS = st.dictionaries(TEXTS, TEXTS, max_size=3)
LOOKS = st.lists(st.tuples(TEXTS, st.booleans(), TEXTS), max_size=3).map(tuple)
WHEELS = st.lists(st.tuples(TEXTS, st.integers(0, 1 << 40)), max_size=3).map(tuple)
NAMES = ("day", "output", "stem", "archive", "sha256", "report", "lock", "before", "after", "unchanged", "warnings")
FIELDS: dict[str, st.SearchStrategy[object]] = {
    **dict.fromkeys(NAMES, TEXTS),
    "looks": LOOKS,
    "wheels": WHEELS,
    "segments": st.binary(max_size=30),
    "question": st.none(),
}
RECIPES = st.builds(Recipe, **FIELDS) | st.builds(
    Recipe,
    **{
        **FIELDS,
        "question": st.builds(Question, st.lists(TEXTS, max_size=4), PAIRS, PAIRS),
        "answer": TEXTS.filter(bool),
    },
)


def recipe_of(**fields: object) -> Recipe:
    """A recipe of nothing but these fields."""
    nothing: dict[str, Any] = {**dict.fromkeys(NAMES, ""), "looks": (), "wheels": (), "segments": b""}
    return Recipe(**{**nothing, **fields})


@given(recipe=RECIPES)
def test_what_is_read_is_what_was_kept(recipe: Recipe) -> None:
    read = read_recipe(recipe.sealed(SECRET), SECRET)

    for name in (*NAMES, "looks", "wheels", "segments", "answer"):
        assert getattr(read, name) == getattr(recipe, name)
    assert (read.question is None) == (recipe.question is None)
    if read.question is not None and recipe.question is not None:
        for name in Question.__slots__:
            assert getattr(read.question, name) == getattr(recipe.question, name)


@given(recipe=RECIPES, at=st.integers(0), data=st.data())
def test_what_is_damaged_is_not_read(recipe: Recipe, at: int, data: st.DataObject) -> None:
    kept = recipe.sealed(SECRET)
    at %= len(kept)
    other = data.draw(st.integers(1, 255))
    for damaged in (kept[:at] + bytes([kept[at] ^ other]) + kept[at + 1 :], kept[:at]):
        with pytest.raises((ValueError, struct.error, StopIteration)):
            read_recipe(damaged, SECRET)


def test_what_another_has_sealed_is_not_read() -> None:
    with pytest.raises(ValueError, match="not a recipe of ours"):
        read_recipe(recipe_of().sealed(b"x" * 32), SECRET)


def test_a_text_that_would_separate_is_refused() -> None:
    with pytest.raises(ValueError, match="NUL"):
        recipe_of(before="a\0b").sealed(SECRET)


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
    assert recipe_of(day=today()).holds()
    assert not recipe_of(day="2026-01-01").holds()


def test_a_secret_is_made_once_and_only_ours(tmp_path: Path) -> None:
    environ = {"XDG_STATE_HOME": str(tmp_path / "state")}
    assert read_secret(environ) is None
    secret = make_secret(environ)

    assert secret is not None
    assert make_secret(environ) == read_secret(environ) == secret
    file = tmp_path / "state/lambda-pack/recipes.secret"
    file.chmod(0o644)
    assert read_secret(environ) is None
    file.chmod(0o600)
    file.write_bytes(b"short")
    assert make_secret(environ) is None


def test_without_a_place_there_is_no_secret(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert make_secret({"XDG_STATE_HOME": str(tmp_path / "file")}) is None
