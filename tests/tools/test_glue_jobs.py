"""Jobs of Glue, changed: what is meant to change does, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lambda_pack.errors import DeliveryError
from lambda_pack.model.glue import JobChange
from lambda_pack.tools.glue_jobs import GlueJobs
from tests.support.aws import Aws, aws_on_loopback
from tests.support.fakes import RecordingNarrator

ARGUMENTS = (("--s3-py-modules", "s3://code/new.zip"),)


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    """Moto with a proxy before it."""
    with aws_on_loopback() as running:
        yield running


@pytest.fixture(autouse=True)
def _here(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in aws.environment.items():
        monkeypatch.setenv(name, value)
    aws.updates.clear()


def make_job(aws: Aws, name: str, **settings: object) -> dict[str, object]:
    """A job with settings of every kind, as Glue tells of it."""
    command = {"Name": "glueray", "PythonVersion": "3.9", "Runtime": "Ray2.4", "ScriptLocation": "s3://code/old.py"}
    aws.client("glue").create_job(
        **{
            "Name": name,
            "Role": "arn:aws:iam::123456789012:role/glue",
            "Command": command,
            "DefaultArguments": {"--s3-py-modules": "s3://code/old.zip", "--auto-scaling-ray-min-workers": "2"},
            "NonOverridableArguments": {"--mode": "nightly"},
            "Description": "runs at night",
            "ExecutionProperty": {"MaxConcurrentRuns": 3},
            "GlueVersion": "4.0",
            "Timeout": 77,
            "MaxRetries": 1,
            "WorkerType": "Z.2X",
            "NumberOfWorkers": 5,
            **settings,
        }
    )
    return told(aws, name)


def told(aws: Aws, name: str) -> dict[str, object]:
    """The job without what every write changes."""
    job = aws.client("glue").get_job(JobName=name)["Job"]
    return {key: value for key, value in job.items() if key not in {"CreatedOn", "LastModifiedOn"}}


def test_the_rest_of_the_job_stays(aws: Aws) -> None:
    before = make_job(aws, "nightly")

    GlueJobs(RecordingNarrator()).change("nightly", JobChange(ARGUMENTS, "s3://code/new.py"))

    after = told(aws, "nightly")
    assert after == {
        **before,
        "DefaultArguments": {"--s3-py-modules": "s3://code/new.zip", "--auto-scaling-ray-min-workers": "2"},
        "Command": {
            "Name": "glueray",
            "PythonVersion": "3.9",
            "Runtime": "Ray2.4",
            "ScriptLocation": "s3://code/new.py",
        },
    }
    (update,) = aws.updates
    assert not update.keys() & {"Name", "CreatedOn", "LastModifiedOn", "AllocatedCapacity", "MaxCapacity"}


def test_without_a_script_the_old_one_runs_and_what_is_so_already_is_not_written(aws: Aws) -> None:
    make_job(aws, "hourly")

    for _ in range(2):
        GlueJobs(RecordingNarrator()).change("hourly", JobChange(ARGUMENTS))

    command = told(aws, "hourly")["Command"]
    assert isinstance(command, dict)
    assert command["ScriptLocation"] == "s3://code/old.py"
    assert len(aws.updates) == 1


def test_packages_that_nobody_asks_for_any_more_are_told(aws: Aws) -> None:
    make_job(aws, "weekly", DefaultArguments={"--pip-install": "lxml==4.0"})
    narrator = RecordingNarrator()

    GlueJobs(narrator).change("weekly", JobChange(ARGUMENTS))

    arguments = told(aws, "weekly")["DefaultArguments"]
    assert arguments == {"--pip-install": "lxml==4.0", **dict(ARGUMENTS)}
    assert "keeps its --pip-install 'lxml==4.0'; this bundle needs none" in narrator.warnings[0]


def test_a_job_that_is_not_there() -> None:
    with pytest.raises(DeliveryError, match="there is no Glue job 'nowhere'; check its name"):
        GlueJobs(RecordingNarrator()).change("nowhere", JobChange(ARGUMENTS))


def test_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_GLUE", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(DeliveryError, match="Glue does not answer about the job 'nightly'"):
        GlueJobs(RecordingNarrator()).change("nightly", JobChange(ARGUMENTS))
