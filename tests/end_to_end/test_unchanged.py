"""A lock and own code that have not changed are not packed again; whatever else is packed."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.end_to_end.workplace import Workplace
from tests.support.packages import make_wheel
from tests.support.processes import Finished

STEM = "shop-python3.13-arm64"
UNCHANGED = "nothing has changed since it was packed: shop"


@pytest.fixture
def shop(work: Workplace) -> Workplace:
    """A project that was packed from its lock."""
    make_wheel(work.index.folder, "six-1.17.0-py3-none-any.whl")
    make_wheel(work.index.folder, "other-1.0-py3-none-any.whl")
    work.write("requirements.txt", "six")
    work.write("code/app.py", "import six")
    locked = work.pack("-r", "requirements.txt", "-o", "locked")
    assert locked.exit_code == 0, locked.text
    (work.folder / "locked" / f"{STEM}.pylock.toml").rename(work.folder / "pylock.toml")
    assert UNCHANGED not in packed(work).text
    return work


def packed(shop: Workplace, *options: str) -> Finished:
    """The same pack once more."""
    done = shop.pack("-r", "pylock.toml", "--source", "code", "-o", "dist", *options)
    assert done.exit_code == 0, done.text
    return done


def test_what_has_not_changed_is_told_again(shop: Workplace) -> None:
    files = [shop.folder / "dist" / f"{STEM}.{kind}" for kind in ("zip", "report.json", "pylock.toml")]
    before = [(file.read_bytes(), file.stat().st_mtime_ns) for file in files]
    report = json.loads(files[1].read_text("utf-8"))
    again = packed(shop)
    told = json.loads(packed(shop, "--json").output)

    assert UNCHANGED in again.output
    assert [(file.read_bytes(), file.stat().st_mtime_ns) for file in files] == before
    assert (told.pop("unchanged"), report.pop("unchanged")) == (True, False)
    assert told == report


def test_warnings_are_told_again(work: Workplace) -> None:
    make_wheel(work.index.folder, "six-1.17.0-py3-none-any.whl")
    work.write("requirements.txt", "six")
    work.write("code/.env", "SECRET=1")
    assert work.pack("-r", "requirements.txt", "-o", "locked").exit_code == 0
    (work.folder / "locked" / f"{STEM}.pylock.toml").rename(work.folder / "pylock.toml")
    first, second = packed(work), packed(work)

    told = [line for line in first.errors.splitlines() if line.startswith("warning: ")]
    assert any(".env" in line for line in told)
    assert UNCHANGED in second.output
    assert second.errors.splitlines() == told


def test_force_packs_the_same_bytes(shop: Workplace) -> None:
    zip_file = shop.folder / "dist" / f"{STEM}.zip"
    before = zip_file.read_bytes()
    again = packed(shop, "--force")

    assert UNCHANGED not in again.text
    assert zip_file.read_bytes() == before


def _other_code(shop: Workplace) -> None:
    shop.write("code/app.py", "import six  # again")


def _executable(shop: Workplace) -> None:
    (shop.folder / "code/app.py").chmod(0o755)


def _other_lock(shop: Workplace) -> None:
    lock = shop.folder / "pylock.toml"
    shop.write("requirements.txt", "other")
    assert shop.pack("-r", "requirements.txt", "-o", "other").exit_code == 0
    lock.write_bytes((shop.folder / "other" / f"{STEM}.pylock.toml").read_bytes())


def _gone(kind: str) -> Callable[[Workplace], None]:
    return lambda shop: (shop.folder / "dist" / f"{STEM}.{kind}").unlink()


def _damaged(kind: str) -> Callable[[Workplace], None]:
    def damage(shop: Workplace) -> None:
        path = shop.folder / "dist" / f"{STEM}.{kind}"
        path.write_bytes(path.read_bytes()[:-1] + b"x")

    return damage


def _forgotten(shop: Workplace) -> None:
    for entry in (shop.cache / "packs").rglob("*"):
        if entry.is_file():
            entry.write_bytes(b"[")


@pytest.mark.parametrize(
    "change",
    [
        _other_code,
        _executable,
        _other_lock,
        *map(_gone, ("zip", "report.json", "pylock.toml")),
        *map(_damaged, ("zip", "report.json")),
        _forgotten,
    ],
    ids=lambda change: getattr(change, "__qualname__", "change"),
)
def test_what_has_changed_is_packed(shop: Workplace, change: Callable[[Workplace], None]) -> None:
    change(shop)
    assert UNCHANGED not in packed(shop).text
    assert UNCHANGED in packed(shop).text


@pytest.mark.parametrize("option", ["--layout=layer", "--exclude=*.txt", "--dist-info=drop", "--no-binary=other"])
def test_another_question_is_another_pack(shop: Workplace, option: str) -> None:
    assert UNCHANGED not in packed(shop, option).text
    assert UNCHANGED in packed(shop, option).text


def test_what_builds_require_may_change_in_the_file_that_says_it(shop: Workplace) -> None:
    shop.write("build.txt", "setuptools<82")
    packed(shop, "--build-constraint", "build.txt")
    assert UNCHANGED in packed(shop, "--build-constraint", "build.txt").text

    shop.write("build.txt", "setuptools<80")
    assert UNCHANGED not in packed(shop, "--build-constraint", "build.txt").text


def test_what_only_packing_finds_out_is_packed(shop: Workplace) -> None:
    for _ in range(2):
        done = shop.pack("-r", "requirements.txt", "--resolver", "pip")
        assert done.exit_code == 0, done.text
        assert UNCHANGED not in done.text
