"""Fixtures that every test folder may use."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.index import LoopbackIndex

# How long an example takes is the machine's business; speed is measured in benchmarks/.
# The same examples in every run: what fails in one fails in all. script/proof looks for others.
settings.register_profile("house", deadline=None, derandomize=True)
settings.register_profile("search", deadline=None, derandomize=False, max_examples=500)
settings.load_profile("house")


@pytest.fixture
def index(tmp_path: Path) -> Iterator[LoopbackIndex]:
    """A started index over `tmp_path / "index"`: JSON and HTML, with `.metadata` files."""
    with LoopbackIndex(tmp_path / "index") as started:
        yield started


@pytest.fixture
def clean_environment(tmp_path: Path) -> dict[str, str]:
    """What a process needs and no more: none of the machine's settings of pip and uv, no proxy, an empty home."""
    home = tmp_path / "home"
    home.mkdir()
    return {
        "PATH": os.environ["PATH"],  # noqa: TID251  # compilers and interpreters are where the machine has them
        "HOME": str(home),
        "XDG_CONFIG_DIRS": str(home),  # uv reads /etc/xdg otherwise
        "PIP_CONFIG_FILE": os.devnull,
    }


@pytest.fixture
def bucket(tmp_path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    """A bucket in moto, and what configure-aws-credentials would have left in the environment."""
    from boto3.session import Session  # both cost more to import than most of these tests take
    from moto.moto_server.threaded_moto_server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    try:
        endpoint = "http://{}:{}".format(*server.get_host_and_port())
        session = Session(aws_access_key_id="me", aws_secret_access_key="none")  # noqa: S106  # moto takes any
        client = session.client("s3", region_name="us-east-1", endpoint_url=endpoint)
        client.create_bucket(Bucket="code")
        client.put_bucket_versioning(Bucket="code", VersioningConfiguration={"Status": "Enabled"})
        yield (
            "code",
            {
                "AWS_ENDPOINT_URL": endpoint,
                "AWS_REGION": "us-east-1",
                "AWS_DEFAULT_REGION": "us-east-1",
                "AWS_ACCESS_KEY_ID": "me",
                "AWS_SECRET_ACCESS_KEY": "none",
                "AWS_EC2_METADATA_DISABLED": "true",
                "AWS_CONFIG_FILE": str(tmp_path / "none"),
                "AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "none"),
            },
        )
    finally:
        server.stop()


# Offline, but each of their tests starts real programs: run after the fast ones. The main path stays among those.
SLOW = (
    "action/test_step.py",
    "architecture/test_entrypoint.py",
    "benchmarks/",
    "end_to_end/",
    "environment/test_making.py",
    "environment/test_settings.py",
    "pipeline/test_laws.py",
    "support_checks/",
    "tools/building/",
    "tools/loading/",
    "tools/pip/",
    "tools/refining/",
    "tools/s3/",
    "tools/test_glue_jobs.py",
    "tools/test_process.py",
)


def pytest_configure() -> None:
    """Let SIGINT interrupt: a shell that starts us in the background has it ignored, by us and by all that we start."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is slow, by folder or module."""
    here = Path(__file__).parent
    for item in items:
        if item.path.relative_to(here).as_posix().startswith(SLOW):
            item.add_marker(pytest.mark.slow)
