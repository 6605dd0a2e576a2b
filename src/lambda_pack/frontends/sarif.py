"""Findings for GitHub code scanning: SARIF 2.1.0 (https://docs.oasis-open.org/sarif/sarif/v2.1.0/)."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import quote

from lambda_pack.model.audit_report import AuditedArchive, AuditReport
from lambda_pack.model.findings import Concern, Finding
from lambda_pack.model.product import VERSION

__all__ = ["sarif_text"]

_RULES = MappingProxyType(
    {
        Concern.DAMAGED: "A binary is damaged",
        Concern.SYSTEM: "A module was built for another operating system",
        Concern.MACHINE: "A binary was built for another machine",
        Concern.PYTHON: "A module was built for another Python",
        Concern.SYMBOLS: "A binary needs symbol versions that the runtime lacks",
        Concern.PRIVATE_SYMBOLS: "A binary needs private symbols of glibc",
        Concern.MISSING: "A binary needs a library that nothing provides",
        Concern.DOUBTFUL: "A binary needs a library that the runtime may lack",
        Concern.UNREACHABLE: "A binary needs a library that lies where the loader does not look",
        Concern.RELEASE: "A file was made for another release of a package beside it",
        Concern.BY_NAME: "Python loads a library by its name that nothing provides",
        Concern.PROGRAM: "Python starts a program that nothing provides",
    }
)


def sarif_text(report: AuditReport) -> str:
    """The findings as one SARIF run. Their place is the archive; the file in it is the logical location."""
    rules = [
        {"id": concern.value, "shortDescription": {"text": text}, "helpUri": _HELP} for concern, text in _RULES.items()
    ]
    driver = {"name": "lambda-pack", "version": VERSION, "informationUri": _HELP, "rules": rules}
    results = [_result(archive, finding) for archive in report.archives for finding in archive.findings]
    document = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "automationDetails": {"id": f"{report.target}/"}, "results": results}],
    }
    return json.dumps(document, indent=2) + "\n"


_HELP = "https://github.com/org/lambda-pack/blob/main/docs/audit.md"


def _result(archive: AuditedArchive, finding: Finding) -> dict[str, Any]:
    # One alert stays one while its wording changes.
    identity = f"{archive.path} {finding.path} {finding.concern.value} {finding.library or finding.goes_with}"
    return {
        "ruleId": finding.concern.value,
        "ruleIndex": list(_RULES).index(finding.concern),
        "level": finding.severity.value,
        "message": {"text": f"{finding.path} {finding.detail}; {finding.advice}"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": _uri(archive.path)},
                    "region": {"startLine": 1},
                },
                "logicalLocations": [{"fullyQualifiedName": f"{archive.path}!{finding.path}", "kind": "resource"}],
            }
        ],
        "partialFingerprints": {"finding/v1": hashlib.sha256(identity.encode()).hexdigest()},
    }


def _uri(path: str) -> str:
    """Relative paths stay so: code scanning takes them from the repository's root."""
    return Path(path).as_uri() if Path(path).is_absolute() else quote(path)
