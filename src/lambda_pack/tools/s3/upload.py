"""Sending an archive, in one piece or in parts; S3 verifies a SHA-256 of each before it keeps anything."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, BinaryIO
from urllib.parse import quote, urlencode

from msgspec import Struct

from lambda_pack.errors import DeliveryError
from lambda_pack.model.choices import IfExists
from lambda_pack.model.delivery import Parcel
from lambda_pack.model.product import VERSION
from lambda_pack.ports import Narrator
from lambda_pack.tools.s3.holdings import DIGEST, version_in
from lambda_pack.tools.s3.passage import read_passage
from lambda_pack.tools.s3.place import Place

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import CompletedPartTypeDef

__all__ = ["Sizes", "send"]

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html, read 2026-11-21.
_MOST_PARTS = 10_000
_PIECE = 1 << 20


class Sizes(Struct, frozen=True):
    """In bytes: archives larger than `whole` go in parts of `part` (S3 takes no part below 5 MiB but the last)."""

    whole: int = 64 << 20
    part: int = 16 << 20

    def part_of(self, size: int) -> int:
        """The size of the parts of an archive: S3 takes 10,000 parts at most."""
        return max(self.part, -(-size // _MOST_PARTS))


class _Parts(Struct, frozen=True):
    """The parts as S3 has confirmed them, and the digest of all of them together, in hex."""

    confirmed: tuple[CompletedPartTypeDef, ...]
    sha256: str


def send(place: Place, parcel: Parcel, narrator: Narrator, sizes: Sizes) -> str | None:
    """Send it, and return the version's id where the bucket has versions.

    One connection at a time: then Ctrl-C ends it at once, and there is nobody to wait for.

    Raises:
        DeliveryError: the file has changed since its digest was taken.
        botocore.exceptions.BotoCoreError, ClientError: as botocore raises them, after its retries.
    """
    progress = _Progress(narrator, parcel)
    with parcel.path.open("rb") as file:
        if parcel.size > sizes.whole:
            version = _send_in_parts(place, parcel, file, progress=progress, part_size=sizes.part_of(parcel.size))
        else:
            version = _send_whole(place, parcel, file, progress)
    progress.end()
    return version


def _send_whole(place: Place, parcel: Parcel, file: BinaryIO, progress: _Progress) -> str | None:
    done = place.client.put_object(
        **place.address,
        **_nature(place, parcel),
        **_condition(place),
        Body=read_passage(file, 0, parcel.size, told=progress.sending(0)),
        ChecksumAlgorithm="SHA256",
        ChecksumSHA256=b64encode(bytes.fromhex(parcel.sha256)).decode("ascii"),
    )
    return version_in(done)


def _send_in_parts(place: Place, parcel: Parcel, file: BinaryIO, *, progress: _Progress, part_size: int) -> str | None:
    upload_id = place.client.create_multipart_upload(
        **place.address, **_nature(place, parcel), ChecksumAlgorithm="SHA256", ChecksumType="COMPOSITE"
    )["UploadId"]
    try:
        parts = _send_parts(place, upload_id, file, progress=progress, part_size=part_size)
        return _join(place, upload_id, parcel, parts)
    except BaseException:
        _abort(place, upload_id, progress.narrator)
        raise


def _join(place: Place, upload_id: str, parcel: Parcel, parts: _Parts) -> str | None:
    """Make one object of the parts, unless they are not the archive whose digest the metadata has."""
    if parts.sha256 != parcel.sha256:
        raise DeliveryError(
            f"{str(parcel.path)!r} was changed while it was being uploaded; {place.uri!r} is as it was, run again"
        )
    done = place.client.complete_multipart_upload(
        **place.address,
        **_condition(place),
        UploadId=upload_id,
        MultipartUpload={"Parts": parts.confirmed},
        MpuObjectSize=parcel.size,
        ChecksumType="COMPOSITE",
    )
    return version_in(done)


def _send_parts(place: Place, upload_id: str, file: BinaryIO, *, progress: _Progress, part_size: int) -> _Parts:
    whole = hashlib.sha256()
    confirmed: list[CompletedPartTypeDef] = []
    size = file.seek(0, 2)
    for number, begin in enumerate(range(0, size, part_size), start=1):
        length = min(part_size, size - begin)
        digest = hashlib.sha256()
        with read_passage(file, begin, length) as passage:
            while piece := passage.read(_PIECE):
                digest.update(piece)
                whole.update(piece)
        checksum = b64encode(digest.digest()).decode("ascii")
        sent = place.client.upload_part(
            **place.address,
            UploadId=upload_id,
            PartNumber=number,
            Body=read_passage(file, begin, length, told=progress.sending(begin)),
            ChecksumSHA256=checksum,
        )
        confirmed.append({"PartNumber": number, "ETag": sent["ETag"], "ChecksumSHA256": checksum})
    return _Parts(tuple(confirmed), whole.hexdigest())


def _abort(place: Place, upload_id: str, narrator: Narrator) -> None:
    """Have S3 forget the parts; where that fails too, say how to do it by hand, for they cost money unseen."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        place.client.abort_multipart_upload(**place.address, UploadId=upload_id)
    except (BotoCoreError, ClientError) as error:
        if isinstance(error, ClientError) and error.response["Error"].get("Code") == "NoSuchUpload":
            return
        narrator.warn(
            f"parts of {place.uri!r} are left in S3, for they could not be removed either: abort upload {upload_id!r} "
            "with aws s3api abort-multipart-upload, or give the bucket a lifecycle rule for incomplete uploads"
        )


def _nature(place: Place, parcel: Parcel) -> Any:  # noqa: ANN401  # the part that two requests of S3's API share
    """What the object is: told when an upload begins."""
    delivery = place.delivery
    nature: dict[str, object] = {"ContentType": parcel.content_type, "Metadata": _metadata(parcel)}
    if delivery.kms_key is not None:
        nature |= {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": delivery.kms_key}
    if delivery.tags:
        nature["Tagging"] = urlencode(delivery.tags, quote_via=quote)
    if delivery.storage_class is not None:
        nature["StorageClass"] = delivery.storage_class
    return nature


def _metadata(parcel: Parcel) -> dict[str, str]:
    metadata = {DIGEST: parcel.sha256, "lambda-pack-version": VERSION}
    if parcel.name is not None:
        # S3 takes ASCII there, and a folder's name may be anything.
        metadata["lambda-pack-name"] = quote(parcel.name)
    if parcel.target is not None:
        metadata["lambda-pack-target"] = str(parcel.target)
    return metadata


def _condition(place: Place) -> Any:  # noqa: ANN401  # as in _nature
    """Where others' objects must stay, S3 itself sees to it: nobody can come between our look and our write."""
    return {} if place.delivery.if_exists is IfExists.OVERWRITE else {"IfNoneMatch": "*"}


class _Progress:
    """Tells how much was sent; a retry begins a part again, which is told only once it goes beyond."""

    def __init__(self, narrator: Narrator, parcel: Parcel) -> None:
        self.narrator = narrator
        self._label = f"{parcel.path.name} to S3"
        self._size = parcel.size
        self._most = 0

    def sending(self, begin: int) -> Callable[[int], None]:
        """What hears how much was read of the part that begins there."""

        def told(position: int) -> None:
            # The end is told when S3 has confirmed it.
            done = min(begin + position, self._size - 1)
            if done > self._most:
                self._most = done
                self.narrator.progress(self._label, done, self._size)

        return told

    def end(self) -> None:
        """S3 has it."""
        self.narrator.progress(self._label, self._size, self._size)
