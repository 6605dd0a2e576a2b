"""Upload: an archive that was packed, now or before, goes to S3."""

from __future__ import annotations

import hashlib
from pathlib import Path

from msgspec.structs import replace

from lambda_pack.commands.beside import known_of
from lambda_pack.errors import DeliveryError, UsageError
from lambda_pack.files.whole import whole_file
from lambda_pack.model.choices import Layout
from lambda_pack.model.delivery import Delivered, Delivery, GlueJob, Parcel, S3Target
from lambda_pack.model.glue import GlueFacts, JobChange, job_arguments
from lambda_pack.model.report import ArchiveFacts, Report
from lambda_pack.model.report_json import report_json
from lambda_pack.ports import Jobs, Narrator, Store
from lambda_pack.tools.glue_jobs import GlueJobs
from lambda_pack.tools.s3.store import S3Store

__all__ = ["deliver", "upload"]

# How a zip begins; the other when it is empty.
_SIGNATURES = (b"PK\x03\x04", b"PK\x05\x06")


def upload(path: Path, delivery: Delivery, narrator: Narrator, *, store: Store | None = None) -> Delivered:
    """Deliver an archive that lies there.

    Its name and target, for the key, are those of the report beside it, else those in its file name.

    Raises:
        UsageError: it is not a zip, or the key says what is not known of it.
        DeliveryError: it could not be delivered.
    """
    parcel = _parcel(path, narrator)
    return (store or S3Store(narrator)).deliver(parcel, delivery)


def deliver(
    report: Report, delivery: Delivery, narrator: Narrator, *, store: Store | None = None, jobs: Jobs | None = None
) -> Report:
    """Deliver what a run has packed: its report, with where each archive went, as it now lies beside them.

    A run that has packed no archive delivers none. A Glue job is changed last of all, when what it needs is there.

    Raises:
        DeliveryError: it could not be delivered; the archive stays where it is, and `upload` can try again.
    """
    archive = report.archive
    if archive is None or archive.sha256 is None:
        return report
    store = store or S3Store(narrator)
    # Layers first: a function is of use when all of its layers are there.
    layers = tuple(
        replace(
            layer, delivered=_sent(layer.archive, f"{report.name}-{layer.name}", report, delivery=delivery, store=store)
        )
        for layer in report.layers
    )
    there = next((layer.delivered for layer in layers if layer.archive == archive), None)
    delivered = there or _sent(archive, report.name, report, delivery=delivery, store=store)
    report = replace(report, delivered=delivered, layers=layers)
    if report.glue is not None:
        report = replace(report, glue=_told_to_glue(report, delivered, delivery, store=store))
    _write_report(report, archive.path)
    if report.glue is None or delivery.job is None or delivery.job.name is None:
        return report
    jobs = jobs or GlueJobs(narrator, region=delivery.region)
    script = next(iter(report.glue.scripts), None)
    jobs.change(delivery.job.name, JobChange(report.glue.arguments, report.target.runtime.name, script))
    report = replace(report, glue=replace(report.glue, job=delivery.job.name))
    _write_report(report, archive.path)
    return report


def _write_report(report: Report, archive: Path) -> None:
    with whole_file(archive.with_name(f"{report.name}-{report.target}.report.json")) as file:
        file.write(report_json(report).encode())


def _told_to_glue(report: Report, delivered: Delivered, delivery: Delivery, *, store: Store) -> GlueFacts:
    """The arguments of a job with the place of the archive in them, once the entry scripts have arrived, too."""
    glue = report.glue or GlueFacts(())
    job = delivery.job or GlueJob()
    target = job.script_target or _beside(delivered.uri)
    scripts = []
    for script in job.scripts:
        content = script.read_bytes()
        parcel = Parcel(script, hashlib.sha256(content).hexdigest(), len(content), report.name, report.target)
        parcel = replace(parcel, content_type="text/x-python")
        scripts.append(store.deliver(parcel, replace(delivery, target=target)).uri)
    arguments = job_arguments(Layout(report.layout), "", glue.pip_install, uri=delivered.uri)
    return replace(glue, arguments=arguments, scripts=tuple(scripts))


def _beside(uri: str) -> S3Target:
    """The folder that an object lies in."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    folder, slash, _ = key.rpartition("/")
    return S3Target(bucket, f"{folder}{slash}".replace("{", "{{").replace("}", "}}"))


def _sent(archive: ArchiveFacts, name: str, report: Report, *, delivery: Delivery, store: Store) -> Delivered:
    if archive.sha256 is None:
        raise AssertionError(f"{archive.path} is no archive")
    try:
        return store.deliver(Parcel(archive.path, archive.sha256, archive.size, name, report.target), delivery)
    except DeliveryError as error:
        error.args = (f"{error} (the archive is in {str(archive.path)!r}; lambda-pack upload sends it again)",)
        raise


def _parcel(path: Path, narrator: Narrator) -> Parcel:
    try:
        with path.open("rb") as file:
            if not file.read(4).startswith(_SIGNATURES):
                raise UsageError(f"{str(path)!r} is not a zip; name the archive that lambda-pack has packed")
            size = file.seek(0, 2)
            file.seek(0)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise UsageError(f"{str(path)!r} cannot be read: {error.strerror}; name the archive to upload") from error
    known = known_of(path, digest, narrator)
    return Parcel(path, digest, size, known.name, known.target)
