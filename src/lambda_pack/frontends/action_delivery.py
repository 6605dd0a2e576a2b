"""The inputs that say where the zip goes."""

from __future__ import annotations

from collections.abc import Mapping

from lambda_pack.errors import UsageError
from lambda_pack.model.delivery import Delivery, IfExists, S3Target

__all__ = ["delivery_of"]


def delivery_of(texts: Mapping[str, str]) -> Delivery | None:
    """The delivery that these inputs ask for; None where they ask for none.

    Raises:
        UsageError: they contradict each other, or one has a value that it cannot have.
    """
    target = _target(texts["s3-uri"], texts["s3-bucket"], texts["s3-key"])
    if target is None:
        idle = [name for name in ("s3-kms-key-id", "s3-if-exists") if texts[name]]
        if idle:
            raise UsageError(f"the input {idle[0]!r} needs a place: set 's3-uri' or 's3-bucket', too")
        return None
    if_exists = texts["s3-if-exists"] or IfExists.OVERWRITE.value
    if if_exists not in {one.value for one in IfExists}:
        listed = ", ".join(one.value for one in IfExists)
        raise UsageError(f"the input 's3-if-exists' is {if_exists!r}; it takes one of: {listed}")
    return Delivery(target, if_exists=IfExists(if_exists), kms_key=texts["s3-kms-key-id"] or None)


def _target(uri: str, bucket: str, key: str) -> S3Target | None:
    if uri and (bucket or key):
        raise UsageError("the input 's3-uri' says bucket and key; leave 's3-bucket' and 's3-key' out")
    if key and not bucket:
        raise UsageError("the input 's3-key' needs a bucket: set 's3-bucket', too")
    name = "s3-uri" if uri else "s3-bucket" if not key else "s3-key"
    try:
        if uri:
            return S3Target.parse(uri)
        return S3Target(bucket, key) if bucket else None
    except UsageError as error:
        raise UsageError(f"the input {name!r}: {error}") from error
