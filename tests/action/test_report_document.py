"""What was written can be read back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from lambda_pack.errors import UsageError
from lambda_pack.frontends.report_document import read_report
from lambda_pack.model.report_json import report_document, report_json
from tests.frontends.reports import REPORTS
from tests.frontends.schema import valid_report


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_is_read_back(name: str, tmp_path: Path) -> None:
    file = tmp_path / "a.report.json"
    file.write_text(report_json(REPORTS[name]), "utf-8")

    assert read_report(file) == replace(REPORTS[name], is_check=False)


def test_a_report_from_before_there_were_deliveries_is_read(tmp_path: Path) -> None:
    document = report_document(REPORTS["good"])
    del document["delivered"]
    file = tmp_path / "a.report.json"
    file.write_text(json.dumps(document), "utf-8")

    assert valid_report(file.read_text("utf-8"))["schema_version"] == 1
    assert read_report(file) == replace(REPORTS["good"], delivered=None)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "is not a report of lambda-pack"),
        ("[]", "is not a report of lambda-pack"),
        ('{"schema_version": 1}', "is not a report of lambda-pack"),
        ('{"schema_version": 99}', "has schema version 99, not 1"),
        (json.dumps({**report_document(REPORTS["good"]), "packages": [{}]}), "is not a report of lambda-pack"),
        (json.dumps({**report_document(REPORTS["good"]), "target": {"runtime": "x"}}), "is not a report"),
    ],
)
def test_what_is_no_report_is_refused(text: str, complaint: str, tmp_path: Path) -> None:
    file = tmp_path / "a.report.json"
    file.write_text(text, "utf-8")

    with pytest.raises(UsageError, match=complaint):
        read_report(file)
