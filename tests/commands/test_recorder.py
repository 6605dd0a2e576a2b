"""What a recorder passes on and what it remembers."""

from __future__ import annotations

from itertools import count

from lambda_pack.commands.recorder import Recorder
from tests.support.fakes import RecordingNarrator


def test_everything_is_passed_on() -> None:
    heard = RecordingNarrator()
    recorder = Recorder(heard)

    recorder.step(1, "resolve")
    recorder.note("a detail")
    recorder.warn("careful")
    recorder.progress("six.whl", 1, 2)

    assert (heard.steps, heard.notes, heard.warnings) == ([(1, "resolve")], ["a detail"], ["careful"])


def test_a_warning_is_told_and_kept_once() -> None:
    heard = RecordingNarrator()
    recorder = Recorder(heard)

    for text in ("one", "two", "one"):
        recorder.warn(text)

    assert recorder.warnings == ("one", "two")
    assert heard.warnings == ["one", "two"]


def test_a_step_lasts_until_the_next_and_the_last_until_now() -> None:
    ticks = count(100, 10)
    recorder = Recorder(RecordingNarrator(), clock=lambda: float(next(ticks)))

    recorder.step(1, "resolve")
    recorder.step(3, "find")

    assert recorder.timings() == ((1, 10.0), (3, 10.0))


def test_no_steps_no_timings() -> None:
    assert Recorder(RecordingNarrator()).timings() == ()
