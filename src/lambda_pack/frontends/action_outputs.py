"""The outputs of the GitHub Action."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from lambda_pack.frontends.action_inputs import ActionInputs
from lambda_pack.model.delivery import Delivered
from lambda_pack.model.report import Report
from lambda_pack.model.report_json import report_document
from lambda_pack.model.request import PackRequest
from lambda_pack.model.targets import Target

__all__ = ["PASSED_ON", "REPORTED", "bundles_output", "delivered_outputs", "outputs_of"]

REPORTED = (
    "bundles",
    "zip-path",
    "zip-sha256",
    "code-sha256",
    "zip-size",
    "unzipped-size",
    "layers",
    "s3-py-modules",
    "pip-install",
    "additional-python-modules",
    "job-arguments",
    "unmet",
    "unmet-count",
    "held-back",
    "report-path",
    "lock-path",
    "s3-uri",
    "s3-version-id",
)
"""What action.yml gives its users from us; the others come from the nested actions."""

PASSED_ON = ("artifact-name", "artifact-path")
"""What the nested upload is told; there is nothing to upload when the path is empty."""

_TOO_LONG = frozenset({"files", "attempts"})  # outputs of a job share 1 MiB; the report has all of it


def outputs_of(
    report: Report, request: PackRequest, inputs: ActionInputs, *, workspace: Path | None
) -> Mapping[str, str]:
    """Return all but `bundles` and what a delivery adds.

    Paths are relative to the workspace where they lie in it; sizes are in bytes.
    """
    archive = report.archive
    digest = archive.sha256 if archive else None
    stem = f"{report.name}-{report.target}"
    document = report_document(report)
    packed = archive.path if archive else None
    beside = [request.output / f"{stem}.report.json", request.output / f"{stem}.pylock.toml"]
    there = [path if request.to_dir is None and path.is_file() else None for path in beside]
    paths = [_seen(path, workspace) for path in (packed, *there)]
    layers = [_seen(layer.archive.path, workspace) for layer in report.layers]
    uploaded = list(dict.fromkeys((*paths, *layers))) if inputs.artifact_archive else paths[: 1 if digest else 0]
    return {
        "zip-path": paths[0] if digest else "",
        "zip-sha256": digest or "",
        "code-sha256": base64.b64encode(bytes.fromhex(digest)).decode("ascii") if digest else "",
        "zip-size": str(archive.size) if archive and digest else "",
        "unzipped-size": str(report.unzipped_size) if archive else "",
        "layers": _json([_layer(row, path) for row, path in zip(document["layers"], layers, strict=True)]),
        **_of_glue(report),
        "unmet": _json([_short(one) for one in document["unmet"]]),
        "unmet-count": str(len(report.unmet)),
        "held-back": _json(document["held_back"]),
        "report-path": paths[1],
        # A lock of an earlier run may still lie there.
        "lock-path": paths[2] if digest else "",
        "artifact-name": _artifact_name(report, inputs.artifact_name),
        "artifact-path": "\n".join(filter(None, uploaded if digest else uploaded[:2]))
        if inputs.upload_artifact
        else "",
    }


def delivered_outputs(report: Report, delivered: Delivered) -> Mapping[str, str]:
    """What a delivery adds."""
    return {"s3-uri": delivered.uri, "s3-version-id": delivered.version_id or "", **_of_glue(report)}


def bundles_output(bundles: Iterable[tuple[str, Target, Mapping[str, str]]]) -> str:
    """Return the output `bundles`: a JSON list for `fromJSON`, with a row for each name, target and its other outputs.

    A bundle without outputs came to no report.
    """
    return _json([_bundle(name, target, outputs) for name, target, outputs in bundles])


def _bundle(name: str, target: Target, outputs: Mapping[str, str]) -> Mapping[str, str]:
    is_packed, is_delivered = bool(outputs.get("zip-sha256")), bool(outputs.get("s3-uri"))
    has_unmet = outputs.get("unmet-count", "0") != "0"
    return {
        "name": name,
        "target": str(target),
        "runtime": target.runtime.name,
        "architecture": target.architecture.value,
        "path": outputs.get("zip-path", ""),
        "sha256": outputs.get("zip-sha256", ""),
        "code_sha256": outputs.get("code-sha256", ""),
        "s3_uri": outputs.get("s3-uri", ""),
        "artifact": outputs["artifact-name"] if outputs.get("artifact-path") else "",
        "status": "unmet" if has_unmet else "delivered" if is_delivered else "packed" if is_packed else "failed",
    }


def _of_glue(report: Report) -> Mapping[str, str]:
    """What to paste into a Glue job; empty for other bundles."""
    arguments = dict(report.glue.arguments) if report.glue else {}
    return {
        "s3-py-modules": arguments.get("--s3-py-modules", ""),
        "pip-install": arguments.get("--pip-install", ""),
        "additional-python-modules": arguments.get("--additional-python-modules", ""),
        "job-arguments": _json(arguments) if arguments else "",
    }


def _artifact_name(report: Report, template: str) -> str:
    target = report.target
    return template.format(name=report.name, runtime=target.runtime.name, architecture=target.architecture.value)


def _seen(path: Path | None, workspace: Path | None) -> str:
    if path is None:
        return ""
    # Not resolved: a link that the user made is part of the path that the user knows.
    absolute = Path(os.path.normpath(path.absolute()))
    if workspace is not None and absolute.is_relative_to(workspace):
        return absolute.relative_to(workspace).as_posix()
    return absolute.as_posix()


def _layer(row: Mapping[str, Any], path: str) -> Mapping[str, Any]:
    return {"name": row["name"], "packages": row["packages"], **row["archive"], "path": path}


def _short(unmet: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: value for name, value in unmet.items() if name not in _TOO_LONG}


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
