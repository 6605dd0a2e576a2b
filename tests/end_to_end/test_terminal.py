"""On a terminal: bars while files arrive, and a clean screen when it is over."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.end_to_end.workplace import Workplace
from tests.frontends.screen import Screen
from tests.support.faults import Slow
from tests.support.packages import make_wheel
from tests.support.processes import Finished

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="pseudo-terminals are POSIX's")
ON_TERMINAL = Path(__file__).with_name("on_terminal.py")


@pytest.fixture
def shop(work: Workplace) -> Workplace:
    """A project with a wheel that takes a second to arrive."""
    make_wheel(work.index.folder, "big-1.0-py3-none-any.whl", files={"big.bin": os.urandom(200_000)})
    make_wheel(work.index.folder, "six-1.0-py3-none-any.whl")
    work.index.misbehave("big-*.whl", Slow(0.05, chunk=15_000))
    work.write("requirements.txt", "big", "six")
    return work


def on_terminal(work: Workplace, *arguments: str, runtime: str = "python3.13") -> Finished:
    """Packs on a terminal that knows colours."""
    command = work.command("pack", *arguments, runtime=runtime)
    done = work.run(sys.executable, ON_TERMINAL, *command, extra={"TERM": "xterm-256color"})
    assert not done.errors
    return replace(done, output=json.loads(done.output))


def test_bars_come_and_go(shop: Workplace) -> None:
    done = on_terminal(shop)

    assert done.exit_code == 0, done.text
    # Where files are fetched for a look at their contents; shorter steps may come and go between two redraws.
    assert "[3/9] find compatible wheels" in done.output
    assert "big-1.0-py3-none-any.whl" in done.output
    assert "\x1b[2K" in done.output, "the bars were drawn again and again"
    screen = Screen()
    shown = screen.show(done.output)
    assert screen.cursor_is_seen
    assert shown[0] == "packages"
    assert "packed shop for python3.13-arm64: 2 packages" in shown
    assert any(line.startswith("  sha256 ") for line in shown)
    assert not [line for line in shown if "/9]" in line or ".whl" in line]


def test_a_warning_stays(shop: Workplace) -> None:
    shown = Screen().show(on_terminal(shop, runtime="python3.15").output)

    assert shown[0].startswith("warning: python3.15 is a preview runtime on Lambda")
    assert "packed shop for python3.15-arm64: 2 packages" in shown


def test_an_error_leaves_the_terminal_as_it_was(shop: Workplace) -> None:
    shop.write("requirements.txt", f"six==1.0 --hash=sha256:{'0' * 64}")

    done = on_terminal(shop)

    screen = Screen()
    (said,) = screen.show(done.output)
    assert done.exit_code == 6
    assert screen.cursor_is_seen
    assert said.startswith("lambda-pack: none of the 1 files on offer for six==1.0 has a hash")
