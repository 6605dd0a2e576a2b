"""What a key holds before anything is sent."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias

from msgspec import Struct

from lambda_pack.model.delivery import Parcel
from lambda_pack.tools.s3.place import Place

if TYPE_CHECKING:
    from mypy_boto3_s3.type_defs import HeadObjectOutputTypeDef

__all__ = ["DIGEST", "TAKEN", "Holding", "Nothing", "Something", "Unseen", "look", "version_in"]

DIGEST = "lambda-pack-sha256"
"""The metadata entry with the digest of the whole object, in hex."""


TAKEN = frozenset({"PreconditionFailed", "412", "ConditionalRequestConflict", "409"})
"""What S3 answers to a conditional write that finds the key taken; also when its own first answer got lost."""


class Nothing(Struct, frozen=True):
    """The key is free."""


class Unseen(Struct, frozen=True):
    """We may not look, or could not; whoever may write need not be allowed to read. `status` is HTTP's."""

    status: int


class Something(Struct, frozen=True):
    """An object; `sha256` (hex) is None where neither S3 nor its writer says it. `size` is in bytes."""

    sha256: str | None
    size: int
    version_id: str | None

    def is_same(self, parcel: Parcel) -> bool:
        """Whether these are the very bytes of the archive."""
        return self.sha256 == parcel.sha256 and self.size == parcel.size


Holding: TypeAlias = Nothing | Unseen | Something


def look(place: Place) -> Holding:
    """Ask for the object's head. What S3 refuses is no error yet: a HEAD has no body to say why, the PUT has."""
    from botocore.exceptions import ClientError

    try:
        head = place.client.head_object(**place.address, ChecksumMode="ENABLED")
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        # Without leave to list the bucket, S3 answers 403 for a key that is free.
        return Nothing() if status == 404 else Unseen(status)  # noqa: PLR2004  # Not Found
    return Something(_digest(head), head["ContentLength"], version_in(head))


def version_in(answer: Mapping[str, Any]) -> str | None:
    """The version that an answer is about; where a bucket keeps none, S3 leaves it out or calls it 'null'."""
    version_id = answer.get("VersionId", "null")
    return None if version_id == "null" else str(version_id)


def _digest(head: HeadObjectOutputTypeDef) -> str | None:
    """The SHA-256 of the whole object.

    S3's own word is best: it has verified it. It has none for the whole of an object that came in parts, so there our
    metadata counts. That is safe enough: metadata and bytes of an object are replaced together or not at all, S3 has
    verified every part against its digest, and the upload was completed only when the parts together had the digest
    in the metadata. Whoever may write here can forge it, but could write any code here anyway.
    """
    checksum = head.get("ChecksumSHA256")
    # The other type is the digest of the digests of parts; S3 writes their number behind it, not every store does.
    if checksum and head.get("ChecksumType") != "COMPOSITE" and "-" not in checksum:
        return b64decode(checksum).hex()
    return head["Metadata"].get(DIGEST)
