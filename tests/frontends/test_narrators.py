"""Who tells the story, and how."""

from __future__ import annotations

import io

import pytest

from lambda_pack.frontends.narrators import (
    PlainNarrator,
    SilentNarrator,
    TerminalNarrator,
    ToldNarrator,
    choose_narrator,
)
from tests.frontends.screen import Screen


@pytest.fixture(autouse=True)
def able_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """What rich asks the environment."""
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "LINES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "120")


class Terminal(io.StringIO):
    """A stream that says it is one."""

    def isatty(self) -> bool:
        return True


def tell(narrator: ToldNarrator) -> None:
    """A story with one of everything."""
    with narrator:
        narrator.step(1, "resolve everything")
        narrator.note("uv = 0.9 [as is]")
        narrator.warn("python3.8 is old [really]")
        narrator.step(8, "compose the bundle")
        for done in (0, 1_000_000, 2_097_152):
            narrator.progress("six.whl", done, 2_097_152)
        narrator.progress("unknown.whl", 0, 0)


@pytest.mark.parametrize(
    ("verbose", "expected"),
    [
        (False, ["[1/9] resolve everything", "warning: python3.8 is old [really]", "[8/9] compose the bundle"]),
        (
            True,
            [
                "[1/9] resolve everything",
                "      uv = 0.9 [as is]",
                "warning: python3.8 is old [really]",
                "[8/9] compose the bundle",
                "      six.whl (2.0 MB)",
                "      unknown.whl (0.0 KB)",
            ],
        ),
    ],
    ids=["usual", "verbose"],
)
def test_plain_lines(verbose: bool, expected: list[str]) -> None:  # noqa: FBT001  # a row of the table
    stream = io.StringIO()
    tell(PlainNarrator(stream, verbose=verbose))
    assert stream.getvalue().splitlines() == expected


def test_silence(capsys: pytest.CaptureFixture[str]) -> None:
    tell(SilentNarrator())
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("verbose", [False, True])
def test_what_stays_on_a_terminal(verbose: bool) -> None:  # noqa: FBT001  # as above
    stream = Terminal()
    tell(TerminalNarrator(stream, verbose=verbose))

    screen = Screen()
    shown = screen.show(stream.getvalue())
    assert shown == [*(["  uv = 0.9 [as is]"] if verbose else []), "warning: python3.8 is old [really]"]
    assert screen.cursor_is_seen


def test_the_terminal_is_given_back_after_an_error() -> None:
    stream = Terminal()

    def interrupted() -> None:
        with TerminalNarrator(stream, verbose=False) as narrator:
            narrator.step(1, "resolve everything")
            narrator.progress("six.whl", 1, 10)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()

    screen = Screen()
    assert screen.show(stream.getvalue()) == [""]
    assert screen.cursor_is_seen


@pytest.mark.parametrize(
    ("stream", "quiet", "expected"),
    [
        (io.StringIO(), False, PlainNarrator),
        (io.StringIO(), True, SilentNarrator),
        (Terminal(), False, TerminalNarrator),
        (Terminal(), True, SilentNarrator),
    ],
)
def test_who_tells_it(stream: io.StringIO, quiet: bool, expected: type) -> None:  # noqa: FBT001  # as above
    assert type(choose_narrator(quiet=quiet, verbose=False, stream=stream)) is expected


def test_a_terminal_that_cannot_draw_gets_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert type(choose_narrator(quiet=False, verbose=False, stream=Terminal())) is PlainNarrator
