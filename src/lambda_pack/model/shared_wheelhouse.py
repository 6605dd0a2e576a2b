"""A place in S3 where an organisation keeps the wheels that its machines have built."""

from __future__ import annotations

from typing import Self

from msgspec import Struct

from lambda_pack.model.choices import WheelhouseMode
from lambda_pack.model.delivery import Delivery, S3Target

__all__ = ["SharedWheelhouse"]


class SharedWheelhouse(Struct, frozen=True):
    """What the user says about it.

    Everything lies below `prefix`, which is empty or ends in a slash. `owner` is the account that must own the bucket:
    names of buckets are the world's, and whoever takes one that was given up must not give us code.
    """

    bucket: str
    prefix: str
    owner: str
    mode: WheelhouseMode = WheelhouseMode.READ

    @classmethod
    def parse(cls, uri: str, owner: str, *, mode: WheelhouseMode = WheelhouseMode.READ) -> Self:
        """The wheelhouse at `s3://BUCKET/PREFIX`.

        >>> SharedWheelhouse.parse("s3://wheels/ci", "123456789012").uri
        's3://wheels/ci/'

        Raises:
            UsageError: S3 would refuse the bucket's name or the prefix, or that is no account.
        """
        target = S3Target.parse(uri)
        prefix = f"{target.key.strip('/')}/".lstrip("/")
        house = cls(target.bucket, prefix, owner, mode)
        # What S3 would refuse is refused before anything is packed.
        _ = house.place
        return house

    @property
    def uri(self) -> str:
        """As people and AWS's tools write it."""
        return f"s3://{self.bucket}/{self.prefix}"

    @property
    def may_write(self) -> bool:
        """Whether what is built here is kept there."""
        return self.mode is WheelhouseMode.READ_WRITE

    @property
    def place(self) -> Delivery:
        """Where it is for a client; endpoint and region are those of AWS's settings."""
        return Delivery(S3Target(self.bucket, self.prefix), bucket_owner=self.owner)
