from __future__ import annotations

from pathlib import Path

import pytest

from lambda_pack.errors import IndexUnavailable, IntegrityError, LambdaPackError, UsageError
from lambda_pack.tools.pip.program import our_pip
from lambda_pack.tools.pip.refusals import refusal
from lambda_pack.tools.process import Completed


@pytest.mark.parametrize(
    ("errors", "kind"),
    [
        (["HashMismatch", "HashError", "InstallationError"], IntegrityError),
        (["InvalidWheel", "InstallationError", "PipError"], IntegrityError),
        (["MetadataInconsistent", "InstallationError", "PipError"], IntegrityError),
        (["InstallationError", "PipError"], UsageError),
        (["KeyError", "LookupError", "Exception"], IndexUnavailable),
        (["UnicodeDecodeError", "ValueError", "Exception"], IndexUnavailable),
        (["OSError", "Exception"], LambdaPackError),
        ([], LambdaPackError),
    ],
    ids=lambda value: value[0] if value and isinstance(value, list) else "",
)
def test_the_exception_that_ended_pip_decides(tmp_path: Path, errors: list[str], kind: type[LambdaPackError]) -> None:
    outcome = {"errors": [*errors, "BaseException", "object"] if errors else [], "message": "what pip said"}

    error = refusal(our_pip(), Completed(("pip",), 2, "", "a log"), outcome=outcome, scratch=tmp_path)

    assert type(error) is kind
    assert "what pip said" in str(error)
