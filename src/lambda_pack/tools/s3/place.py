"""One key of one bucket, and the client that reaches it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NotRequired, TypedDict

from msgspec import Struct

from lambda_pack.model.delivery import Delivery

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

__all__ = ["Address", "Place"]


class Address(TypedDict):
    """What every request about one object says, by the names of S3's API."""

    Bucket: str
    Key: str
    ExpectedBucketOwner: NotRequired[str]


class Place(Struct, frozen=True):
    """Where one archive goes, and how."""

    client: S3Client
    delivery: Delivery
    key: str

    @property
    def bucket(self) -> str:
        """The bucket's name."""
        return self.delivery.target.bucket

    @property
    def uri(self) -> str:
        """The place as people and AWS's tools write it."""
        return f"s3://{self.bucket}/{self.key}"

    @property
    def address(self) -> Address:
        """The object; S3 refuses every request for it when another account owns the bucket."""
        address: Address = {"Bucket": self.bucket, "Key": self.key}
        if self.delivery.bucket_owner is not None:
            address["ExpectedBucketOwner"] = self.delivery.bucket_owner
        return address
