"""Where archives go: what may be written, and what it means."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_pack.errors import UsageError
from lambda_pack.model.delivery import Delivery, Parcel, S3Target
from lambda_pack.model.product import VERSION
from lambda_pack.model.targets import Target

SHA256 = "0123456789abcdef" * 4
PARCEL = Parcel(Path("dist/app-python3.13-arm64.zip"), SHA256, 10, "app", Target.parse("python3.13", "arm64"))


@pytest.mark.parametrize(
    ("uri", "bucket", "key"),
    [
        ("s3://code/a/b.zip", "code", "a/b.zip"),
        ("S3://code/a.zip", "code", "a.zip"),
        ("s3://code", "code", "app-python3.13-arm64.zip"),
        ("s3://code/", "code", "app-python3.13-arm64.zip"),
        ("s3://code/a/", "code", "a/app-python3.13-arm64.zip"),
        ("s3://code//a", "code", "/a"),
        ("s3://a.b-c.9/x?y#z%20", "a.b-c.9", "x?y#z%20"),
        ("s3://code/{name}/{runtime}/{architecture}.zip", "code", "app/python3.13/arm64.zip"),
        ("s3://code/{sha256}", "code", SHA256),
        ("s3://code/{sha256:12}.zip", "code", "0123456789ab.zip"),
        ("s3://code/{sha256:64}", "code", SHA256),
        ("s3://code/{version}/", "code", f"{VERSION}/app-python3.13-arm64.zip"),
        ("s3://code/{{name}}/{{{name}}}", "code", "{name}/{app}"),
    ],
)
def test_where_an_archive_goes(uri: str, bucket: str, key: str) -> None:
    target = S3Target.parse(uri)

    assert (target.bucket, target.key_for(PARCEL)) == (bucket, key)


@pytest.mark.parametrize(
    ("uri", "words"),
    [
        ("https://code/a.zip", "begins with 's3://'"),
        ("code/a.zip", "begins with 's3://'"),
        ("s3:code", "begins with 's3://'"),
        ("s3://", "'' is not a bucket name"),
        ("s3:///key", "'' is not a bucket name"),
        ("s3://ab", "'ab' is not a bucket name; it has 3 to 63"),
        (f"s3://{'a' * 64}", "is not a bucket name"),
        ("s3://Code", "'Code' is not a bucket name"),
        ("s3://my_code", "'my_code' is not a bucket name"),
        ("s3://-code", "'-code' is not a bucket name"),
        ("s3://a..b", "'a..b' is not a bucket name"),
        ("s3://192.168.0.1/a", "'192.168.0.1' is not a bucket name"),
        ("s3://code/a\n", "has a control character in it"),
        ("s3://code/{nam}", "{nam} in the S3 key '{nam}' is unknown; a key may have {name}, {runtime}, {architecture}"),
        ("s3://code/{}", "{} in the S3 key '{}' is unknown"),
        ("s3://code/{name!r}", "{name!r} in the S3 key"),
        ("s3://code/{name.upper}", "{name.upper} in the S3 key"),
        ("s3://code/{name:3}", "{name:3} in the S3 key"),
        ("s3://code/{sha256:0}", "N from 1 to 64"),
        ("s3://code/{sha256:65}", "N from 1 to 64"),
        ("s3://code/{sha256:x}", "N from 1 to 64"),
        ("s3://code/{sha256:²}", "N from 1 to 64"),
        ("s3://code/{sha256:{name}}", "N from 1 to 64"),
        ("s3://code/{name", "has an unpaired brace"),
        ("s3://code/name}", "has an unpaired brace"),
    ],
)
def test_what_is_no_place(uri: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        S3Target.parse(uri)

    assert words in str(caught.value)


def test_credentials_in_a_uri_are_not_repeated() -> None:
    with pytest.raises(UsageError) as caught:
        S3Target.parse("s3://AKIAEXAMPLE:secret@code/a.zip")

    assert "'***@code' is not a bucket name" in str(caught.value)
    assert "secret" not in str(caught.value)


@given(st.text(st.characters(exclude_categories=["C"]), max_size=30))
def test_doubled_braces_make_any_key(key: str) -> None:
    target = S3Target("code", key.replace("{", "{{").replace("}", "}}"))

    folder = not key or key.endswith("/")
    assert target.key_for(PARCEL) == (f"{key}{PARCEL.path.name}" if folder else key)


def test_what_is_not_known_cannot_be_in_the_key() -> None:
    unknown = Parcel(Path("any.zip"), SHA256, 10)

    assert S3Target("code", "{sha256:4}-{version}").key_for(unknown) == f"0123-{VERSION}"
    with pytest.raises(UsageError, match=r"\{runtime\} in the S3 key 'a-\{runtime\}' is unknown for 'any.zip': there"):
        S3Target("code", "a-{runtime}").key_for(unknown)


def test_a_key_has_1024_bytes_at_most() -> None:
    assert len(S3Target("code", "ä" * 512).key_for(PARCEL)) == 512
    with pytest.raises(UsageError, match="has 1025 bytes, S3 takes 1024"):
        S3Target("code", "ä" * 512 + "a").key_for(PARCEL)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"bucket_owner": "1234"}, "'1234' is not an AWS account; write its 12 digits"),
        ({"endpoint": "localhost:4566"}, "an S3 endpoint is a URL"),
        ({"endpoint": "ftp://host"}, "an S3 endpoint is a URL"),
        ({"endpoint": "https://me:secret@host"}, "takes no user and password"),
        ({"tags": tuple((str(number), "") for number in range(11))}, "11 S3 tags are too many; S3 takes 10"),
        ({"tags": (("a", "1"), ("a", "2"))}, "an S3 tag is given twice"),
        ({"tags": (("", "1"),)}, "the S3 tag '' is not allowed"),
        ({"tags": (("aws:x", "1"),)}, "the S3 tag 'aws:x' is not allowed"),
        ({"tags": (("a", "1" * 257),)}, "the S3 tag 'a' is not allowed"),
    ],
)
def test_what_s3_would_refuse_is_refused_before_anything_is_packed(options: dict[str, str], words: str) -> None:
    with pytest.raises(UsageError) as caught:
        Delivery(S3Target("code"), **options)  # type: ignore[arg-type]  # the rows above

    assert words in str(caught.value)
    assert "secret" not in str(caught.value)
