"""The audit on the command line: from parsed arguments to printed text and an exit code."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lambda_pack.commands.audit import audit
from lambda_pack.errors import UnmetDependencies, UsageError
from lambda_pack.files.whole import writing_to
from lambda_pack.frontends.error_document import telling_errors
from lambda_pack.frontends.screen import clean
from lambda_pack.model.audit_report import AuditedArchive, AuditReport, audit_json
from lambda_pack.model.binaries import Generated, LoadsByName
from lambda_pack.model.findings import Severity, summaries
from lambda_pack.model.targets import DEFAULT_ARCHITECTURE, Target

__all__ = ["render_audit", "run_audit"]


def run_audit(arguments: Mapping[str, Any]) -> int:
    """Audit what the arguments name; the exit code says whether something will not load."""
    with telling_errors(as_json=arguments["json"]):
        if arguments["runtime"] is None:
            raise UsageError("which runtime? name it with --runtime, for example --runtime python3.13")
        target = Target.parse(arguments["runtime"], arguments["architecture"] or DEFAULT_ARCHITECTURE.value)
        report = audit([Path(text) for text in arguments["archives"]], target)
    if arguments["sarif"] is not None:
        from lambda_pack.frontends.sarif import sarif_text

        sarif = Path(arguments["sarif"])
        with writing_to(sarif):
            sarif.write_text(sarif_text(report), encoding="utf-8")
    sys.stdout.write(audit_json(report) if arguments["json"] else render_audit(report, verbose=arguments["verbose"]))
    return UnmetDependencies.exit_code if report.has_errors else 0


def render_audit(report: AuditReport, *, verbose: bool = False) -> str:
    """The report as text for people; `verbose` names every file and everything about it."""
    return clean("\n".join(_lines(report, verbose=verbose)) + "\n")


def _lines(report: AuditReport, *, verbose: bool) -> Iterator[str]:
    for archive in report.archives:
        yield from _of_archive(archive, verbose=verbose)
    files = [file for archive in report.archives for file in archive.files if not isinstance(file.binary, LoadsByName)]
    count = len(files)
    noun = "files" if any(isinstance(file.binary, Generated) for file in files) else "binaries"
    findings = [finding for archive in report.archives for finding in archive.findings]
    errors = {finding.path for finding in findings if finding.severity is Severity.ERROR}
    verdict = f"{len(errors)} of {count} {noun} will not load" if errors else f"all {count} {noun} load"
    yield f"{verdict} on {report.target}" if count else f"no binaries: nothing can fail to load on {report.target}"


def _of_archive(archive: AuditedArchive, *, verbose: bool) -> Iterator[str]:
    if not archive.findings and not verbose:
        return
    yield archive.path
    if verbose:
        for file in archive.files:
            findings = archive.findings_of(file)
            yield f"  {'ok' if not findings else findings[0].severity.value:<7}  {file.path}"
            yield from (f"           {finding.detail}; {finding.advice}" for finding in findings)
    else:
        for severity in Severity:
            for summary in summaries(one for one in archive.findings if one.severity is severity):
                yield f"  {severity.value:<7}  {summary}"
    yield ""
