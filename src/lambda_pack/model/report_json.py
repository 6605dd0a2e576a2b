"""The report as JSON for machines; `schemas/report-1.schema.json` describes it."""

from __future__ import annotations

import base64
import json
from typing import Any

from lambda_pack.model.building import Build, BuildLimits
from lambda_pack.model.delivery import Delivered
from lambda_pack.model.findings import Finding
from lambda_pack.model.glue import GlueFacts
from lambda_pack.model.packages import Pin
from lambda_pack.model.report import SCHEMA_VERSION, ArchiveFacts, PackedPackage, Report, Unmet
from lambda_pack.model.slimming import Saving
from lambda_pack.model.stock import Attempt, HeldBack

__all__ = ["finding_document", "report_document", "report_json"]


def report_json(report: Report) -> str:
    """The document as text, keys in their order, one newline at the end."""
    return json.dumps(report_document(report), indent=2, ensure_ascii=False) + "\n"


def report_document(report: Report) -> dict[str, Any]:
    """The document as values of the standard library."""
    runtime = report.target.runtime
    return {
        "schema_version": SCHEMA_VERSION,
        "name": report.name,
        "target": {
            "runtime": runtime.name,
            "architecture": report.target.architecture.value,
            "glibc": ".".join(map(str, runtime.glibc)),
            "layout": report.layout,
        },
        "inputs_sha256": report.inputs_sha256,
        "unchanged": report.is_unchanged,
        "archive": _archive(report.archive),
        "delivered": _delivered(report.delivered),
        "layers": [
            {
                "name": layer.name,
                "archive": _archive(layer.archive),
                "packages": list(layer.packages),
                "delivered": _delivered(layer.delivered),
            }
            for layer in report.layers
        ],
        "glue": report.glue and _glue(report.glue),
        "packages": [_package(package) for package in report.packages],
        "to_build": [
            {"name": item.pin.name, "version": _version(item.pin), "source": item.source, "why": item.why}
            for item in report.to_build
        ],
        "slimming": [_saving(saving) for saving in report.savings],
        "held_back": [_held_back(held) for held in report.held_back],
        "unmet": [_unmet(unmet) for unmet in report.unmet],
        "attempts": [_attempt(attempt) for attempt in report.attempts],
        "warnings": list(report.warnings),
        "timings": [{"step": step, "seconds": round(seconds, 4)} for step, seconds in report.timings],
        "resolver_runs": report.resolver_runs,
        "tools": dict(report.tools),
    }


def _archive(archive: ArchiveFacts | None) -> dict[str, Any] | None:
    if archive is None:
        return None
    digest = archive.sha256
    return {
        "path": archive.path.as_posix(),
        "size": archive.size,
        "unzipped_size": archive.unzipped_size,
        "entries": archive.entries,
        "sha256": digest,
        # What Lambda itself reports as CodeSha256.
        "code_sha256": base64.b64encode(bytes.fromhex(digest)).decode("ascii") if digest else None,
    }


def _delivered(delivered: Delivered | None) -> dict[str, Any] | None:
    if delivered is None:
        return None
    return {
        "uri": delivered.uri,
        "version_id": delivered.version_id,
        "sha256": delivered.sha256,
        "size": delivered.size,
        "was_there": delivered.was_there,
    }


def _glue(glue: GlueFacts) -> dict[str, Any]:
    return {
        "arguments": dict(glue.arguments),
        "pip_install": list(glue.pip_install),
        "scripts": list(glue.scripts),
        "job": glue.job,
    }


def _package(package: PackedPackage) -> dict[str, Any]:
    return {
        "name": package.pin.name,
        "version": _version(package.pin),
        "file": package.filename,
        "url": package.url,
        "sha256": package.sha256,
        "size": package.size,
        "verified": package.is_verified,
        "evidence": package.evidence,
        "built_from": package.source,
        "findings": [finding_document(finding) for finding in package.findings],
        "build": package.build and _build(package.build),
        "index": package.index,
    }


def _build(build: Build) -> dict[str, Any]:
    return {
        "builder": build.builder.value,
        "image": build.image,
        "image_digest": build.digest,
        "retagged_from": build.retagged_from,
        "grafted": [
            {"name": one.name, "path": one.path, "package": one.package, "licence": one.licence}
            for one in build.grafted
        ],
        "reproducible": build.is_reproducible,
        "cached": build.is_cached,
        "wheelhouse": build.wheelhouse,
        "limits": build.limits and _limits(build.limits),
    }


def _limits(limits: BuildLimits) -> dict[str, Any]:
    return {
        "before": limits.before and limits.before.isoformat(),
        "constraints": list(limits.constraints),
        "why": limits.why,
    }


def finding_document(finding: Finding) -> dict[str, Any]:
    """A finding as values of the standard library."""
    return {
        "file": finding.path,
        "concern": finding.concern.value,
        "severity": finding.severity.value,
        "what": finding.what,
        "why": finding.why,
        "advice": finding.advice,
        "library": finding.library,
        "goes_with": finding.goes_with,
    }


def _saving(saving: Saving) -> dict[str, Any]:
    return {
        "measure": saving.measure.value,
        "package": saving.package,
        "files": saving.files,
        "saved": saving.size,
    }


def _held_back(held: HeldBack) -> dict[str, Any]:
    return {
        "name": held.name,
        "newest": str(held.newest),
        "chosen": str(held.chosen),
        "why": held.why,
        "required_by": list(held.required_by),
        "origin": held.origin,
        "uploaded": None if held.uploaded is None else [day.isoformat() for day in held.uploaded],
        "lag": held.lag,
    }


def _unmet(unmet: Unmet) -> dict[str, Any]:
    return {
        "name": unmet.pin.name,
        "version": _version(unmet.pin),
        "required_by": list(unmet.required_by),
        "origin": unmet.origin,
        "reason": unmet.reason,
        "files": [{"file": file.filename, "reason": file.reason, "detail": file.detail} for file in unmet.files],
        "attempts": [_attempt(attempt) for attempt in unmet.attempts],
        "advice": list(unmet.advice),
    }


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "name": attempt.pin.name,
        "version": _version(attempt.pin),
        "step": attempt.step,
        "detail": attempt.detail,
        "command": attempt.command,
        "log": attempt.log,
    }


def _version(pin: Pin) -> str | None:
    return None if pin.version is None else str(pin.version)
