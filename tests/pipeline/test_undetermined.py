"""What chosen wheels require of the patch level is read in their headers."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from lambda_pack.model.packages import Wheel
from lambda_pack.model.requirements import Origin, Requested, Requirements
from lambda_pack.model.stock import Stock
from lambda_pack.model.targets import Target
from lambda_pack.pipeline.undetermined import tell_undetermined
from tests.support.fakes import RecordingNarrator

HEAD = b"Metadata-Version: 2.1\nName: lib\nVersion: 1.0\n"


@pytest.mark.parametrize(
    ("metadata", "of_index", "is_warned"),
    [
        (HEAD + b"Requires-Python: >=3.12.99\n\nAbout it.\n", None, True),
        (HEAD + b"\nRequires-Python: >=3.12.99\n", None, False),
        (HEAD + b"\nRequires-Python: >=3.8\n", ">=3.12.99", True),
        (HEAD + b"Requires-Python: >=3.8\n\nRequires-Python: >=3.12.99\n", None, False),
    ],
    ids=["in the headers", "in the description", "in the description and on the index", "in both"],
)
def test_a_description_requires_nothing(metadata: bytes, of_index: str | None, *, is_warned: bool) -> None:
    wheel = Wheel.parse("https://x.example/lib-1.0-py3-none-any.whl")
    wheel = replace(wheel, requires_python=SpecifierSet(of_index)) if of_index else wheel
    requirements = Requirements(Path(), (Requested(Origin("r.txt", 1), Requirement("lib")),))
    narrator = RecordingNarrator()

    tell_undetermined(Stock(Target.parse("python3.12")), requirements, lambda: {wheel: metadata}, narrator)

    assert bool(narrator.warnings) is is_warned
