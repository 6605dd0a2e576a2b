"""Upload: an archive that was packed, now or before, goes to S3."""

from __future__ import annotations

import hashlib
from pathlib import Path

from msgspec.structs import replace

from lambda_pack.commands.beside import known_of
from lambda_pack.errors import DeliveryError, UsageError
from lambda_pack.files.whole import whole_file
from lambda_pack.model.delivery import Delivered, Delivery, Parcel
from lambda_pack.model.report import ArchiveFacts, Report
from lambda_pack.model.report_json import report_json
from lambda_pack.ports import Narrator, Store
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


def deliver(report: Report, delivery: Delivery, narrator: Narrator, *, store: Store | None = None) -> Report:
    """Deliver what a run has packed: its report, with where each archive went, as it now lies beside them.

    A run that has packed no archive delivers none.

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
    with whole_file(archive.path.with_name(f"{report.name}-{report.target}.report.json")) as file:
        file.write(report_json(report).encode())
    return report


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
