"""Jobs of Glue, changed: what is meant to change does, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lambda_pack.errors import DeliveryError
from lambda_pack.model.glue import RAY, JobChange
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

    GlueJobs(RecordingNarrator()).change("nightly", JobChange(ARGUMENTS, RAY, "s3://code/new.py"))

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
        GlueJobs(RecordingNarrator()).change("hourly", JobChange(ARGUMENTS, RAY))

    command = told(aws, "hourly")["Command"]
    assert isinstance(command, dict)
    assert command["ScriptLocation"] == "s3://code/old.py"
    assert len(aws.updates) == 1


def test_packages_that_nobody_asks_for_any_more_are_told(aws: Aws) -> None:
    make_job(aws, "weekly", DefaultArguments={"--pip-install": "lxml==4.0"})
    narrator = RecordingNarrator()

    GlueJobs(narrator).change("weekly", JobChange(ARGUMENTS, RAY))

    arguments = told(aws, "weekly")["DefaultArguments"]
    assert arguments == {"--pip-install": "lxml==4.0", **dict(ARGUMENTS)}
    assert "keeps its --pip-install 'lxml==4.0'; this bundle needs none" in narrator.warnings[0]


SPARK = {"Name": "glueetl", "PythonVersion": "3", "ScriptLocation": "s3://code/old.py"}


@pytest.mark.parametrize(
    ("command", "version", "runtime", "message"),
    [
        (
            {"Name": "glueray", "Runtime": "Ray2.4"},
            "4.0",
            "glue5.1",
            "is a 'glueray' job, and this bundle is for glueetl",
        ),
        (SPARK, "5.1", RAY, "is a 'glueetl' job, and this bundle is for glueray; .* pack with --layout glue-spark"),
        ({"Name": "pythonshell", "PythonVersion": "3.9"}, "3.0", "glue5.1", "no layout is for such a job"),
        (SPARK, "4.0", "glue5.1", "runs Glue 4.0, which has another Python than glue5.1.* --glue-version 4.0"),
        (SPARK, "5.1", "glue4.0", "runs Glue 5.1, which has another Python than glue4.0"),
        (SPARK, "3.0", "glue5.1", "choose one of: 4.0, 5.0, 5.1"),
    ],
)
def test_a_job_that_could_not_load_the_bundle_is_not_changed(
    aws: Aws, command: dict[str, str], version: str, runtime: str, message: str
) -> None:
    name = f"job-{len(aws.client('glue').list_jobs()['JobNames'])}"
    before = make_job(aws, name, Command={"ScriptLocation": "s3://code/old.py", **command}, GlueVersion=version)

    with pytest.raises(DeliveryError, match=message):
        GlueJobs(RecordingNarrator()).change(name, JobChange(ARGUMENTS, runtime))

    assert told(aws, name) == before
    assert not aws.updates


@pytest.mark.parametrize(
    ("version", "warnings"), [("5.1", 0), ("5.0", 1)], ids=["its own version", "another one with the same Python"]
)
def test_another_glue_version_is_a_warning(aws: Aws, version: str, warnings: int) -> None:
    name = f"spark-{version}"
    make_job(aws, name, Command=SPARK, GlueVersion=version)
    narrator = RecordingNarrator()

    GlueJobs(narrator).change(name, JobChange(ARGUMENTS, "glue5.1"))

    assert [f"runs Glue {version}" in text for text in narrator.warnings] == [True] * warnings
    assert len(aws.updates) == 1


def test_a_job_that_is_not_there() -> None:
    with pytest.raises(DeliveryError, match="there is no Glue job 'nowhere'; check its name"):
        GlueJobs(RecordingNarrator()).change("nowhere", JobChange(ARGUMENTS, RAY))


def test_nobody_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_GLUE", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    with pytest.raises(DeliveryError, match="Glue does not answer about the job 'nightly'"):
        GlueJobs(RecordingNarrator()).change("nightly", JobChange(ARGUMENTS, RAY))
