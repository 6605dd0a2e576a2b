"""Upload: an archive that was packed, now or before, goes to S3."""

from __future__ import annotations

import hashlib
from pathlib import Path

from msgspec.structs import replace

from lambda_pack.commands.beside import known_of, report_beside
from lambda_pack.errors import DeliveryError, UsageError
from lambda_pack.files.whole import whole_file
from lambda_pack.model.delivery import Delivered, Delivery, Parcel
from lambda_pack.model.report import Report
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
    """Deliver what a run has packed: its report, with where the archive went, as it now lies beside the archive.

    A run that has packed no archive delivers none.

    Raises:
        DeliveryError: it could not be delivered; the archive stays where it is, and `upload` can try again.
    """
    archive = report.archive
    if archive is None or archive.sha256 is None:
        return report
    parcel = Parcel(archive.path, archive.sha256, archive.size, report.name, report.target)
    try:
        delivered = (store or S3Store(narrator)).deliver(parcel, delivery)
    except DeliveryError as error:
        error.args = (f"{error} (the archive is in {str(archive.path)!r}; lambda-pack upload sends it again)",)
        raise
    report = replace(report, delivered=delivered)
    with whole_file(report_beside(archive.path)) as file:
        file.write(report_json(report).encode())
    return report


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
