"""Each refusal says what, where and what now; none has a credential in it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lambda_pack.errors import DeliveryError, UsageError
from lambda_pack.model.choices import IfExists
from lambda_pack.model.delivery import Delivery, Parcel, S3Target
from lambda_pack.tools.s3.store import S3Store
from tests.support.fakes import RecordingNarrator
from tests.tools.s3.buckets import SIZES, make_parcel
from tests.tools.s3.scripted import Reply, Scripted, Seen, refusal


def refuse(parcel: Parcel, answer: Callable[[Seen], Reply], **options: object) -> DeliveryError:
    """What delivering to a server that answers so ends with."""
    store = S3Store(RecordingNarrator(), sizes=SIZES)
    with Scripted(answer) as server:
        delivery = Delivery(S3Target("code", "a.zip"), endpoint=server.endpoint, **options)  # type: ignore[arg-type]  # the test's own rows
        with pytest.raises(DeliveryError) as caught:
            store.deliver(parcel, delivery)
    return caught.value


def always(reply: Reply) -> Callable[[Seen], Reply]:
    """The same answer to everything; a HEAD loses its body on the way."""
    return lambda _: reply


ROWS = [
    (refusal(404, "NoSuchBucket"), {}, "there is no bucket 'code'; check its name, the account and the endpoint"),
    (
        refusal(403, "AccessDenied"),
        {},
        "access to 's3://code/a.zip' was denied: PutObject needs s3:PutObject on arn:aws:s3:::code/a.zip; allow that",
    ),
    (
        refusal(403, "AccessDenied"),
        {"tags": (("team", "a"),), "kms_key": "alias/k", "bucket_owner": "123456789012"},
        (
            "s3:PutObject and s3:PutObjectTagging on arn:aws:s3:::code/a.zip, and kms:GenerateDataKey on the KMS key "
            "'alias/k'; allow that to whoever asks, in IAM and in the bucket's policy, and check that account "
            "123456789012 owns the bucket"
        ),
    ),
    (Reply(403), {}, "s3:PutObject on arn:aws:s3:::code/a.zip"),
    (refusal(403, "AccessDenied"), {"region": "cn-north-1"}, "s3:PutObject on arn:aws-cn:s3:::code/a.zip"),
    (refusal(400, "ExpiredToken"), {}, "the AWS session for 's3://code/a.zip' has expired; log in"),
    (refusal(403, "InvalidAccessKeyId"), {}, "AWS does not take the credentials for 's3://code/a.zip': InvalidAccess"),
    (refusal(403, "SignatureDoesNotMatch"), {}, "AWS does not take the credentials for 's3://code/a.zip': Signature"),
    (refusal(403, "RequestTimeTooSkewed"), {}, "this machine's clock is not S3's"),
    (
        refusal(301, "PermanentRedirect", x_amz_bucket_region="us-west-2"),
        {},
        "the bucket 'code' is in us-west-2, not in eu-central-1; name that region for the upload, or AWS_REGION",
    ),
    (
        refusal(400, "AuthorizationHeaderMalformed", more="<Region>ap-south-1</Region>"),
        {"region": "eu-west-1"},
        "the bucket 'code' is in ap-south-1, not in eu-west-1",
    ),
    (refusal(400, "BadDigest"), {}, "what arrived at 's3://code/a.zip' is not what was sent (BadDigest)"),
    (refusal(400, "KMS.NotFoundException"), {"kms_key": "alias/k"}, "the KMS key 'alias/k' cannot encrypt"),
    (refusal(400, "InvalidStorageClass"), {"storage_class": "WARM"}, "'WARM' is not a storage class of S3's"),
    (refusal(409, "ConditionalRequestConflict"), {}, "somebody else was writing 's3://code/a.zip' at the same time"),
    (refusal(418, "Teapot"), {}, "PutObject of 's3://code/a.zip' was refused with Teapot; see S3's words below"),
]


@pytest.mark.parametrize(("reply", "options", "words"), ROWS)
def test_what_s3_refuses(small: Parcel, reply: Reply, options: dict[str, object], words: str) -> None:
    error = refuse(small, always(reply), **options)

    assert words in str(error)
    assert error.exit_code == 7


def test_s3s_own_words_and_the_number_its_support_asks_for_are_kept(small: Parcel) -> None:
    error = refuse(small, always(refusal(403, "AccessDenied", message="no policy allows it", x_amz_request_id="R1")))

    assert error.log.splitlines() == ["S3: no policy allows it", "request R1"]


def test_a_busy_s3_is_asked_again_before_that_is_said(small: Parcel) -> None:
    tries: list[Seen] = []

    def busy(seen: Seen) -> Reply:
        tries.append(seen)
        return Reply(404) if seen.method == "HEAD" else refusal(503, "SlowDown")

    error = refuse(small, busy)

    assert "S3 was too busy for 's3://code/a.zip' (SlowDown) in all tries" in str(error)
    assert [seen.method for seen in tries] == ["HEAD", "PUT", "PUT", "PUT"]


@pytest.mark.parametrize(
    ("operation", "actions"),
    [
        ("POST /code/a.zip?uploads", "CreateMultipartUpload needs s3:PutObject on arn:aws:s3:::code/a.zip;"),
        ("PUT /code/a.zip?", "UploadPart needs s3:PutObject on arn:aws:s3:::code/a.zip;"),
        ("POST /code/a.zip?uploadId", "CompleteMultipartUpload needs s3:PutObject on arn:aws:s3:::code/a.zip;"),
    ],
)
def test_every_step_of_an_upload_in_parts_may_be_denied(large: Parcel, operation: str, actions: str) -> None:
    error = refuse(large, multipart(denied=operation))

    assert actions in str(error)


def multipart(denied: str) -> Callable[[Seen], Reply]:
    """As much of uploads in parts as it takes, with one operation denied."""

    def answer(seen: Seen) -> Reply:
        if f"{seen.method} {seen.path}".startswith(denied):
            return refusal(403, "AccessDenied")
        match seen.method:
            case "HEAD":
                return Reply(404)
            case "POST":
                return Reply(body=b"<R><UploadId>U1</UploadId></R>")
            case _:
                return Reply(204 if seen.method == "DELETE" else 200, {"ETag": '"1"'})

    return answer


def test_parts_that_cannot_be_removed_are_told(large: Parcel) -> None:
    narrator = RecordingNarrator()

    def answer(seen: Seen) -> Reply:
        deny = seen.method == "DELETE" or "partNumber=2" in seen.path
        return refusal(403, "AccessDenied") if deny else multipart(denied="-")(seen)

    with Scripted(answer) as server, pytest.raises(DeliveryError, match="UploadPart needs"):
        S3Store(narrator, sizes=SIZES).deliver(large, Delivery(S3Target("code", "a.zip"), endpoint=server.endpoint))

    assert "parts of 's3://code/a.zip' are left in S3" in narrator.warnings[0]
    assert "abort upload 'U1'" in narrator.warnings[0]


def test_credentials_that_s3_repeats_are_masked(small: Parcel) -> None:
    error = refuse(small, always(refusal(403, "Odd", message="testing-id, testing-secret and testing-token?")))

    assert error.log.startswith("S3: ***, *** and ***?")


def test_who_may_write_need_not_read(small: Parcel, narrator: RecordingNarrator) -> None:
    with Scripted(lambda seen: Reply(403 if seen.method == "HEAD" else 200)) as server:
        delivery = Delivery(S3Target("code", "a.zip"), endpoint=server.endpoint, if_exists=IfExists.FAIL)
        delivered = S3Store(narrator).deliver(small, delivery)

    assert not delivered.was_there
    assert server.seen[-1].headers["if-none-match"] == "*"
    assert "S3 does not say what s3://code/a.zip holds (status 403): uploading" in narrator.notes


def test_what_is_there_and_cannot_be_seen_is_told_so(small: Parcel) -> None:
    error = refuse(
        small,
        lambda seen: Reply(403) if seen.method == "HEAD" else refusal(412, "PreconditionFailed"),
        if_exists=IfExists.FAIL,
    )

    assert "holds something that S3 does not let you see already" in str(error)


@pytest.mark.parametrize("size", [1000, 7 << 20])
def test_every_request_names_the_owner_and_us(tmp_path: Path, size: int) -> None:
    with Scripted(multipart(denied="-")) as server:
        delivery = Delivery(S3Target("code", "a.zip"), endpoint=server.endpoint, bucket_owner="123456789012")
        S3Store(RecordingNarrator(), sizes=SIZES).deliver(make_parcel(tmp_path, size), delivery)

    assert {seen.headers.get("x-amz-expected-bucket-owner") for seen in server.seen} == {"123456789012"}
    assert all("lambda-pack/" in seen.headers["user-agent"] for seen in server.seen)


def test_a_bucket_in_another_region_is_followed_and_told(small: Parcel, narrator: RecordingNarrator) -> None:
    def answer(seen: Seen) -> Reply:
        if "/us-west-2/s3/" in seen.headers["authorization"]:
            return Reply(404 if seen.method == "HEAD" else 200)
        return refusal(301, "PermanentRedirect", x_amz_bucket_region="us-west-2")

    with Scripted(answer) as server:
        delivered = S3Store(narrator).deliver(small, Delivery(S3Target("code", "a"), endpoint=server.endpoint))

    assert not delivered.was_there
    (warning,) = narrator.warnings
    assert (
        "the bucket 'code' is in us-west-2, not in eu-central-1: a function takes its code only from a buc" in warning
    )


def test_without_credentials(
    small: Parcel, narrator: RecordingNarrator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))

    with pytest.raises(DeliveryError, match="there are no AWS credentials for 's3://code'; log in with aws sso login"):
        S3Store(narrator).deliver(small, Delivery(S3Target("code")))


def test_half_of_the_credentials(small: Parcel, narrator: RecordingNarrator, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")

    with pytest.raises(DeliveryError, match="there are no AWS credentials") as caught:
        S3Store(narrator).deliver(small, Delivery(S3Target("code")))

    assert "missing" in caught.value.log


@pytest.fixture
def _role(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Credentials come of a role, by a token of the platform's."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name)
    (tmp_path / "token").write_text("platform-token")
    monkeypatch.setenv("AWS_WEB_IDENTITY_TOKEN_FILE", str(tmp_path / "token"))
    monkeypatch.setenv("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/upload")


@pytest.mark.usefixtures("_role")
def test_a_role_that_is_refused(small: Parcel, narrator: RecordingNarrator, monkeypatch: pytest.MonkeyPatch) -> None:
    reply = Reply(403, body=b"<R><Error><Code>AccessDenied</Code><Message>not you</Message></Error></R>")
    with Scripted(always(reply)) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", server.endpoint)
        with pytest.raises(
            DeliveryError, match="AWS gave no credentials for 's3://code': AssumeRoleWithWebId"
        ) as caught:
            S3Store(narrator).deliver(small, Delivery(S3Target("code")))

    assert "with AccessDenied; check the role's ARN and whom its trust policy allows" in str(caught.value)
    assert "platform-token" not in str(caught.value) + caught.value.log


@pytest.mark.usefixtures("_role")
def test_a_role_that_cannot_be_asked_for(
    small: Parcel, narrator: RecordingNarrator, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Scripted(always(Reply())) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", server.endpoint)

    with pytest.raises(DeliveryError, match="there are no AWS credentials for 's3://code'") as caught:
        S3Store(narrator).deliver(small, Delivery(S3Target("code")))

    assert "Could not connect" in caught.value.log


@pytest.mark.parametrize(
    ("variables", "options", "words"),
    [
        ({"AWS_PROFILE": "nobody"}, {}, r"AWS's settings for 's3://code' cannot be used: .*\(nobody\)"),
        ({}, {"region": "not a region"}, "AWS's settings for 's3://code' cannot be used: .*'not a region'"),
        ({}, {"endpoint": "http://["}, "AWS's settings for 's3://code' cannot be used"),
    ],
)
def test_settings_that_cannot_be_used(
    small: Parcel,
    monkeypatch: pytest.MonkeyPatch,
    variables: dict[str, str],
    options: dict[str, str],
    words: str,
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    with pytest.raises(UsageError, match=words):
        S3Store(RecordingNarrator()).deliver(small, Delivery(S3Target("code"), **options))  # type: ignore[arg-type]  # the rows above


def test_nobody_at_the_endpoint(small: Parcel, narrator: RecordingNarrator) -> None:
    with Scripted(always(Reply())) as server:
        gone = server.endpoint

    with pytest.raises(DeliveryError, match=r"the S3 endpoint '127\.0\.0\.1:[0-9]+' cannot be reached; check network"):
        S3Store(narrator).deliver(small, Delivery(S3Target("code"), endpoint=gone))


def test_a_server_without_a_certificate(small: Parcel, narrator: RecordingNarrator) -> None:
    with Scripted(always(Reply())) as server:
        delivery = Delivery(S3Target("code"), endpoint=server.endpoint.replace("http:", "https:"))
        with pytest.raises(DeliveryError, match=r"certificate of the S3 endpoint .* cannot be verified; .*AWS_CA_BUND"):
            S3Store(narrator).deliver(small, delivery)
