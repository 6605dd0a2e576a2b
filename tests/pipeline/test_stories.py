"""Every scenario file, played."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pipeline.expectations import check_always, check_error, check_outcome
from tests.pipeline.stories import SCENARIOS, play, read_story

NAMES = sorted(path.stem for path in SCENARIOS.glob("*.toml"))

# Rows of the list of what users of the peers hit that the nine steps can tell with fakes.
CASES = {1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 14, 15, 17, 18, 22, 25, 26, 27, 28, 29, 31, 33, 34, 35, 36}


@pytest.mark.parametrize("name", NAMES)
def test_story(name: str, tmp_path: Path) -> None:
    story = read_story(name)

    ending = play(story, tmp_path)

    if "error" in story.outcome:
        check_error(story.outcome["error"], ending)
    else:
        check_outcome(story.outcome, ending)
    check_always(story, ending)


@pytest.mark.parametrize("name", NAMES)
def test_a_story_says_why_it_is_told(name: str) -> None:
    assert read_story(name).why.strip()


def test_each_case_has_its_story() -> None:
    told = {read_story(name).case for name in NAMES}

    assert not CASES - told
