"""Where an archive goes, what goes there, and what came of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from string import Formatter
from typing import Self

from msgspec import Struct

from lambda_pack.errors import UsageError
from lambda_pack.model.choices import IfExists
from lambda_pack.model.product import VERSION
from lambda_pack.model.targets import Target

__all__ = ["Delivered", "Delivery", "GlueJob", "Parcel", "S3Target"]

# https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html, read 2026-11-21. Aliases of access
# points (…-s3alias) follow them, too.
_BUCKET = re.compile(r"(?!\d+\.\d+\.\d+\.\d+$)(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
# Object keys, https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html: UTF-8, in bytes.
_LONGEST_KEY = 1024
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html, read 2026-11-21: tags, and characters.
_MOST_TAGS, _LONGEST_TAG, _LONGEST_TAG_VALUE = 10, 128, 256
_SHA256_DIGITS = 64
_FIELDS = ("name", "runtime", "architecture", "sha256", "version")
_ALLOWED = ", ".join(f"{{{field}}}" for field in _FIELDS) + " and {sha256:N} for its first N digits"


class Parcel(Struct, frozen=True):
    """A file ready to go. `sha256` is in hex, `size` in bytes; `name` and `target` are None where unknown."""

    path: Path
    sha256: str
    size: int
    name: str | None = None
    target: Target | None = None
    content_type: str = "application/zip"

    @property
    def labels(self) -> Mapping[str, str]:
        """What a key template can say of it; `version` is lambda-pack's own."""
        target = self.target
        known = {
            "name": self.name,
            "runtime": target.runtime.name if target else None,
            "architecture": target.architecture.value if target else None,
            "sha256": self.sha256,
            "version": VERSION,
        }
        return {field: value for field, value in known.items() if value is not None}


class S3Target(Struct, frozen=True):
    """A bucket, and the template of a key in it.

    In the template `{name}`, `{runtime}`, `{architecture}`, `{sha256}` (hex), `{sha256:N}` (its first N digits) and
    `{version}` (of lambda-pack) stand for what is delivered, `{{` and `}}` for braces. A key that is empty or ends in
    a slash is a folder: the archive keeps its file name there.
    """

    bucket: str
    key: str = ""

    def __post_init__(self) -> None:
        """Refuse what S3 would refuse, before anything is packed."""
        if not _BUCKET.fullmatch(self.bucket):
            # Some tools take s3://ID:SECRET@bucket.
            shown = f"***@{self.bucket.rpartition('@')[2]}" if "@" in self.bucket else self.bucket
            raise UsageError(
                f"{shown!r} is not a bucket name; it has 3 to 63 lower-case letters, digits, '-' and '.', and begins "
                "and ends with a letter or a digit"
            )
        if any(ord(letter) < ord(" ") or letter == "\x7f" for letter in self.key):
            raise UsageError(f"the S3 key {self.key!r} has a control character in it; leave it out")
        for _, field, specification, conversion in _pieces(self.key):
            if field is not None:
                _check_field(self.key, field, specification or "", conversion)

    @classmethod
    def parse(cls, uri: str) -> Self:
        """The target of `s3://BUCKET/KEY`.

        >>> S3Target.parse("s3://code/{name}/{sha256:12}.zip")
        S3Target(bucket='code', key='{name}/{sha256:12}.zip')

        Raises:
            UsageError: it is not of that form, or S3 would refuse the bucket's name or the key.
        """
        scheme, separator, rest = uri.partition("://")
        if scheme.lower() != "s3" or not separator:
            # What stands there instead may be a presigned URL, as good as a password.
            raise UsageError("an S3 URI begins with 's3://', for example s3://bucket/folder/{name}.zip")
        bucket, _, key = rest.partition("/")
        return cls(bucket, key)

    @property
    def tells_apart(self) -> bool:
        """Whether several archives of one run would each get a key of its own."""
        fields = {field for _, field, _, _ in _pieces(self.key)}
        return not self.key or self.key.endswith("/") or not fields.isdisjoint({"name", "sha256"})

    def key_for(self, parcel: Parcel) -> str:
        """The key of an archive.

        Raises:
            UsageError: the template says what is not known of the archive, or the key is too long.
        """
        labels = parcel.labels
        words = []
        for literal, field, specification, _ in _pieces(self.key):
            words.append(literal)
            if field is None:
                continue
            if field not in labels:
                raise UsageError(
                    f"{{{field}}} in the S3 key {self.key!r} is unknown for {parcel.path.name!r}: there is no report "
                    "beside it and its name is not NAME-RUNTIME-ARCHITECTURE.zip; write the key without it"
                )
            words.append(labels[field][: int(specification)] if specification else labels[field])
        key = "".join(words)
        if not key or key.endswith("/"):
            key += parcel.path.name
        if (length := len(key.encode())) > _LONGEST_KEY:
            raise UsageError(f"the S3 key {key!r} has {length} bytes, S3 takes {_LONGEST_KEY}; choose a shorter one")
        return key


