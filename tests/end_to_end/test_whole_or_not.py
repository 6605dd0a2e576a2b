"""A full disk, a folder in the way: what was there stays, and nothing is half there."""

from __future__ import annotations

import os
import sys

import pytest

from tests.end_to_end.workplace import Workplace, files_below
from tests.support.packages import make_wheel

# Becomes the command, with no file allowed to become larger than so many bytes: what a full disk looks like.
LIMITED = """
import os, resource, sys
size = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
os.execv(sys.argv[2], sys.argv[2:])
"""
SIZE = 300_000
ZIP = "shop-python3.13-arm64.zip"


@pytest.fixture
def shop(work: Workplace) -> Workplace:
    """A project that needs two wheels, which cannot be made smaller."""
    for name in ("one", "two"):
        make_wheel(work.index.folder, f"{name}-1.0-py3-none-any.whl", files={f"{name}.bin": os.urandom(SIZE)})
    work.write("requirements.txt", "one", "two")
    return work


@pytest.mark.skipif(sys.platform == "win32", reason="there are no such limits")
@pytest.mark.parametrize(
    ("limit", "words"),
    [(int(1.5 * SIZE), "'dist/shop-python3.13-arm64.zip' "), (SIZE // 2, "cannot be written to the cache")],
    ids=["for the zip", "for the cache"],
)
def test_a_full_disk(shop: Workplace, limit: int, words: str) -> None:
    shop.write(f"dist/{ZIP}", "yesterday's")

    done = shop.run(sys.executable, "-c", LIMITED, str(limit), *shop.command("pack"))

    assert done.exit_code == 1
    assert words in done.errors
    assert "Traceback" not in done.errors
    assert files_below(shop.folder / "dist") == [ZIP]
    assert (shop.folder / "dist" / ZIP).read_text("utf-8") == "yesterday's\n"
    assert not files_below(shop.temporary)
    assert not files_below(shop.cache / "partial")


def test_a_folder_where_the_zip_should_be(shop: Workplace) -> None:
    shop.write(f"dist/{ZIP}/note.txt", "mine")
    lock = shop.write("dist/shop-python3.13-arm64.pylock.toml", "# yesterday's")

    done = shop.pack()

    assert done.exit_code == 1
    assert "'dist' cannot be written" in done.errors
    assert files_below(shop.folder / "dist") == sorted([ZIP, f"{ZIP}/note.txt", lock.name])
    assert lock.read_text("utf-8") == "# yesterday's\n"


def test_a_folder_that_holds_something_else_is_not_replaced_by_a_tree(shop: Workplace) -> None:
    mine = shop.write("task/mine.py", "MINE = True")

    done = shop.pack("--to-dir", "task")

    assert done.exit_code != 0, done.text
    assert files_below(shop.folder / "task") == [mine.name]


def test_a_tree_of_an_earlier_pack_is_replaced_as_long_as_nothing_touched_it(shop: Workplace) -> None:
    shop.write("src/app.py", "X = 1")
    assert shop.pack("--to-dir", "task", "--source", "src").exit_code == 0
    shop.write("src/new.py", "")
    (shop.folder / "src" / "app.py").unlink()

    again = shop.pack("--to-dir", "task", "--source", "src")

    assert again.exit_code == 0, again.text
    assert (shop.folder / "task" / "new.py").is_file()
    assert not (shop.folder / "task" / "app.py").exists()

    (shop.folder / "task" / "new.py").write_text("mine", "utf-8")
    refused = shop.pack("--to-dir", "task", "--source", "src")
    assert refused.exit_code == 2
    assert "'task' exists and is not as an earlier pack has left it; remove it" in refused.errors
    assert (shop.folder / "task" / "new.py").read_text("utf-8") == "mine"
    assert not shop.leftovers()


def test_all_three_are_replaced(shop: Workplace) -> None:
    assert shop.pack().exit_code == 0
    names = files_below(shop.folder / "dist")
    for name in names:
        (shop.folder / "dist" / name).write_text("yesterday's", encoding="utf-8")

    assert shop.pack().exit_code == 0

    assert files_below(shop.folder / "dist") == names
    assert not [name for name in names if (shop.folder / "dist" / name).read_bytes() == b"yesterday's"]


def test_a_folder_made_for_nothing_is_gone_again(shop: Workplace) -> None:
    shop.write("requirements.txt", "no-such-thing")

    assert shop.pack("-o", "far/away").exit_code == 3
    assert files_below(shop.folder) == ["requirements.txt"]
