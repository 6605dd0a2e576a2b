"""What a story says will come of it, held against what came."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from packaging.pylock import Pylock

from lambda_pack.model.locks import lock_of
from lambda_pack.model.packages import Wheel
from lambda_pack.model.report import ToBuild, Unmet
from lambda_pack.model.verdicts import Fits, Misfit, Reason
from lambda_pack.pipeline.nine_steps import STEPS
from lambda_pack.pipeline.outcome import Outcome
from tests.pipeline.stories import Ending, Story

__all__ = ["check_always", "check_error", "check_outcome"]


def check_always(story: Story, ending: Ending) -> None:
    """What holds at the end of every story, however it ends."""
    numbers = [number for number, _ in ending.narrator.steps]
    whole = [1, 2, 3, 7] if story.check else list(STEPS)
    assert numbers == whole[: len(numbers)]
    assert all(STEPS[number] == sentence for number, sentence in ending.narrator.steps)
    assert not ending.scratch.exists(), "step 9 is for endings of every kind"
    outcome = ending.outcome
    assert ending.archive.exists() == (outcome is not None and outcome.archive is not None)
    if outcome is None:
        return
    stock = outcome.stock
    assert all(isinstance(verdict, Fits) for _, verdict in stock.chosen)
    assert len(stock.chosen) + len(stock.unmet) == len(stock.closure)
    assert all(held.chosen < held.newest for held in stock.held_back)
    # A source without a promised digest is fetched again for the lock, which needs one; and what only its platform tag
    # keeps out is looked into.
    by_platform = {Reason.GLIBC, Reason.UNPROVEN, Reason.CONTENTS}
    judged = [(wheel, stock.judge(wheel)) for wheel in stock.offers if isinstance(wheel, Wheel)]
    looked_into = {wheel.filename for wheel, one in judged if isinstance(one, Misfit) and one.reason in by_platform}
    # And what was chosen beside it then: another closure may have taken its place since.
    beside = {wheel.filename for wheel, one in judged if isinstance(one, Fits)}
    beside = beside if looked_into or stock.conflicts else set()
    chosen = {file.filename for pair in stock.origins for file in pair}
    # And what an unmet package has for targets that could be chosen instead.
    elsewhere = {wheel.filename for pin in stock.unmet for wheel, _ in stock.wheels(pin)}
    assert set(ending.downloads.fetched) <= chosen | looked_into | beside | elsewhere
    lock = lock_of(outcome.origins, stock.target, ending.archive.parent)
    assert len(Pylock.from_dict(lock.to_dict()).packages) == len(outcome.origins)


def check_error(expected: Mapping[str, Any], ending: Ending) -> None:
    """The error is of this kind, and says this; nothing was written."""
    assert ending.outcome is None
    assert type(ending.error).__name__ == expected["kind"], repr(ending.error)
    _says(str(ending.error), expected.get("says", ()))
    _says(ending.error.log if ending.error else "", expected.get("log", ()))


def check_outcome(expected: Mapping[str, Any], ending: Ending) -> None:
    """What is not mentioned must not have happened: nothing held back, unmet, built, or warned about."""
    if ending.error is not None:
        raise ending.error
    outcome = ending.outcome
    assert outcome is not None
    stock = outcome.stock
    assert sorted(wheel.filename for wheel, _ in stock.chosen) == sorted(expected["chosen"])
    held = {one.name: (str(one.newest), str(one.chosen)) for one in stock.held_back}
    assert held == {one["name"]: (one["newest"], one["chosen"]) for one in expected.get("held_back", ())}
    for one, wanted in zip(stock.held_back, expected.get("held_back", ()), strict=True):
        _says(one.why, [wanted["why"]])
        assert one.lag == wanted.get("lag", one.lag)
    assert ending.builder.built == expected.get("built", [])
    _one_each(ending.narrator.warnings, expected.get("warnings", ()))
    _says("\n".join(ending.narrator.notes), expected.get("notes", ()))
    assert stock.resolver_runs == expected.get("resolver_runs", stock.resolver_runs)
    _check_unmet(outcome.unmet, expected.get("unmet", ()))
    _check_to_build(outcome.to_build, expected.get("to_build", ()))
    _check_packages(outcome, expected)
    saved = [f"{one.label}: {'unknown' if one.size is None else one.size}" for one in outcome.savings]
    assert saved == expected.get("saved", [])
    if outcome.archive is not None:
        _check_archive(ending, expected)


def _check_unmet(unmet: Sequence[Unmet], expected: Sequence[Mapping[str, Any]]) -> None:
    assert [str(one.pin) for one in unmet] == [wanted["pin"] for wanted in expected]
    for one, wanted in zip(unmet, expected, strict=True):
        _says(one.reason, wanted["reason"])
        assert {_short(file.filename): file.reason for file in one.files} == wanted.get("files", {})
        _one_each([f"step {try_.step}: {try_.detail}\n{try_.log}" for try_ in one.attempts], wanted.get("attempts", ()))
        assert one.advice, "an explanation without a way out"
        _says("\n".join(one.advice), wanted.get("advice", ()))
        assert not [words for words in wanted.get("no_advice", ()) if words in "\n".join(one.advice)]
        assert list(one.required_by) == wanted["required_by"]


def _short(filename: str) -> str:
    """A folder of the story's by its name: where it was is nobody's business."""
    return Path(filename).name if Path(filename).is_absolute() else filename


def _check_to_build(to_build: Sequence[ToBuild], expected: Sequence[Mapping[str, Any]]) -> None:
    assert [(str(one.pin), one.source) for one in to_build] == [(row["pin"], row["source"]) for row in expected]
    for one, wanted in zip(to_build, expected, strict=True):
        _says(one.why, [wanted["why"]])


def _check_packages(outcome: Outcome, expected: Mapping[str, Any]) -> None:
    assert {one.filename for one in outcome.packages} == set(expected["chosen"])
    assert [one.filename for one in outcome.packages if not one.is_verified] == expected.get("unverified", [])
    packages = {one.filename: one for one in outcome.packages}
    for filename, words in expected.get("evidence", {}).items():
        _says(packages[filename].evidence or "", [words])


def _check_archive(ending: Ending, expected: Mapping[str, Any]) -> None:
    with zipfile.ZipFile(ending.archive) as archive:
        assert archive.testzip() is None
        names = archive.namelist()
        texts = {name: archive.read(name).decode() for name in expected.get("texts", {})}
    assert names == sorted(names)
    assert set(expected.get("members", ())) <= set(names)
    assert not set(expected.get("absent", ())) & set(names)
    assert texts == expected.get("texts", {})


def _says(text: str, parts: Sequence[str]) -> None:
    missing = [part for part in ([parts] if isinstance(parts, str) else parts) if part not in text]
    assert not missing, f"{missing} not in {text!r}"


def _one_each(texts: Sequence[str], parts: Sequence[str]) -> None:
    """As many texts as parts, in order, each with its part."""
    assert len(texts) == len(parts), texts
    for text, part in zip(texts, parts, strict=True):
        _says(text, [part])
