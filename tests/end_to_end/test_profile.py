"""`--profile` says where the time went, also of a pack that came to nothing."""

from __future__ import annotations

import json
from itertools import pairwise
from typing import Any

from tests.end_to_end.workplace import Workplace
from tests.support.packages import make_wheel


def events_of(work: Workplace) -> list[dict[str, Any]]:
    """The events of the trace, each with what viewers need."""
    document = json.loads((work.folder / "trace.json").read_text("utf-8"))
    events: list[dict[str, Any]] = document["traceEvents"]
    for event in events:
        assert event["ph"] == "X"
        assert event["ts"] >= 0
        assert event["dur"] >= 0
        assert isinstance(event["tid"], int)
    return events


def test_every_step_and_every_package(work: Workplace) -> None:
    make_wheel(work.index.folder, "six-1.17.0-py3-none-any.whl")
    make_wheel(work.index.folder, "other-1.0-py3-none-any.whl")
    work.write("requirements.txt", "six", "other")
    done = work.pack("-r", "requirements.txt", "--profile", "trace.json")

    assert done.exit_code == 0, done.text
    events = events_of(work)
    assert [event["name"].partition(":")[0] for event in events if event["cat"] == "step"] == [
        f"step {number}" for number in range(1, 10)
    ]
    packages = {event["name"] for event in events if event["cat"] == "package"}
    for wheel in ("six-1.17.0-py3-none-any.whl", "other-1.0-py3-none-any.whl"):
        assert {f"fetch {wheel}", f"open {wheel}", f"audit {wheel}"} <= packages
    steps = sorted((event["ts"], event["ts"] + event["dur"]) for event in events if event["cat"] == "step")
    assert all(end <= begin + 1 for (_, end), (begin, _) in pairwise(steps)), "one after the other"


def test_a_pack_that_failed_has_one_too(work: Workplace) -> None:
    work.write("requirements.txt", "missing")
    done = work.pack("-r", "requirements.txt", "--profile", "trace.json")

    assert done.exit_code == 3
    events = events_of(work)
    assert [event["name"].partition(":")[0] for event in events if event["cat"] == "step"] == [
        f"step {number}" for number in range(1, 8)
    ]
