"""The JSON report and its published schema."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from lambda_pack.model.report import SCHEMA_VERSION
from lambda_pack.model.report_json import report_document, report_json
from lambda_pack.model.targets import Architecture
from lambda_pack.model.verdicts import Reason
from tests.frontends.reports import REPORTS
from tests.frontends.schema import schema, valid_report, validator
from tests.frontends.snapshots import check_snapshot

LATER = {"delivered", "glue", "layers", "slimming", "inputs_sha256", "unchanged", "resolver_runs"}
"""What the first reports of this version did not have."""


@pytest.mark.parametrize("name", REPORTS)
def test_report(name: str) -> None:
    text = report_json(REPORTS[name])

    valid_report(text)
    check_snapshot(f"{name}.json", text)


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(schema())
    assert schema()["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema()["$id"] == f"urn:lambda-pack:schema:report:{SCHEMA_VERSION}"
    assert schema()["properties"]["schema_version"]["const"] == SCHEMA_VERSION


def objects(part: object) -> Iterator[dict[str, Any]]:
    """Every schema of an object within a schema."""
    if isinstance(part, dict):
        if part.get("type") == "object":
            yield part
        for value in part.values():
            yield from objects(value)
    if isinstance(part, list):
        for value in part:
            yield from objects(value)


def test_it_lets_nothing_else_in_and_explains_what_it_has() -> None:
    for one in objects(schema()):
        assert "additionalProperties" in one
        assert one["additionalProperties"] is False or one["additionalProperties"]["type"] == "string"
        for name, value in one.get("properties", {}).items():
            assert "description" in value or "$ref" in value, name
        if "properties" in one:
            always = one["properties"].keys() - (LATER if one is schema() else set())
            assert sorted(one["required"]) == sorted(always), "what is written is always written"


def test_its_words_are_those_of_the_code() -> None:
    file = schema()["$defs"]["unmet"]["properties"]["files"]["items"]["properties"]["reason"]["enum"]
    assert set(file) == {reason.value for reason in Reason} | {"source", "fits"}
    target = schema()["$defs"]["target"]["properties"]
    assert set(target["architecture"]["enum"]) == {architecture.value for architecture in Architecture}


@pytest.mark.parametrize(
    ("report", "path", "value"),
    [
        ("good", ("schema_version",), 2),
        ("good", ("name",), ""),
        ("good", ("unheard_of",), 1),
        ("good", ("target", "runtime"), "python2.7"),
        ("good", ("target", "architecture"), "aarch64"),
        ("good", ("target", "glibc"), [2, 34]),
        ("good", ("target", "layout"), "flat"),
        ("good", ("archive", "size"), -1),
        ("good", ("archive", "size"), 1.5),
        ("good", ("archive", "sha256"), "AB" * 32),
        ("good", ("archive", "code_sha256"), "short"),
        ("good", ("archive", "mode"), "0644"),
        ("good", ("packages", 0, "name"), "Not_Normalized"),
        ("good", ("packages", 0, "version"), None),
        ("good", ("packages", 0, "file"), "six-1.0.tar.gz"),
        ("good", ("packages", 0, "verified"), "yes"),
        ("good", ("packages", 0, "size"), "12 MB"),
        ("good", ("attempts", 0, "step"), 10),
        ("good", ("timings", 0, "seconds"), -0.1),
        ("good", ("timings", 0, "step"), 0),
        ("good", ("tools",), {"python": "3.13"}),
        ("good", ("tools", "uv"), None),
        ("good", ("warnings",), "one"),
        ("held-back", ("held_back", 0, "why"), ""),
        ("unmet", ("unmet", 0, "origin"), "requirements.txt"),
        ("unmet", ("unmet", 0, "files", 0, "reason"), "bad luck"),
        ("unmet", ("unmet", 0, "advice"), []),
        ("unmet", ("unmet", 0, "required_by"), "readable"),
        ("check", ("to_build", 0, "source"), ""),
    ],
)
def test_what_it_refuses(report: str, path: tuple[str | int, ...], value: object) -> None:
    document = json.loads(report_json(REPORTS[report]))
    broken = copy.deepcopy(document)
    place: Any = broken
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value

    assert validator().is_valid(document)
    assert not validator().is_valid(broken)


@pytest.mark.parametrize("key", sorted(report_document(REPORTS["good"]).keys() - LATER))
def test_what_it_misses(key: str) -> None:
    document = report_document(REPORTS["good"])
    del document[key]

    assert not validator().is_valid(document)
