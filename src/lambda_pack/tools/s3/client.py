"""The client: who we are, where S3 is, and how patient we are."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from lambda_pack.errors import LambdaPackError
from lambda_pack.model.delivery import Delivery
from lambda_pack.model.product import VERSION
from lambda_pack.ports import Narrator
from lambda_pack.tools.parts import Part, need
from lambda_pack.tools.s3.refusals import refusing_client

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

__all__ = ["Connection", "Patience", "connect"]


class Patience(Struct, frozen=True):
    """How long a server may say nothing, in seconds, and how often it is asked; None is AWS's own setting."""

    connect: float = 10
    read: float = 60
    attempts: int | None = None


class Connection(Struct, frozen=True):
    """A client, and what takes its credentials out of a text."""

    client: S3Client
    mask: Callable[[str], str]


def connect(delivery: Delivery, narrator: Narrator | None, *, patience: Patience | None = None) -> Connection:
    """A client for one delivery. Nothing is sent yet, except to whoever hands out credentials.

    `narrator` hears of a bucket in another region, where somebody should.

    botocore finds credentials, region, profile, proxies and certificates by itself, in the `AWS_*` variables, AWS's
    configuration files and the machine's own metadata: the order is AWS's, and every AWS user knows it. This is the
    only room besides `tools/process.py` whose tools read the environment by themselves.

    Raises:
        DeliveryError: there are no credentials.
    """
    patience = patience or Patience()
    need(Part.DELIVER)
    with refusing_client(delivery):
        from boto3.session import Session  # boto3 costs 150 ms
        from botocore.config import Config
        from botocore.exceptions import NoCredentialsError

        session = Session()
        credentials = session.get_credentials()
        if credentials is None:
            raise NoCredentialsError
        frozen = credentials.get_frozen_credentials()
        config = Config(
            retries={"mode": "standard", "total_max_attempts": patience.attempts}
            if patience.attempts
            else {"mode": "standard"},
            connect_timeout=patience.connect,
            read_timeout=patience.read,
            tcp_keepalive=True,
            user_agent_extra=f"lambda-pack/{VERSION}",
            # S3 checks every body against a SHA-256 in a signed header; signing the body would hash it once more.
            s3={"payload_signing_enabled": False},
        )
        client = session.client("s3", region_name=delivery.region, endpoint_url=delivery.endpoint, config=config)
    client.meta.events.register_first("needs-retry.s3", _let_out)
    if narrator is not None:
        _tell_of_redirects(client, delivery, narrator)
    secrets = [secret for secret in (frozen.secret_key, frozen.token, frozen.access_key) if secret]

    def mask(text: str) -> str:
        for secret in secrets:
            text = text.replace(secret, "***")
        return text

    return Connection(client, mask)


def _let_out(caught_exception: Exception | None = None, **_: object) -> None:
    """Our own errors are no faults of the network: SIGTERM raises `Interrupted`, which botocore would retry."""
    cause = getattr(caught_exception, "kwargs", {}).get("error")
    if isinstance(cause, LambdaPackError):
        raise cause


def _tell_of_redirects(client: S3Client, delivery: Delivery, narrator: Narrator) -> None:
    """Warn when botocore follows a bucket into another region: it works, and Lambda will not take code from there."""
    told: set[str] = set()

    def look(request: Any, **_: object) -> None:  # noqa: ANN401  # an AWSRequest of botocore, which has no stable type
        if not request.context.get("s3_redirect", {}).get("redirected"):
            return
        region = request.context.get("signing", {}).get("region")
        if region and region not in told:
            told.add(region)
            narrator.warn(
                f"the bucket {delivery.target.bucket!r} is in {region}, not in {client.meta.region_name}: a function "
                "takes its code only from a bucket in its own region"
            )

    client.meta.events.register("before-sign.s3", look)
