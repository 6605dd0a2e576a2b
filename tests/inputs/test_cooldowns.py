from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from lambda_pack.errors import UsageError
from lambda_pack.inputs.cooldowns import in_uv_words, parse_limit, read_cooldown
from lambda_pack.model.given import Given
from lambda_pack.tools.process import run
from lambda_pack.tools.uv_program import find_uv

NOW = datetime(2026, 11, 28, 12, 0, 30, tzinfo=UTC)
MINUTE = NOW.replace(second=0)


@pytest.mark.parametrize(
    ("text", "ago"),
    [
        ("24 hours", timedelta(days=1)),
        ("1 week", timedelta(days=7)),
        ("30d", timedelta(days=30)),
        ("PT24H", timedelta(days=1)),
        ("P2W3D", timedelta(days=17)),
        ("P1DT12H", timedelta(hours=36)),
        ("1 day 3 hours", timedelta(hours=27)),
        ("1 minute, 2 seconds", timedelta(seconds=62)),
        ("1.5 hours", timedelta(minutes=90)),
        ("3 days ago", timedelta(days=3)),
        ("-3 days", timedelta(days=3)),
    ],
)
def test_a_duration_ends_now(text: str, ago: timedelta) -> None:
    assert parse_limit(text, "x", now=NOW).before == MINUTE - ago


@pytest.mark.parametrize(
    ("text", "before"),
    [
        ("2024-01-01T00:00:00Z", datetime(2024, 1, 1, tzinfo=UTC)),
        ("2024-01-01T00:00:00+02:00", datetime(2023, 12, 31, 22, tzinfo=UTC)),
        ("20240101T000000Z", datetime(2024, 1, 1, tzinfo=UTC)),
        ("2024-01-01 10:00:00", datetime(2024, 1, 1, 10).astimezone()),  # as this machine has it
        ("2024-01-01", datetime(2024, 1, 2).astimezone()),  # to the end of the day, as uv 0.13.8
        (in_uv_words("2024-01-01"), datetime(2024, 1, 1).astimezone()),  # as pip 26.3
    ],
)
def test_a_time_is_a_time_and_a_date_lasts_to_its_end(text: str, before: datetime) -> None:
    assert parse_limit(text, "x", now=NOW).before == before


@pytest.mark.parametrize(
    "text", ["", "P", "PT", "P1M", "1 mo", "1 year", "1 fortnight", "soon", "9999-12-31", "9" * 20 + " d"]
)
def test_what_is_neither_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(UsageError, match=r"for exclude-newer in UV_EXCLUDE_NEWER is not understood"):
        parse_limit(text, "UV_EXCLUDE_NEWER", now=NOW)


def test_a_package_has_the_loudest_of_its_own_limits() -> None:
    quiet = {"exclude-newer-package": Given(("Six=2020-01-01T00:00:00Z", "idna=false"), "uv.toml")}
    loud = {
        "exclude-newer": Given(("2024-01-01T00:00:00Z",), "the command line"),
        "exclude-newer-package": Given(("six=2022-01-01T00:00:00Z",), "the command line"),
    }

    cooldown = read_cooldown({**quiet, **loud}, (loud, quiet), now=NOW)

    assert cooldown.before(canonicalize_name("six")) == datetime(2022, 1, 1, tzinfo=UTC)
    assert cooldown.before(canonicalize_name("idna")) is None
    assert cooldown.before(canonicalize_name("other")) == datetime(2024, 1, 1, tzinfo=UTC)
    assert cooldown.strictest == datetime(2022, 1, 1, tzinfo=UTC)


def test_a_limit_can_be_switched_off() -> None:
    assert not read_cooldown({"exclude-newer": Given(("false",), "the command line")}, (), now=NOW)


@pytest.mark.parametrize(
    "text",
    [
        *("24 hours", "1 week", "30d", "PT24H", "P1W", "P2W3D", "P1DT12H", "1 day 3 hours", "2h30m", "3 days ago"),
        *("1 minute, 2 seconds", "1.5 hours", "2024-01-01", "20240101", "20240101T000000Z", "2024-01-01 10:00:00"),
        *("2024-01-01T00:00:00+02:00", "false"),
        *("P", "PT", "P1M", "P1Y", "1 mo", "1 year", "1 fortnight", "soon", "yesterday", "3"),
    ],
)
def test_uv_takes_the_same_texts(tmp_path: Path, text: str) -> None:
    (tmp_path / "requirements.in").write_text("")
    command = [find_uv({}), "pip", "compile", "requirements.in", "--no-config", "--offline", "--exclude-newer", text]
    taken = run(command, environment={"PATH": os.defpath}, folder=tmp_path).status == 0

    try:
        parse_limit(text, "x", now=NOW)
    except UsageError:
        assert not taken
    else:
        assert taken
