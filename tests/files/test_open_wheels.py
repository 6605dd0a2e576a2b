"""Wheels opened once for a run."""

from __future__ import annotations

from pathlib import Path

import pytest

from lambda_pack.errors import IntegrityError
from lambda_pack.files.open_wheels import OpenWheels
from lambda_pack.model.packages import Pin
from tests.support.packages import make_wheel

PIN = Pin.parse("demo", "1.0")


def test_a_wheel_is_opened_once(tmp_path: Path) -> None:
    path = make_wheel(tmp_path, "demo-1.0-py3-none-any.whl")
    with OpenWheels() as wheels:
        wheels.open_ahead(path, PIN)
        path.unlink()
        assert wheels.open(path, PIN) is wheels.open(path, PIN)


def test_what_is_wrong_is_told_to_whoever_needs_the_wheel(tmp_path: Path) -> None:
    path = make_wheel(tmp_path, "demo-1.0-py3-none-any.whl")
    path.write_bytes(path.read_bytes()[:-1])
    with OpenWheels() as wheels:
        wheels.open_ahead(path, PIN)
        with pytest.raises(IntegrityError):
            wheels.open(path, PIN)


def test_the_pin_is_checked_for_each(tmp_path: Path) -> None:
    path = make_wheel(tmp_path, "demo-1.0-py3-none-any.whl")
    with OpenWheels() as wheels:
        wheels.open(path, PIN)
        with pytest.raises(IntegrityError, match=r"is not demo"):
            wheels.open(path, Pin.parse("demo", "2.0"))


def test_a_thread_that_is_late_opens_nothing(tmp_path: Path) -> None:
    path = make_wheel(tmp_path, "demo-1.0-py3-none-any.whl")
    with OpenWheels() as wheels:
        pass
    wheels.open_ahead(path, PIN)
    with pytest.raises(AssertionError):
        wheels.open(path, PIN)
