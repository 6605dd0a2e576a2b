"""What is kept between runs, and what happens when it is damaged, shared, out of reach or not wanted."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.end_to_end.workplace import Workplace, files_below
from tests.support.faults import Slow
from tests.support.packages import make_wheel

NAMES = ("one", "two", "three")


@pytest.fixture
def shop(work: Workplace) -> Workplace:
    """A project that needs three wheels."""
    for name in NAMES:
        make_wheel(work.index.folder, f"{name}-1.0-py3-none-any.whl", files={f"{name}.txt": name * 1000})
    work.write("requirements.txt", *NAMES)
    return work


def cached(work: Workplace) -> list[Path]:
    """The wheels in the cache."""
    return sorted(work.cache.rglob("*.whl"))


def test_what_is_here_is_not_fetched_again(shop: Workplace) -> None:
    first = shop.packed()
    shop.index.forget()

    assert shop.packed().bytes == first.bytes
    assert len(cached(shop)) == 3
    assert not shop.index.asked("*.whl")


def test_a_damaged_wheel_is_noticed_thrown_away_and_fetched_again(shop: Workplace) -> None:
    first = shop.packed()
    shop.index.forget()
    damaged = cached(shop)[0]
    content = bytearray(damaged.read_bytes())
    content[len(content) // 2] ^= 1
    damaged.write_bytes(content)

    again = shop.packed("-v")

    assert again.bytes == first.bytes
    assert f"{damaged.name} in the cache is damaged: thrown away, and fetched again" in again.said.errors
    assert len(shop.index.asked("*.whl")) == 1
    assert damaged.read_bytes() != content


def test_a_damaged_wheel_is_not_used_when_the_index_is_gone(shop: Workplace) -> None:
    lock = shop.packed().lock_path
    cached(shop)[0].write_bytes(b"damaged")
    for file in shop.index.folder.iterdir():
        file.unlink()

    assert shop.pack("-r", lock).exit_code == 5


def test_no_cache_leaves_nothing(shop: Workplace) -> None:
    # Whatever a home may hold is looked at, and not only our own folder in it.
    home, caches = Path(shop.environment["HOME"]), shop.folder.parent / "other-caches"

    shop.packed("--no-cache", extra={"XDG_CACHE_HOME": str(caches)})

    assert [files_below(folder) for folder in (shop.cache, caches, home, shop.temporary)] == [[], [], [], []]


def test_a_cache_that_cannot_be_written_is_still_read(shop: Workplace) -> None:
    first = shop.packed()
    cached(shop)[0].unlink()
    # Not a permission: tests may run as root, whom no permission stops.
    (shop.cache / "partial").rmdir()
    (shop.cache / "partial").touch()
    before = files_below(shop.cache)
    shop.index.forget()

    assert shop.packed().bytes == first.bytes
    assert len(shop.index.asked("*.whl")) == 1
    assert files_below(shop.cache) == before
    assert not files_below(shop.temporary)


def test_two_runs_share_a_cache(shop: Workplace) -> None:
    shop.index.misbehave("*.whl", Slow(0.02, chunk=100))

    def one(number: int) -> bytes:
        output = shop.folder / f"dist-{number}"
        done = shop.pack("-o", output)
        assert done.exit_code == 0, done.text
        return next(output.glob("*.zip")).read_bytes()

    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(one, range(2))

    assert first == second
    assert len(cached(shop)) == 3
    assert not files_below(shop.cache / "partial")
