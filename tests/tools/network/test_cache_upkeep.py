"""A cache made smaller: what was used last goes last, and what another run may be reading stays."""

from __future__ import annotations

import hashlib
import os
import time
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from lambda_pack.tools.network.cache import Cache
from lambda_pack.tools.network.cache_upkeep import KINDS, clear, keep_bounded, prune, prune_to, survey

DAY = 86_400


def put(folder: Path, content: bytes, *, days: float) -> Path:
    """A file that was used so many days ago."""
    with Cache(folder) as cache, cache.partial() as partial:
        partial.write_bytes(content)
        path = cache.put(partial, "sha256", hashlib.sha256(content).hexdigest(), "a.whl")
    used = time.time() - days * DAY
    os.utime(path, (used, used))
    return path


def test_what_it_holds_is_counted_by_kind(tmp_path: Path) -> None:
    put(tmp_path, b"12345", days=0)
    put(tmp_path, b"123", days=0)
    with Cache(tmp_path) as cache:
        cache.store("audits", "key", b"[]")
    (tmp_path / "environments").mkdir()
    (tmp_path / "environments" / "python").write_bytes(b"not of the cache")

    assert [(row.kind, row.files, row.size) for row in survey(tmp_path)] == [("files", 2, 8), ("audits", 1, 2)]
    assert survey(tmp_path / "missing") == ()


def test_what_was_not_used_for_long_goes(tmp_path: Path) -> None:
    old, new = put(tmp_path, b"old", days=31), put(tmp_path, b"new", days=29)
    freed = prune(tmp_path, unused_for=30 * DAY)

    assert (freed.files, freed.size, freed.left) == (1, 3, 3)
    assert (old.exists(), new.exists()) == (False, True)
    assert not old.parent.exists(), "folders that are empty now are gone, too"


def test_what_was_used_last_stays_until_there_is_room(tmp_path: Path) -> None:
    paths = [put(tmp_path, b"x" * (10 + days), days=days) for days in (5, 1, 3)]
    freed = prune(tmp_path, most=12)

    assert [path.exists() for path in paths] == [False, True, False]
    assert freed.left == 11


def test_pruning_leaves_what_others_are_about_to_use(tmp_path: Path) -> None:
    with Cache(tmp_path) as cache, cache.partial() as partial:
        partial.write_bytes(b"x")
        os.utime(partial, (0, 0))
        prune(tmp_path, most=0)
        assert not partial.exists(), "somebody's remains"
    assert (tmp_path / "partial").is_dir()


def test_it_bounds_itself_once_a_day(tmp_path: Path) -> None:
    first = put(tmp_path, b"x" * 20, days=3)
    keep_bounded(tmp_path, most=10)
    second = put(tmp_path, b"y" * 20, days=3)
    keep_bounded(tmp_path, most=10)
    assert (first.exists(), second.exists()) == (False, True)

    yesterday = time.time() - DAY - 1
    os.utime(tmp_path / "pruned", (yesterday, yesterday))
    keep_bounded(tmp_path, most=10)
    assert not second.exists()


def test_what_may_be_in_use_stays_whatever_was_asked(tmp_path: Path) -> None:
    path = put(tmp_path, b"in use", days=0)
    prune(tmp_path, most=0, unused_for=0)
    assert path.exists()


def test_a_use_counts(tmp_path: Path) -> None:
    content = b"used again"
    path = put(tmp_path, content, days=40)
    with Cache(tmp_path) as cache:
        cache.store("audits", "key", b"[]")
        entry = next(file for file in (tmp_path / "audits").rglob("*") if file.is_file())
        for file in (path, entry):
            os.utime(file, (0, 0))
        before = time.time() - 1
        assert cache.get("sha256", hashlib.sha256(content).hexdigest(), "a.whl") == path
        assert cache.entry("audits", "key") == b"[]"
    assert prune_to(tmp_path, used_since=before).files == 0
    assert prune_to(tmp_path, used_since=time.time() + 1).files == 2


def test_clearing_leaves_what_is_no_cache(tmp_path: Path) -> None:
    put(tmp_path, b"1", days=0)
    (tmp_path / "environments").mkdir()
    (tmp_path / "environments" / "python").write_bytes(b"")
    assert clear(tmp_path).left == 0
    assert {path.name for path in tmp_path.iterdir()} == {"environments", "partial"}


def test_links_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "elsewhere").symlink_to(tmp_path / "mine")
    (tmp_path / "mine").write_bytes(b"mine")
    clear(tmp_path)
    assert (tmp_path / "mine").exists()


@given(
    files=st.lists(st.tuples(st.integers(1, 50), st.integers(1, 90), st.sampled_from(sorted(KINDS))), max_size=12),
    most=st.integers(0, 300),
)
def test_never_more_than_asked_and_never_more_removed_than_needed(
    tmp_path_factory: object, files: list[tuple[int, int, str]], most: int
) -> None:
    folder = tmp_path_factory.mktemp("cache")  # type: ignore[attr-defined]  # pytest's type is private
    ages = {}
    for number, (size, days, kind) in enumerate(files):
        path = folder / kind / "ab" / str(number)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x" * size)
        used = time.time() - days * DAY
        os.utime(path, (used, used))
        ages[path] = days
    freed = prune(folder, most=most)

    left = [path for path in ages if path.exists()]
    assert freed.left == sum(path.stat().st_size for path in left) <= most
    gone = [ages[path] for path in ages if path not in left]
    assert not gone or not left or min(gone) >= max(ages[path] for path in left)
    smallest_gone = min(gone, default=None)
    if smallest_gone is not None:
        last = [path for path, days in ages.items() if path not in left and days == smallest_gone]
        assert any(freed.left + files[int(path.name)][0] > most for path in last)


def test_links_are_not_followed(tmp_path: Path) -> None:
    cache, elsewhere = tmp_path / "cache", tmp_path / "elsewhere"
    for folder in ("files", "partial", "pages"):
        (elsewhere / folder).mkdir(parents=True)
        (elsewhere / folder / "mine").write_bytes(b"x")
        os.utime(elsewhere / folder / "mine", (0, 0))
    cache.mkdir()
    for folder in ("files", "partial"):
        (cache / folder).symlink_to(elsewhere / folder)
    (cache / "pages").mkdir()
    (cache / "pages" / "ab").symlink_to(elsewhere / "pages")
    (cache / "pages" / "link").symlink_to(elsewhere / "pages" / "mine")

    assert survey(cache) == ()
    prune(cache, most=0)
    clear(cache)
    with Cache(cache) as opened, opened.partial() as partial:
        assert partial.is_file(), "what is new lives elsewhere"

    assert all((elsewhere / folder / "mine").exists() for folder in ("files", "partial", "pages"))
    assert (elsewhere / "partial").is_dir()


def test_clearing_leaves_what_is_arriving(tmp_path: Path) -> None:
    with Cache(tmp_path) as cache, cache.partial() as partial:
        clear(tmp_path)
        assert partial.exists()
