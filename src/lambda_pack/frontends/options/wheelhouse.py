"""The wheelhouse that an organisation shares."""

from __future__ import annotations

from lambda_pack.frontends.options.option import Group, Option, values_of
from lambda_pack.model.choices import WheelhouseMode

__all__ = ["WHEELHOUSE"]

WHEELHOUSE = Group.of(
    "shared wheelhouse in S3, with AWS's own settings and credentials (docs/wheelhouse.md)",
    Option("wheelhouse", "look for built wheels in s3://BUCKET/PREFIX before building them", metavar="URI"),
    Option("wheelhouse-owner", "account that must own the bucket", metavar="ACCOUNT"),
    Option(
        "wheelhouse-mode",
        "read-write keeps there what is built here",
        choices=values_of(WheelhouseMode),
        default=WheelhouseMode.READ.value,
    ),
    only_pack=True,
)
