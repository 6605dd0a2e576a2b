"""What `lambda-pack audit` says: text, JSON by its schema, SARIF, exit codes."""

from __future__ import annotations

import json
import zipfile
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from packaging.version import Version

from lambda_pack.frontends.audits import render_audit
from lambda_pack.frontends.sarif import sarif_text
from lambda_pack.model.audit import judge_binaries
from lambda_pack.model.audit_report import AUDIT_SCHEMA_VERSION, AuditedArchive, AuditReport, audit_json
from lambda_pack.model.binaries import BinaryFile, Damaged
from lambda_pack.model.findings import Concern, Severity
from lambda_pack.model.product import VERSION
from lambda_pack.model.targets import Target
from tests.end_to_end.command import COMMAND
from tests.frontends.schema import schema
from tests.frontends.snapshots import check_snapshot
from tests.model.test_audit import NUMPY_1, TARGET, elf, made_for, symbol
from tests.support.elf import make_elf
from tests.support.processes import run

FILES = (
    BinaryFile("shop/_core.abi3.so", elf("libc.so.6", symbols=[symbol("GLIBC_2.28")])),
    BinaryFile("shop/_more.abi3.so", elf("libc.so.6", symbols=[symbol("GLIBC_2.28")])),
    BinaryFile("shop/fine.so", elf("libc.so.6", symbols=[symbol("GLIBC_2.17")])),
    BinaryFile("shop/tool\x1b[31m", elf(machine="aarch64")),
    BinaryFile("shop/broken.so", Damaged("ends inside its header")),
    BinaryFile("shop/_arrays.abi3.so", made_for(NUMPY_1)),
)
RELEASES = {"numpy": Version("2.5.5")}
FINDINGS = judge_binaries({"shop": FILES}, TARGET, releases=RELEASES)["shop"]
REPORT = AuditReport(TARGET, (AuditedArchive("dist/shop.zip", FILES, FINDINGS),))
EMPTY = AuditReport(Target.parse("python3.13", "arm64"), (AuditedArchive("pure.zip", (), ()),))


def audit_schema() -> Any:  # noqa: ANN401  # JSON, as the standard library gives it
    """The document as it is shipped in the package."""
    name = f"audit-{AUDIT_SCHEMA_VERSION}.schema.json"
    return json.loads(files("lambda_pack").joinpath("schemas", name).read_text("utf-8"))


def test_texts() -> None:
    check_snapshot("audit.txt", render_audit(REPORT))
    check_snapshot("audit-verbose.txt", render_audit(REPORT, verbose=True))
    assert render_audit(EMPTY) == "no binaries: nothing can fail to load on python3.13-arm64\n"


def test_json() -> None:
    text = audit_json(REPORT)

    Draft202012Validator(audit_schema()).validate(json.loads(text))
    Draft202012Validator(audit_schema()).validate(json.loads(audit_json(EMPTY)))
    check_snapshot("audit.json", text)


def test_sarif() -> None:
    check_snapshot("audit.sarif", sarif_text(REPORT).replace(VERSION, "VERSION"))


def test_the_schemas_say_the_same_of_a_finding_and_know_every_word() -> None:
    of_audit, of_report = audit_schema()["$defs"]["finding"], schema()["$defs"]["finding"]
    of_report["properties"]["file"]["description"] = of_audit["properties"]["file"]["description"]

    assert of_audit == of_report
    assert set(of_audit["properties"]["concern"]["enum"]) == {concern.value for concern in Concern}
    assert set(of_audit["properties"]["severity"]["enum"]) == {severity.value for severity in Severity}


def test_every_concern_has_a_rule() -> None:
    (sarif,) = json.loads(sarif_text(REPORT))["runs"]

    assert [rule["id"] for rule in sarif["tool"]["driver"]["rules"]] == [concern.value for concern in Concern]


def make_bundle(folder: Path, version: str) -> Path:
    with zipfile.ZipFile(folder / "bundle.zip", "w") as archive:
        archive.writestr("x/_core.so", make_elf(versions={"libc.so.6": [version]}))
    return folder / "bundle.zip"


@pytest.mark.parametrize(("version", "status"), [("GLIBC_2.17", 0), ("GLIBC_2.28", 3)])
def test_the_command(tmp_path: Path, clean_environment: dict[str, str], version: str, status: int) -> None:
    make_bundle(tmp_path, version)
    words = ("audit", "bundle.zip", "--runtime", "python3.11", "--sarif", "found.sarif")

    text = run((*COMMAND, *words), clean_environment, folder=tmp_path)
    document = run((*COMMAND, *words, "--json"), clean_environment, folder=tmp_path)

    assert (text.exit_code, document.exit_code) == (status, status)
    assert ("GLIBC_2.28" in text.output) == (status == 3)
    assert json.loads(document.output)["loads"] == (status == 0)
    (sarif,) = json.loads((tmp_path / "found.sarif").read_text("utf-8"))["runs"]
    assert len(sarif["results"]) == (1 if status else 0)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["bundle.zip"], "which runtime?"),
        (["bundle.zip", "--runtime", "python3.99"], "not a Lambda runtime"),
        (["nothing.zip", "--runtime", "python3.12"], "no zip, wheel or folder"),
    ],
)
def test_what_cannot_be_understood(
    tmp_path: Path, clean_environment: dict[str, str], words: list[str], says: str
) -> None:
    make_bundle(tmp_path, "GLIBC_2.17")

    done = run((*COMMAND, "audit", *words), clean_environment, folder=tmp_path)

    assert done.exit_code == 2
    assert says in done.errors
