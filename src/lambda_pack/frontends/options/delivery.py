"""Delivery to S3."""

from __future__ import annotations

from lambda_pack.frontends.options.option import Group, Kind, Option, values_of
from lambda_pack.model.choices import IfExists

__all__ = ["DELIVERY"]

DELIVERY = Group.of(
    "delivery to S3, with AWS's own settings and credentials",
    Option("s3-uri", "upload the zip to s3://BUCKET/KEY; see --s3-key", metavar="URI"),
    Option("s3-bucket", "upload the zip to this bucket", metavar="BUCKET"),
    Option(
        "s3-key",
        "key, in which {name} {runtime} {architecture} {sha256} {sha256:12} {version} stand for the zip's; a folder "
        "with a slash at its end (default: the file's name)",
        metavar="KEY",
    ),
    Option(
        "s3-if-exists",
        "the key holds other bytes (default: overwrite; the same bytes are never sent again)",
        choices=values_of(IfExists),
    ),
    Option("s3-kms-key-id", "encrypt with this KMS key", metavar="KEY"),
    Option("s3-tag", "tag of the object", Kind.MANY, metavar="KEY=VALUE"),
    Option("s3-storage-class", "storage class of the object", metavar="CLASS"),
    Option("s3-bucket-owner", "account that must own the bucket", metavar="ACCOUNT"),
    Option("s3-endpoint-url", "another place that speaks S3", metavar="URL"),
    Option("s3-region", "region of the bucket (default: AWS's settings)", metavar="REGION"),
    only_pack=True,
)
