"""The simulation's table; what it simulates is in tests/tools/s3/test_wheelhouse.py."""

from __future__ import annotations

from msgspec.structs import replace

from benchmarks.simulation import Round, render_rounds

ONE = Round(2, packs=200, needed=16, alone=32, builds=17, objects=32, wall=10.4, work=20.6, are_equal=True)


def test_a_round_is_a_row() -> None:
    text = render_rounds([ONE], 100, [("date", "2026-11-26")])

    assert "| 2 | 200 | 16 | 17 | 1 | 32 | 32 | 10 s | 21 s |" in text
    assert "the same bytes" in text
    assert text.endswith("- date: 2026-11-26\n")


def test_different_bytes_are_not_hidden() -> None:
    assert "**different bytes**" in render_rounds([ONE, replace(ONE, are_equal=False)], 100, [])
