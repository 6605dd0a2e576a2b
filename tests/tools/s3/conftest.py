"""Servers that speak S3, and an environment in which nothing of the machine's AWS settings counts."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from moto.moto_server.threaded_moto_server import ThreadedMotoServer

from lambda_pack.model.delivery import Parcel
from tests.support.fakes import RecordingNarrator
from tests.tools.s3.buckets import REGION, Bucket, make_parcel, open_bucket
from tests.tools.s3.strict import StrictServer

_NUMBERS = count(1)


@pytest.fixture(autouse=True)
def _private_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests' own credentials; no profile, no metadata service, no proxy, no certificates of the machine's."""
    for name in tuple(os.environ):  # noqa: TID251  # botocore reads it, so it has to be emptied
        if name.startswith("AWS_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing-id")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing-secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "testing-token")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture(scope="session")
def moto_endpoint() -> Iterator[str]:
    """moto: quick, but it takes wrong checksums."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        yield "http://{}:{}".format(*server.get_host_and_port())
    finally:
        server.stop()


@pytest.fixture(scope="session")
def strict_endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """S3 by localstack: it checks checksums, conditions and part sizes."""
    with StrictServer(tmp_path_factory.mktemp("localstack")) as server:
        yield server.endpoint


@pytest.fixture
def moto_bucket(moto_endpoint: str) -> Bucket:
    """An empty bucket in moto."""
    return open_bucket(moto_endpoint, f"code-{os.getpid()}-{next(_NUMBERS)}")


@pytest.fixture
def strict_bucket(strict_endpoint: str) -> Bucket:
    """An empty bucket in localstack."""
    return open_bucket(strict_endpoint, f"code-{next(_NUMBERS)}")


@pytest.fixture(params=["moto_bucket", pytest.param("strict_bucket", marks=pytest.mark.network)])
def bucket(request: pytest.FixtureRequest) -> Bucket:
    """The same in both."""
    found: Bucket = request.getfixturevalue(request.param)
    return found


@pytest.fixture
def small(tmp_path: Path) -> Parcel:
    """An archive that goes in one piece."""
    return make_parcel(tmp_path, 300_000)


@pytest.fixture
def large(tmp_path: Path) -> Parcel:
    """An archive that goes in three parts of 5 MiB, the last one smaller."""
    return make_parcel(tmp_path, (10 << 20) + 12_345)


@pytest.fixture
def narrator() -> RecordingNarrator:
    """Remembers what was said."""
    return RecordingNarrator()
