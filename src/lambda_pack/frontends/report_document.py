"""A report read back from its JSON: a run that ended elsewhere can still be told about."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from packaging.utils import canonicalize_name
from packaging.version import Version

from lambda_pack.errors import UsageError
from lambda_pack.model.building import Build, Grafted
from lambda_pack.model.choices import BuilderName
from lambda_pack.model.delivery import Delivered
from lambda_pack.model.findings import Concern, Finding, Severity
from lambda_pack.model.glue import GlueFacts
from lambda_pack.model.packages import Pin
from lambda_pack.model.report import (
    SCHEMA_VERSION,
    ArchiveFacts,
    FileOnOffer,
    LayerFacts,
    PackedPackage,
    Report,
    ToBuild,
    Unmet,
)
from lambda_pack.model.slimming import Measure, Saving
from lambda_pack.model.stock import Attempt, HeldBack
from lambda_pack.model.targets import Target

__all__ = ["read_report"]


def read_report(path: Path) -> Report:
    """The report in a file. Whether it was of a check is not in the document.

    Raises:
        UsageError: it cannot be read, or is not a report of this version.
    """
    try:
        document = json.loads(path.read_text("utf-8"))
        if document["schema_version"] != SCHEMA_VERSION:
            raise UsageError(f"{str(path)!r} has schema version {document['schema_version']!r}, not {SCHEMA_VERSION}")
        return _report(document)
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise UsageError(f"{str(path)!r} is not a report of lambda-pack: {error!r}; pack again") from error


def _report(document: Mapping[str, Any]) -> Report:
    target = document["target"]
    return Report(
        name=document["name"],
        target=Target.parse(target["runtime"], target["architecture"]),
        layout=target["layout"],
        packages=tuple(_package(row) for row in document["packages"]),
        savings=tuple(
            # Reports that were written before there was slimming do not have it.
            Saving(Measure(row["measure"]), row["saved"], row["files"], row["package"])
            for row in document.get("slimming", ())
        ),
        held_back=tuple(_held_back(row) for row in document["held_back"]),
        unmet=tuple(_unmet(row) for row in document["unmet"]),
        attempts=tuple(_attempt(row) for row in document["attempts"]),
        warnings=tuple(document["warnings"]),
        archive=_archive(document["archive"]),
        delivered=_delivered(document.get("delivered")),
        # Reports that were written before there were layers do not have them.
        glue=_glue(document.get("glue")),
        layers=tuple(_layer(row) for row in document.get("layers", ())),
        to_build=tuple(ToBuild(_pin(row), row["source"], row["why"]) for row in document["to_build"]),
        timings=tuple((row["step"], row["seconds"]) for row in document["timings"]),
        # Reports of early versions do not have it.
        resolver_runs=document.get("resolver_runs", 0),
        tools=tuple(document["tools"].items()),
    )


def _pin(row: Mapping[str, Any]) -> Pin:
    version = row["version"]
    return Pin(canonicalize_name(row["name"]), None if version is None else Version(version))


def _glue(row: Mapping[str, Any] | None) -> GlueFacts | None:
    """Reports that were written before there were layouts for Glue do not have it."""
    if row is None:
        return None
    return GlueFacts(tuple(row["arguments"].items()), tuple(row["pip_install"]), tuple(row["scripts"]), row["job"])


def _layer(row: Mapping[str, Any]) -> LayerFacts:
    packages = tuple(map(canonicalize_name, row["packages"]))
    return LayerFacts(row["name"], _facts(row["archive"]), packages, _delivered(row["delivered"]))


def _archive(row: Mapping[str, Any] | None) -> ArchiveFacts | None:
    return None if row is None else _facts(row)


def _facts(row: Mapping[str, Any]) -> ArchiveFacts:
    return ArchiveFacts(Path(row["path"]), row["size"], row["unzipped_size"], row["entries"], row["sha256"])


def _delivered(row: Mapping[str, Any] | None) -> Delivered | None:
    """Reports that were written before there was a delivery to tell of do not have it."""
    if row is None:
        return None
    return Delivered(row["uri"], row["version_id"], row["sha256"], row["size"], was_there=row["was_there"])


def _package(row: Mapping[str, Any]) -> PackedPackage:
    return PackedPackage(
        pin=_pin(row),
        filename=row["file"],
        url=row["url"],
        sha256=row["sha256"],
        size=row["size"],
        is_verified=row["verified"],
        evidence=row["evidence"],
        source=row["built_from"],
        findings=tuple(map(_finding, row["findings"])),
        build=_build(row.get("build")),
        # Reports that were written before did not have it.
        index=row.get("index"),
    )


def _build(row: Mapping[str, Any] | None) -> Build | None:
    """Reports that were written before there were builds to tell of do not have it."""
    if row is None:
        return None
    return Build(
        builder=BuilderName(row["builder"]),
        image=row["image"],
        digest=row["image_digest"],
        retagged_from=row["retagged_from"],
        grafted=tuple(Grafted(**library) for library in row["grafted"]),
        is_reproducible=row["reproducible"],
        is_cached=row["cached"],
        wheelhouse=row.get("wheelhouse"),
    )


def _finding(row: Mapping[str, Any]) -> Finding:
    return Finding(
        path=row["file"],
        concern=Concern(row["concern"]),
        severity=Severity(row["severity"]),
        what=row["what"],
        why=row["why"],
        advice=row["advice"],
        library=row["library"],
        # Reports that were written before releases of other packages were looked at do not have it.
        goes_with=row.get("goes_with"),
    )


def _held_back(row: Mapping[str, Any]) -> HeldBack:
    return HeldBack(
        name=canonicalize_name(row["name"]),
        newest=Version(row["newest"]),
        chosen=Version(row["chosen"]),
        why=row["why"],
        required_by=tuple(map(canonicalize_name, row["required_by"])),
        origin=row["origin"],
        # Reports that were written before days were known do not have them.
        uploaded=_days(row.get("uploaded")),
    )


def _days(texts: Sequence[str] | None) -> tuple[date, date] | None:
    if texts is None:
        return None
    newest, chosen = map(date.fromisoformat, texts)
    return newest, chosen


def _unmet(row: Mapping[str, Any]) -> Unmet:
    return Unmet(
        pin=_pin(row),
        required_by=tuple(map(canonicalize_name, row["required_by"])),
        origin=row["origin"],
        reason=row["reason"],
        files=tuple(FileOnOffer(file["file"], file["reason"], file["detail"]) for file in row["files"]),
        attempts=tuple(_attempt(attempt) for attempt in row["attempts"]),
        advice=tuple(row["advice"]),
    )


def _attempt(row: Mapping[str, Any]) -> Attempt:
    return Attempt(_pin(row), row["step"], row["detail"], row["command"], row["log"])
