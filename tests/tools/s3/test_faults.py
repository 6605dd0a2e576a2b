"""A network that drops, delays and loses: the upload arrives all the same, or leaves nothing behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess  # noqa: TID251  # to interrupt an upload in the middle, as Ctrl-C does
import sys
import time
from pathlib import Path

import pytest
from msgspec.structs import replace

from lambda_pack.errors import DeliveryError
from lambda_pack.model.choices import IfExists
from lambda_pack.model.delivery import Parcel
from lambda_pack.tools.s3.store import S3Store
from tests.support.fakes import RecordingNarrator
from tests.tools.s3.buckets import SIZES, Bucket, make_parcel
from tests.tools.s3.relay import Fault, Relay

HOUSE = Path(__file__).parents[3]
UPLOAD = """
import json, signal, sys
from pathlib import Path
from lambda_pack.commands.upload import upload
from lambda_pack.errors import Interrupted
from lambda_pack.frontends.cli import with_sigterm
from lambda_pack.frontends.narrators import SilentNarrator
from lambda_pack.model.delivery import Delivery, S3Target
from lambda_pack.tools.s3.store import S3Store
from lambda_pack.tools.s3.upload import Sizes

path, bucket, endpoint = sys.argv[1:]
with_sigterm(Interrupted)
narrator = SilentNarrator()
delivery = Delivery(S3Target(bucket, "a.zip"), endpoint=endpoint)
try:
    upload(Path(path), delivery, narrator, store=S3Store(narrator, sizes=Sizes(6 << 20, 5 << 20)))
except (KeyboardInterrupt, Interrupted) as error:
    sys.exit(f"ended by {type(error).__name__}")
"""


@pytest.mark.parametrize(
    ("fault", "if_exists"),
    [
        pytest.param(Fault("PUT", cut=0), IfExists.OVERWRITE, id="cut at once"),
        pytest.param(Fault("PUT", cut=1 << 20), IfExists.OVERWRITE, id="cut in the body"),
        pytest.param(Fault("PUT", lose=True), IfExists.OVERWRITE, id="answer lost"),
        pytest.param(Fault("PUT", lose=True), IfExists.FAIL, id="answer lost, key taken by ourselves"),
        pytest.param(Fault("HEAD", cut=0), IfExists.SKIP, id="look cut"),
        pytest.param(Fault("PUT", delay=0.01), IfExists.OVERWRITE, id="slow"),
    ],
)
@pytest.mark.parametrize("size", [3 << 20, (10 << 20) + 1], ids=["whole", "parts"])
def test_a_passing_fault_is_survived(
    moto_bucket: Bucket, tmp_path: Path, fault: Fault, if_exists: IfExists, size: int
) -> None:
    parcel = make_parcel(tmp_path, size)

    with Relay(moto_bucket.endpoint, [replace(fault)]) as relay:
        delivery = moto_bucket.delivery(endpoint=relay.endpoint, if_exists=if_exists)
        delivered = S3Store(RecordingNarrator(), sizes=SIZES).deliver(parcel, delivery)

    assert (delivered.sha256, delivered.size) == (parcel.sha256, size)
    assert moto_bucket.body() == parcel.path.read_bytes()
    assert moto_bucket.unfinished() == []


@pytest.mark.parametrize("if_exists", [IfExists.OVERWRITE, IfExists.FAIL])
def test_an_upload_in_parts_whose_last_answer_is_lost_is_done(
    bucket: Bucket, large: Parcel, narrator: RecordingNarrator, if_exists: IfExists
) -> None:
    with Relay(bucket.endpoint, [Fault("POST .*uploadId=", lose=True)]) as relay:
        delivery = bucket.delivery(endpoint=relay.endpoint, if_exists=if_exists)
        delivered = S3Store(narrator, sizes=SIZES).deliver(large, delivery)

    assert delivered.sha256 == large.sha256
    assert bucket.body() == large.path.read_bytes()
    assert bucket.unfinished() == []


def test_an_upload_that_fails_in_the_middle_leaves_nothing(
    bucket: Bucket, large: Parcel, narrator: RecordingNarrator
) -> None:
    with (
        Relay(bucket.endpoint, [Fault("PUT .*partNumber=2", cut=1 << 20, times=99)]) as relay,
        pytest.raises(DeliveryError, match="broke the connection off, in all tries; check the network, then run again"),
    ):
        S3Store(narrator, sizes=SIZES).deliver(large, bucket.delivery(endpoint=relay.endpoint))

    assert relay.sent("partNumber=2") == 3, "as botocore's standard mode does"
    assert relay.sent("DELETE .*uploadId=") == 1
    assert bucket.keys() == []
    assert bucket.unfinished() == []


def test_a_network_that_goes_away_for_good_is_told_with_what_it_leaves(
    moto_bucket: Bucket, large: Parcel, narrator: RecordingNarrator
) -> None:
    with (
        Relay(moto_bucket.endpoint, [Fault("partNumber=2|DELETE", cut=0, times=99)]) as relay,
        pytest.raises(DeliveryError, match="broke the connection off"),
    ):
        S3Store(narrator, sizes=SIZES).deliver(large, moto_bucket.delivery(endpoint=relay.endpoint))

    (left,) = moto_bucket.unfinished()
    assert f"abort upload {left!r}" in narrator.warnings[0]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("size", [5 << 20, (10 << 20) + 1], ids=["whole", "parts"])
def test_a_signal_ends_it_promptly_and_nothing_stays(
    moto_bucket: Bucket, tmp_path: Path, number: signal.Signals, size: int
) -> None:
    parcel = make_parcel(tmp_path, size)
    environment = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}  # noqa: TID251  # the tests' own
    environment |= {"PYTHONPATH": str(HOUSE / "src"), "PATH": os.defpath}
    begun = "partNumber=2" if size > SIZES.whole else "PUT"

    with Relay(moto_bucket.endpoint, [Fault(begun, delay=0.3, times=99)]) as relay:
        process = subprocess.Popen(  # noqa: S603  # our own upload
            [sys.executable, "-c", UPLOAD, parcel.path, moto_bucket.name, relay.endpoint],
            env=environment,
            stderr=subprocess.PIPE,
            text=True,
        )
        deadline = time.monotonic() + 30
        while not relay.sent(begun) and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(0.5)
        process.send_signal(number)
        sent = time.monotonic()
        _, said = process.communicate(timeout=30)
        took = time.monotonic() - sent

    assert said.strip() == f"ended by {'KeyboardInterrupt' if number is signal.SIGINT else 'Interrupted'}"
    assert took < 3, json.dumps(relay.requests)
    assert relay.sent(begun) == 1
    assert moto_bucket.keys() == []
    assert moto_bucket.unfinished() == []
