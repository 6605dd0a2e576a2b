from __future__ import annotations

import time

from lambda_pack.commands.waiting import WaitReporter


def test_a_long_wait_is_said_and_a_short_one_is_not() -> None:
    heard: list[str] = []
    began = time.monotonic()
    reporter = WaitReporter(heard.append, clock=lambda: (time.monotonic() - began) * 20)  # 20 times as fast

    with reporter.watched("short"):
        pass
    with reporter.watched("the resolver, which asks x.example"), reporter.watched("fetch a.whl"):
        while time.monotonic() - began < 5 and len(heard) < 2:  # seconds, and the second time
            time.sleep(0.01)

    assert len(heard) == 2
    assert all(text.endswith(" s: the resolver, which asks x.example, fetch a.whl") for text in heard)
    assert not any("short" in text for text in heard)
