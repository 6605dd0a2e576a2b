"""How old a version is that was held back, as far as an index says when its files were uploaded."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace
from packaging.utils import canonicalize_name
from packaging.version import Version

from lambda_pack.model.packages import Sdist, Wheel
from lambda_pack.model.requirements import Requirements
from lambda_pack.model.stock import HeldBack, Stock
from lambda_pack.model.targets import Target
from lambda_pack.pipeline.explanations import trace_held_back
from tests.support.fakes import FakeIndex, Shelf


def uploaded(filename: str, day: date | None) -> Wheel | Sdist:
    kind = Wheel if filename.endswith(".whl") else Sdist
    offer: Wheel | Sdist = kind.parse(f"https://x.example/{filename}")
    return replace(offer, uploaded=datetime(day.year, day.month, day.day, tzinfo=UTC) if day else None)


@pytest.mark.parametrize(
    ("files", "expected", "lag"),
    [
        (
            # A wheel for a new Python, years after the release, makes it no younger.
            {
                "x-1.9.tar.gz": date(2026, 11, 1),
                "x-1.2.tar.gz": date(2023, 5, 1),
                "x-1.2-cp313-cp313-manylinux1_x86_64.whl": date(2026, 1, 1),
            },
            (date(2026, 11, 1), date(2023, 5, 1)),
            "older by 3 years",
        ),
        ({"x-1.9.tar.gz": date(2026, 11, 1), "x-1.2-py3-none-any.whl": None}, None, None),
        ({"x-1.9.tar.gz": date(2026, 11, 1)}, None, None),
    ],
)
def test_the_days_of_a_version_are_those_of_its_first_files(
    tmp_path: Path, files: dict[str, date | None], expected: tuple[date, date] | None, lag: str | None
) -> None:
    held = HeldBack(canonicalize_name("x"), Version("1.9"), Version("1.2"), "why")
    offers = frozenset(uploaded(filename, day) for filename, day in files.items())
    stock = Stock(Target.parse("python3.13"), (), offers, held_back=(held,))

    traced = trace_held_back(stock, Requirements(tmp_path), FakeIndex(Shelf(tmp_path, ())))

    assert [(one.uploaded, one.lag) for one in traced.held_back] == [(expected, lag)]
