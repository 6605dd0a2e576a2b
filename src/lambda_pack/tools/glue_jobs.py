"""Jobs of AWS Glue, changed without losing what nobody meant to change."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from lambda_pack.errors import DeliveryError, UsageError
from lambda_pack.model.glue import JobChange, check_job
from lambda_pack.model.urls import masked
from lambda_pack.ports import Narrator
from lambda_pack.tools.parts import Part, need

__all__ = ["GlueJobs"]

# In seconds, as for S3.
_CONNECT_TIMEOUT, _READ_TIMEOUT = 10, 60


class GlueJobs:
    """Implements `lambda_pack.ports.Jobs`; botocore finds credentials, region and endpoint as it does for S3."""

    def __init__(self, narrator: Narrator, *, region: str | None = None) -> None:
        self._narrator = narrator
        self._region = region

    def change(self, name: str, change: JobChange) -> None:
        """See `lambda_pack.ports.Jobs`. A job that is so already is not written."""
        with _refusing(name):
            client = self._client()
            try:
                job = client.get_job(JobName=name)["Job"]
                if warning := check_job(name, job, change.runtime):
                    self._narrator.warn(warning)
                update = _update(job, change, frozenset(client.meta.service_model.shape_for("JobUpdate").members))
                self._tell_of_rest(name, job, change)
                if all(job.get(key) == value for key, value in update.items()):
                    self._narrator.note(f"the Glue job {name!r} is so already")
                    return
                client.update_job(JobName=name, JobUpdate=update)
            finally:
                client.close()
        self._narrator.note(f"changed the Glue job {name!r}")

    def _client(self) -> Any:  # noqa: ANN401  # botocore makes its class of Glue's own model
        from boto3.session import Session  # boto3 costs 150 ms
        from botocore.config import Config

        config = Config(retries={"mode": "standard"}, connect_timeout=_CONNECT_TIMEOUT, read_timeout=_READ_TIMEOUT)
        return Session().client("glue", region_name=self._region, config=config)

    def _tell_of_rest(self, name: str, job: Mapping[str, Any], change: JobChange) -> None:
        """Somebody's own list of packages is theirs; but one that an earlier bundle needed may be left over."""
        old = job.get("DefaultArguments", {}).get("--pip-install")
        if old and "--pip-install" not in dict(change.arguments):
            self._narrator.warn(f"the Glue job {name!r} keeps its --pip-install {old!r}; this bundle needs none")


def _update(job: Mapping[str, Any], change: JobChange, known: frozenset[str]) -> dict[str, Any]:
    """Everything that the job is, for an update replaces all of it, with the change in it.

    What Glue only tells is left out; so are capacities where the workers are counted, for Glue takes one of both.
    """
    left_out = {"AllocatedCapacity", *({"MaxCapacity"} if "WorkerType" in job or "NumberOfWorkers" in job else ())}
    update = {key: value for key, value in job.items() if key in known - left_out}
    update["DefaultArguments"] = {**job.get("DefaultArguments", {}), **dict(change.arguments)}
    if change.script is not None:
        update["Command"] = {**job.get("Command", {}), "ScriptLocation": change.script}
    return update


@contextmanager
def _refusing(name: str) -> Iterator[None]:
    """Turn what botocore raises into our errors.

    Raises:
        DeliveryError: the job is as it was.
        UsageError: AWS's settings cannot be used.
    """
    need(Part.DELIVER)
    from botocore import exceptions

    try:
        yield
    except exceptions.ClientError as error:
        code = error.response["Error"].get("Code", "")
        raise DeliveryError(_answer(name, code), log=masked(str(error))) from None
    except (exceptions.NoCredentialsError, exceptions.PartialCredentialsError) as error:
        raise DeliveryError(f"there are no AWS credentials for the Glue job {name!r}: {error}; log in first") from None
    except (exceptions.HTTPClientError, exceptions.ConnectionError) as error:
        raise DeliveryError(
            f"Glue does not answer about the job {name!r}; check the network and run again", log=masked(str(error))
        ) from None
    except exceptions.BotoCoreError as error:
        raise UsageError(f"AWS's settings cannot be used for the Glue job {name!r}: {masked(str(error))}") from error


def _answer(name: str, code: str) -> str:
    match code:
        case "EntityNotFoundException":
            return (
                f"there is no Glue job {name!r}; check its name, the account and the region (--s3-region, AWS_REGION)"
            )
        case "AccessDeniedException":
            return (
                f"access to the Glue job {name!r} was denied; allow glue:GetJob and glue:UpdateJob, and iam:PassRole "
                "for the job's role"
            )
        case "ConcurrentModificationException":
            return f"somebody else was changing the Glue job {name!r} at the same time; run again"
        case _:
            return f"Glue refused to change the job {name!r} ({code}); see its words below"