def _pieces(template: str) -> list[tuple[str, str | None, str | None, str | None]]:
    try:
        return list(Formatter().parse(template))
    except ValueError as error:
        raise UsageError(
            f"the S3 key {template!r} has an unpaired brace ({error}); write {{{{ or }}}} for one that is meant as such"
        ) from None


def _check_field(template: str, field: str, specification: str, conversion: str | None) -> None:
    if field not in _FIELDS or conversion:
        written = f"{field}!{conversion}" if conversion else field
        raise UsageError(f"{{{written}}} in the S3 key {template!r} is unknown; a key may have {_ALLOWED}")
    if not specification:
        return
    is_length = specification.isascii() and specification.isdigit() and 1 <= int(specification) <= _SHA256_DIGITS
    if field != "sha256" or not is_length:
        raise UsageError(
            f"{{{field}:{specification}}} in the S3 key {template!r} is unknown; a key may have {_ALLOWED}, "
            f"N from 1 to {_SHA256_DIGITS}"
        )


class GlueJob(Struct, frozen=True):
    """A job to be updated, and what is uploaded for it.

    `scripts` go below or to `script_target`, or beside the zip where that is None; the first is the job's own.
    `name` None updates no job.
    """

    scripts: tuple[Path, ...] = ()
    script_target: S3Target | None = None
    name: str | None = None


class Delivery(Struct, frozen=True):
    """How an archive is delivered.

    `kms_key` is an id, an ARN or an alias; without it the bucket's own encryption applies. `bucket_owner` is the
    account that must own the bucket, so that nobody else's of that name gets the code. `endpoint` is for stores that
    speak S3 elsewhere. Without `region`, `endpoint` and `storage_class` AWS's settings and defaults apply. `job` is
    what of Glue's is to use the archive.
    """

    target: S3Target
    if_exists: IfExists = IfExists.OVERWRITE
    kms_key: str | None = None
    tags: tuple[tuple[str, str], ...] = ()
    storage_class: str | None = None
    bucket_owner: str | None = None
    endpoint: str | None = None
    region: str | None = None
    job: GlueJob | None = None

    def __post_init__(self) -> None:
        """Refuse what S3 would refuse, before anything is packed."""
        self._check_tags()
        if self.bucket_owner is not None and not re.fullmatch("[0-9]{12}", self.bucket_owner):
            raise UsageError(f"{self.bucket_owner!r} is not an AWS account; write its 12 digits")
        if self.endpoint is not None:
            if not re.match("https?://[^/]", self.endpoint):
                raise UsageError("an S3 endpoint is a URL, for example https://s3.eu-central-1.amazonaws.com")
            if "@" in self.endpoint:
                raise UsageError("an S3 endpoint takes no user and password; AWS's own settings say who you are")

    def _check_tags(self) -> None:
        if len(self.tags) > _MOST_TAGS:
            raise UsageError(f"{len(self.tags)} S3 tags are too many; S3 takes {_MOST_TAGS}")
        if len(dict(self.tags)) < len(self.tags):
            raise UsageError("an S3 tag is given twice; give each key one value")
        for key, value in self.tags:
            if not key or len(key) > _LONGEST_TAG or len(value) > _LONGEST_TAG_VALUE or key.startswith("aws:"):
                raise UsageError(
                    f"the S3 tag {key!r} is not allowed: a key has 1 to {_LONGEST_TAG} characters and does not begin "
                    f"with 'aws:', a value has at most {_LONGEST_TAG_VALUE}"
                )


class Delivered(Struct, frozen=True):
    """What the place holds now.

    `was_there` says that nothing was sent. `sha256` (hex) and `size` (bytes) are of what the place holds: with
    `IfExists.SKIP` that can be something else than the archive, its digest None where nobody says it. `version_id` is
    None in a bucket without versions.
    """

    uri: str
    version_id: str | None
    sha256: str | None
    size: int | None
    was_there: bool
