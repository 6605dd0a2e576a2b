"""What is said about the shared wheelhouse."""

from __future__ import annotations

import pytest

from lambda_pack.errors import UsageError
from lambda_pack.frontends.build_requests import building_of
from lambda_pack.model.choices import WheelhouseMode
from lambda_pack.model.given import Given
from lambda_pack.model.shared_wheelhouse import SharedWheelhouse

OWNER = "123456789012"


def wheelhouse(**said: str) -> SharedWheelhouse | None:
    """What options say, '_' standing for '-'."""
    given = {name.replace("_", "-"): Given((text,), "the test") for name, text in said.items()}
    return building_of(given).wheelhouse


def test_a_wheelhouse_is_read() -> None:
    assert wheelhouse() is None
    assert wheelhouse(wheelhouse="s3://wheels/ci", wheelhouse_owner=OWNER) == SharedWheelhouse("wheels", "ci/", OWNER)


def test_and_written_where_that_is_said() -> None:
    said = wheelhouse(wheelhouse="s3://wheels", wheelhouse_owner=OWNER, wheelhouse_mode="read-write")
    assert said == SharedWheelhouse("wheels", "", OWNER, WheelhouseMode.READ_WRITE)
    assert said.may_write


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"wheelhouse": "s3://wheels"}, "--wheelhouse s3://wheels needs --wheelhouse-owner, the 12 digits of the acc"),
        ({"wheelhouse-owner": OWNER}, "--wheelhouse-owner without a wheelhouse; name one with --wheelhouse s3://"),
        ({"wheelhouse-mode": "read"}, "--wheelhouse-mode without a wheelhouse"),
        ({"wheelhouse": "s3://wheels", "wheelhouse-owner": "me"}, "'me' is not an AWS account"),
        (
            {"wheelhouse": "s3://wheels", "wheelhouse-owner": OWNER, "wheelhouse-mode": "write"},
            "'write' is not a wheelhouse-mode; choose one of: read, read-write",
        ),
        ({"wheelhouse": "wheels", "wheelhouse-owner": OWNER}, "begins with 's3://'"),
    ],
)
def test_what_cannot_be_meant(said: dict[str, str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        wheelhouse(**said)
