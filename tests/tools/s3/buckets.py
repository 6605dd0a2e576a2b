"""A bucket of a server on loopback, seen with a client of the test's own."""

from __future__ import annotations

import hashlib
import random
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from boto3.session import Session
from msgspec import Struct

from lambda_pack.model.delivery import Delivery, Parcel, S3Target
from lambda_pack.model.targets import Target
from lambda_pack.tools.s3.upload import Sizes

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

__all__ = ["REGION", "SIZES", "Bucket", "make_parcel", "open_bucket"]

REGION: Literal["eu-central-1"] = "eu-central-1"
SIZES = Sizes(whole=6 << 20, part=5 << 20)
"""As small as S3 allows: whatever is larger than 6 MiB goes in parts."""


class Bucket(Struct, frozen=True):
    """A bucket that the test has made."""

    name: str
    endpoint: str
    client: S3Client

    def delivery(self, key: str = "a.zip", *, endpoint: str | None = None, **options: Any) -> Delivery:  # noqa: ANN401  # as Delivery has them
        """A delivery to here, perhaps through another endpoint."""
        return Delivery(S3Target(self.name, key), endpoint=endpoint or self.endpoint, **options)

    def put(self, body: bytes, key: str = "a.zip") -> None:
        """What somebody else's tool puts there."""
        self.client.put_object(Bucket=self.name, Key=key, Body=body)

    def head(self, key: str = "a.zip") -> Any:  # noqa: ANN401  # as the API has it
        """What S3 says of an object."""
        return self.client.head_object(Bucket=self.name, Key=key, ChecksumMode="ENABLED")

    def body(self, key: str = "a.zip") -> bytes:
        """An object's bytes."""
        return self.client.get_object(Bucket=self.name, Key=key)["Body"].read()

    def keys(self) -> list[str]:
        """All objects."""
        return [item["Key"] for item in self.client.list_objects_v2(Bucket=self.name).get("Contents", [])]

    def unfinished(self) -> list[str]:
        """The uploads in parts that were neither completed nor aborted."""
        return [item["UploadId"] for item in self.client.list_multipart_uploads(Bucket=self.name).get("Uploads", [])]


@lru_cache
def _client(endpoint: str) -> S3Client:
    """Credentials of its own, whatever the machine has; made once, for that takes longer than most tests."""
    session = Session(aws_access_key_id="the-test", aws_secret_access_key="not-secret", region_name=REGION)  # noqa: S106  # loopback takes any
    return session.client("s3", endpoint_url=endpoint)


def open_bucket(endpoint: str, name: str) -> Bucket:
    """A new bucket there."""
    client = _client(endpoint)
    client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
    return Bucket(name, endpoint, client)


def make_parcel(folder: Path, size: int, *, seed: int = 0, name: str = "app-python3.13-arm64.zip") -> Parcel:
    """An archive of that many bytes, by its beginning at least, that says what it is."""
    content = b"PK\x03\x04" + random.Random(seed).randbytes(size - 4)  # noqa: S311  # the same bytes each time
    path = folder / name
    path.write_bytes(content)
    return Parcel(path, hashlib.sha256(content).hexdigest(), size, "app", Target.parse("python3.13", "arm64"))
