"""What an audit of finished bundles tells, and its JSON (`schemas/audit-1.schema.json`)."""

from __future__ import annotations

import json
from typing import Any

from msgspec import Struct

from lambda_pack.model.binaries import BinaryFile, ElfFacts
from lambda_pack.model.findings import Finding, Severity, errors_in
from lambda_pack.model.report_json import finding_document
from lambda_pack.model.targets import Target

__all__ = ["AUDIT_SCHEMA_VERSION", "AuditReport", "AuditedArchive", "audit_json"]

AUDIT_SCHEMA_VERSION = 1
"""Of the JSON document; another one for whatever a reader of this one could misunderstand."""


class AuditedArchive(Struct, frozen=True):
    """One zip, folder or wheel; `path` is as it was named. Each finding's path is one of `files`."""

    path: str
    files: tuple[BinaryFile, ...]
    findings: tuple[Finding, ...]

    def findings_of(self, file: BinaryFile) -> tuple[Finding, ...]:
        """What is wrong with one file."""
        return tuple(finding for finding in self.findings if finding.path == file.path)


class AuditReport(Struct, frozen=True):
    """Archives that lie on Lambda together, and what is wrong with their binaries."""

    target: Target
    archives: tuple[AuditedArchive, ...]

    @property
    def has_errors(self) -> bool:
        """Whether something will not load."""
        return any(errors_in(archive.findings) for archive in self.archives)


def audit_json(report: AuditReport) -> str:
    """The report as text for machines, keys in their order, one newline at the end."""
    document = {
        "schema_version": AUDIT_SCHEMA_VERSION,
        "target": {
            "runtime": report.target.runtime.name,
            "architecture": report.target.architecture.value,
            "glibc": ".".join(map(str, report.target.runtime.glibc)),
        },
        "loads": not report.has_errors,
        "archives": [
            {"path": archive.path, "files": [_file(file, archive.findings_of(file)) for file in archive.files]}
            for archive in report.archives
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _file(file: BinaryFile, findings: tuple[Finding, ...]) -> dict[str, Any]:
    facts = file.binary if isinstance(file.binary, ElfFacts) else None
    severities = {finding.severity for finding in findings}
    verdict = next((one.value for one in (Severity.ERROR, Severity.WARNING) if one in severities), "ok")
    return {
        "file": file.path,
        "verdict": verdict,
        "machine": facts.machine if facts else None,
        "needed": list(facts.needed) if facts else [],
        "symbols": [{"library": one.library, "version": one.name} for one in facts.versions] if facts else [],
        "findings": [finding_document(finding) for finding in findings],
    }
