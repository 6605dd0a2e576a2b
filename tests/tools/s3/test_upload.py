"""An archive arrives whole, verified and described, or not at all."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec import field
from msgspec.structs import replace

from lambda_pack.errors import DeliveryError, Interrupted
from lambda_pack.model.choices import IfExists
from lambda_pack.model.delivery import Parcel
from lambda_pack.model.product import VERSION
from lambda_pack.ports import Store
from lambda_pack.tools.s3.store import S3Store
from tests.support.fakes import RecordingNarrator
from tests.tools.s3.buckets import SIZES, Bucket, make_parcel
from tests.tools.s3.relay import Fault, Relay


class Listener(RecordingNarrator):
    """A narrator that remembers progress, and may raise when there was enough of it."""

    heard: list[tuple[str, int, int]] = field(default_factory=list)
    raising: BaseException | None = None
    after: int = 0

    def progress(self, label: str, done: int, total: int) -> None:
        self.heard.append((label, done, total))
        if self.raising is not None and done > self.after:
            raise self.raising


def store(narrator: RecordingNarrator) -> Store:
    """A store that sends whatever has more than 6 MiB in parts of 5 MiB."""
    return S3Store(narrator, sizes=SIZES)


def digest_of(*pieces: bytes) -> str:
    """As S3 writes it."""
    return b64encode(hashlib.sha256(b"".join(pieces)).digest()).decode()


SIZED = pytest.mark.parametrize("size", [300_000, (10 << 20) + 12_345], ids=["whole", "parts"])


@SIZED
def test_the_bytes_arrive_with_what_they_are(
    bucket: Bucket, tmp_path: Path, narrator: RecordingNarrator, size: int
) -> None:
    parcel = make_parcel(tmp_path, size)

    delivered = store(narrator).deliver(parcel, bucket.delivery("{name}/{runtime}-{architecture}-{sha256:12}.zip"))

    key = f"app/python3.13-arm64-{parcel.sha256[:12]}.zip"
    assert delivered.uri == f"s3://{bucket.name}/{key}"
    assert (delivered.sha256, delivered.size, delivered.was_there) == (parcel.sha256, size, False)
    assert delivered.version_id is None
    assert bucket.body(key) == parcel.path.read_bytes()
    head = bucket.head(key)
    assert head["ContentType"] == "application/zip"
    assert head["Metadata"] == {
        "lambda-pack-sha256": parcel.sha256,
        "lambda-pack-version": VERSION,
        "lambda-pack-name": "app",
        "lambda-pack-target": "python3.13-arm64",
    }
    assert bucket.unfinished() == []


def test_s3_keeps_the_digest_of_the_whole(bucket: Bucket, small: Parcel, narrator: RecordingNarrator) -> None:
    store(narrator).deliver(small, bucket.delivery())

    head = bucket.head()
    assert head["ChecksumSHA256"] == digest_of(small.path.read_bytes())


@pytest.mark.network
def test_parts_have_the_sizes_and_digests_of_the_file(
    strict_bucket: Bucket, large: Parcel, narrator: RecordingNarrator
) -> None:
    store(narrator).deliver(large, strict_bucket.delivery())

    content = large.path.read_bytes()
    pieces = [content[begin : begin + (5 << 20)] for begin in range(0, len(content), 5 << 20)]
    digests = [hashlib.sha256(piece).digest() for piece in pieces]
    head = strict_bucket.head()
    assert (head["ChecksumType"], head["ChecksumSHA256"]) == ("COMPOSITE", f"{digest_of(*digests)}-{len(pieces)}")
    attributes = strict_bucket.client.get_object_attributes(
        Bucket=strict_bucket.name, Key="a.zip", ObjectAttributes=["ObjectParts"]
    )
    assert [(part["Size"], part["ChecksumSHA256"]) for part in attributes["ObjectParts"]["Parts"]] == [
        (len(piece), digest_of(piece)) for piece in pieces
    ]


@SIZED
@pytest.mark.parametrize("if_exists", IfExists)
def test_the_very_same_bytes_are_not_sent_again(
    bucket: Bucket, tmp_path: Path, narrator: RecordingNarrator, if_exists: IfExists, size: int
) -> None:
    parcel = make_parcel(tmp_path, size)
    first = store(narrator).deliver(parcel, bucket.delivery(if_exists=if_exists))

    with Relay(bucket.endpoint) as relay:
        again = store(narrator).deliver(parcel, bucket.delivery(if_exists=if_exists, endpoint=relay.endpoint))

    assert again == replace(first, was_there=True)
    assert [line.partition(" ")[0] for line in relay.requests] == ["HEAD"]
    assert narrator.warnings == []


def test_bytes_that_another_tool_brought_are_known_by_their_digest(
    bucket: Bucket, small: Parcel, narrator: RecordingNarrator
) -> None:
    content = small.path.read_bytes()
    bucket.client.put_object(
        Bucket=bucket.name, Key="a.zip", Body=content, ChecksumAlgorithm="SHA256", ChecksumSHA256=digest_of(content)
    )

    assert store(narrator).deliver(small, bucket.delivery()).was_there


@SIZED
def test_other_bytes_are_replaced(bucket: Bucket, tmp_path: Path, narrator: RecordingNarrator, size: int) -> None:
    bucket.put(b"old")
    parcel = make_parcel(tmp_path, size)

    delivered = store(narrator).deliver(parcel, bucket.delivery())

    assert not delivered.was_there
    assert bucket.body() == parcel.path.read_bytes()


def test_other_bytes_stay_when_told_to_skip(bucket: Bucket, small: Parcel, narrator: RecordingNarrator) -> None:
    bucket.put(b"old")

    delivered = store(narrator).deliver(small, bucket.delivery(if_exists=IfExists.SKIP))

    assert (delivered.was_there, delivered.sha256, delivered.size) == (True, None, 3)
    assert bucket.body() == b"old"
    assert len(narrator.warnings) == 1
    assert "holds something else already; it was left as it is" in narrator.warnings[0]


def test_other_bytes_are_an_error_when_told_to_fail(bucket: Bucket, small: Parcel, narrator: RecordingNarrator) -> None:
    bucket.put(b"old")

    with pytest.raises(DeliveryError, match="holds something else already and is as it was; choose another key"):
        store(narrator).deliver(small, bucket.delivery(if_exists=IfExists.FAIL))

    assert bucket.body() == b"old"


@SIZED
@pytest.mark.parametrize("if_exists", [IfExists.SKIP, IfExists.FAIL])
def test_nobody_comes_between_the_look_and_the_write(
    bucket: Bucket, tmp_path: Path, narrator: RecordingNarrator, if_exists: IfExists, size: int
) -> None:
    parcel = make_parcel(tmp_path, size)
    last = "PUT" if size <= SIZES.whole else r"POST .*uploadId="
    somebody_else = Fault(last, first=lambda: bucket.put(b"theirs"))

    with Relay(bucket.endpoint, [somebody_else]) as relay:
        delivery = bucket.delivery(if_exists=if_exists, endpoint=relay.endpoint)
        if if_exists is IfExists.FAIL:
            with pytest.raises(DeliveryError, match="holds something else already"):
                store(narrator).deliver(parcel, delivery)
        else:
            assert store(narrator).deliver(parcel, delivery).size == len(b"theirs")

    assert bucket.body() == b"theirs"
    assert bucket.unfinished() == []


@SIZED
def test_versions_are_named(bucket: Bucket, tmp_path: Path, narrator: RecordingNarrator, size: int) -> None:
    bucket.client.put_bucket_versioning(Bucket=bucket.name, VersioningConfiguration={"Status": "Enabled"})
    bucket.put(b"old")
    parcel = make_parcel(tmp_path, size)

    delivered = store(narrator).deliver(parcel, bucket.delivery())
    again = store(narrator).deliver(parcel, bucket.delivery())

    assert delivered.version_id == again.version_id == bucket.head()["VersionId"]
    assert again.was_there


@SIZED
def test_what_was_asked_of_s3_is_asked(
    moto_bucket: Bucket, tmp_path: Path, narrator: RecordingNarrator, size: int
) -> None:
    tags = (("team", "a b"), ("stage", "ü=1"))
    delivery = moto_bucket.delivery(kms_key="alias/code", tags=tags, storage_class="STANDARD_IA")

    store(narrator).deliver(make_parcel(tmp_path, size), delivery)

    head = moto_bucket.head()
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", "alias/code")
    assert head["StorageClass"] == "STANDARD_IA"
    tagging = moto_bucket.client.get_object_tagging(Bucket=moto_bucket.name, Key="a.zip")["TagSet"]
    assert sorted((tag["Key"], tag["Value"]) for tag in tagging) == sorted(tags)


@pytest.mark.network
@SIZED
def test_what_does_not_have_its_digest_is_refused_and_nothing_stays(
    strict_bucket: Bucket, tmp_path: Path, narrator: RecordingNarrator, size: int
) -> None:
    parcel = replace(make_parcel(tmp_path, size), sha256="0" * 64)

    with pytest.raises(DeliveryError, match=r"is not what was sent \(BadDigest\)|was changed while it was being upl"):
        store(narrator).deliver(parcel, strict_bucket.delivery())

    assert strict_bucket.keys() == []
    assert strict_bucket.unfinished() == []


@pytest.mark.network
def test_a_part_that_is_damaged_on_its_way_is_refused(
    strict_bucket: Bucket, large: Parcel, narrator: RecordingNarrator
) -> None:
    """The file changes after the digest of its part was taken: as damage on the way, to S3."""

    def change() -> None:
        with large.path.open("r+b") as file:
            file.seek(6 << 20)
            file.write(b"other")

    with (
        Relay(strict_bucket.endpoint, [Fault("PUT .*partNumber=2", first=change)]) as relay,
        pytest.raises(DeliveryError, match="BadDigest"),
    ):
        store(narrator).deliver(large, strict_bucket.delivery(endpoint=relay.endpoint))

    assert strict_bucket.keys() == []
    assert strict_bucket.unfinished() == []


def test_an_archive_that_changes_in_the_middle_is_not_joined(
    bucket: Bucket, large: Parcel, narrator: RecordingNarrator
) -> None:
    parcel = replace(large, sha256="0" * 64)

    with pytest.raises(DeliveryError, match=r"was changed while it was being uploaded; 's3://.*/a\.zip' is as it was"):
        store(narrator).deliver(parcel, bucket.delivery())

    assert bucket.keys() == []
    assert bucket.unfinished() == []


@SIZED
@pytest.mark.parametrize("interruption", [KeyboardInterrupt, lambda: Interrupted("signal 15")], ids=["INT", "TERM"])
def test_an_interruption_ends_it_and_nothing_stays(
    bucket: Bucket, tmp_path: Path, interruption: Callable[[], BaseException], size: int
) -> None:
    raised = interruption()
    narrator = Listener(raising=raised, after=size // 2)

    with pytest.raises(type(raised)), Relay(bucket.endpoint) as relay:
        store(narrator).deliver(make_parcel(tmp_path, size), bucket.delivery(endpoint=relay.endpoint))

    assert relay.sent("PUT") <= 2, "it was not tried again"
    assert bucket.keys() == []
    assert bucket.unfinished() == []


@SIZED
def test_progress_grows_and_ends_once(moto_bucket: Bucket, tmp_path: Path, size: int) -> None:
    narrator = Listener()

    store(narrator).deliver(make_parcel(tmp_path, size), moto_bucket.delivery())

    assert {(label, total) for label, _, total in narrator.heard} == {("app-python3.13-arm64.zip to S3", size)}
    amounts = [done for _, done, _ in narrator.heard]
    assert amounts == sorted(set(amounts))
    assert amounts[-1] == size


@pytest.mark.network
def test_an_unknown_storage_class_is_named(strict_bucket: Bucket, small: Parcel, narrator: RecordingNarrator) -> None:
    with pytest.raises(DeliveryError, match="'LUKEWARM' is not a storage class of S3's"):
        store(narrator).deliver(small, strict_bucket.delivery(storage_class="LUKEWARM"))


@SIZED
def test_a_bucket_that_is_not_there(bucket: Bucket, tmp_path: Path, narrator: RecordingNarrator, size: int) -> None:
    elsewhere = replace(bucket, name="not-there")

    with pytest.raises(DeliveryError, match="there is no bucket 'not-there'; check its name") as caught:
        store(narrator).deliver(make_parcel(tmp_path, size), elsewhere.delivery())

    assert caught.value.exit_code == 7
