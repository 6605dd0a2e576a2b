"""The tree of errors and its exit codes."""

from __future__ import annotations

import pytest

from lambda_pack import errors
from lambda_pack.errors import LambdaPackError, UnmetDependencies

CODES = {
    "LambdaPackError": 1,
    "UsageError": 2,
    "UnmetDependencies": 3,
    "ConflictingRequirements": 3,
    "LimitExceeded": 4,
    "IndexUnavailable": 5,
    "IntegrityError": 6,
    "DeliveryError": 7,
    "Interrupted": 130,
}


KINDS: list[type[LambdaPackError]] = [
    kind for name in errors.__all__ if isinstance(kind := getattr(errors, name), type)
]


def test_each_error_has_the_exit_code_that_is_published() -> None:
    assert {kind.__name__: kind.exit_code for kind in KINDS} == CODES


def test_only_an_error_and_what_is_below_it_share_a_code() -> None:
    kinds = [kind for kind in KINDS if LambdaPackError in {kind, *kind.__bases__}]
    assert len({kind.exit_code for kind in kinds}) == len(kinds) == len(CODES) - 1


@pytest.mark.parametrize("name", CODES)
def test_the_docstring_draws_every_error(name: str) -> None:
    (row,) = (line for line in (errors.__doc__ or "").splitlines() if name in line)
    assert f" {CODES[name]} " in row


@pytest.mark.parametrize("name", CODES)
def test_each_keeps_its_message_and_log(name: str) -> None:
    error = getattr(errors, name)("what, where, what now", log="the end")
    assert (str(error), error.log) == ("what, where, what now", "the end")
    assert isinstance(error, LambdaPackError)


def test_unmet_dependencies_name_what_is_missing() -> None:
    assert UnmetDependencies("unmet", missing=["a", "b"]).missing == ("a", "b")
    assert UnmetDependencies("unmet").missing == ()
