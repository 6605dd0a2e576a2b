"""`lambda-pack cache` after real packs."""

from __future__ import annotations

import pytest

from tests.end_to_end.command import COMMAND
from tests.end_to_end.workplace import Workplace
from tests.support.packages import make_wheel


@pytest.fixture
def packed(work: Workplace) -> Workplace:
    """A project that was packed once."""
    make_wheel(work.index.folder, "six-1.17.0-py3-none-any.whl")
    work.write("requirements.txt", "six")
    done = work.pack("-r", "requirements.txt")
    assert done.exit_code == 0, done.text
    return work


def test_it_says_what_it_holds(packed: Workplace) -> None:
    done = packed.run(*COMMAND, "cache", "info", "--cache-dir", str(packed.cache))
    assert done.exit_code == 0, done.text
    rows = {line.split()[0]: line for line in done.output.splitlines()[1:]}
    assert "1 files  downloads" in rows["files"]
    assert done.output.splitlines()[-1].split()[:2] == ["in", "all"]


def test_cleared_it_holds_nothing_and_the_next_pack_is_the_same(packed: Workplace) -> None:
    before = (packed.folder / "dist/shop-python3.13-arm64.zip").read_bytes()
    done = packed.run(*COMMAND, "cache", "clear", "--cache-dir", str(packed.cache))
    assert (done.exit_code, done.output.splitlines()[1].endswith("0.0 KB left")) == (0, True), done.text
    again = packed.pack("-r", "requirements.txt")
    assert again.exit_code == 0, again.text
    assert (packed.folder / "dist/shop-python3.13-arm64.zip").read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("prune", "--max-size", "much"), "'much' is not a max-size; write bytes, or 500M, or 2G"),
        (("prune", "--unused-for", "-1"), "'-1' is not unused-for; write days, such as 7"),
        (("info", "--max-size", "1G"), "--max-size and --unused-for are for prune"),
    ],
)
def test_what_it_cannot_understand(work: Workplace, arguments: tuple[str, ...], message: str) -> None:
    done = work.run(*COMMAND, "cache", *arguments, "--cache-dir", str(work.cache))
    assert done.exit_code == 2
    assert message in done.errors
