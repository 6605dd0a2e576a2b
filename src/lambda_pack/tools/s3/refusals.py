"""What S3 and botocore refuse, as errors that say what, where and what now; never with a credential in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lambda_pack.errors import DeliveryError, UsageError
from lambda_pack.model.delivery import Delivery
from lambda_pack.model.urls import masked
from lambda_pack.tools.s3.place import Place

if TYPE_CHECKING:
    from botocore.exceptions import BotoCoreError, ClientError

__all__ = ["refusing", "refusing_client"]

_LOG_IN = (
    "log in with aws sso login or set AWS_PROFILE or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; on GitHub let "
    "aws-actions/configure-aws-credentials run first"
)
_EXPIRED = f"the AWS session for {{uri!r}} has expired; {_LOG_IN}"
_UNKNOWN = f"AWS does not take the credentials for {{uri!r}}: {{code}}; {_LOG_IN}"
_REGION = "the bucket {bucket!r} is in {region}, not in {own_region}; name that region for the upload, or AWS_REGION"
_DENIED = (
    "access to {uri!r} was denied: {operation} needs {actions}; allow that to whoever asks, in IAM and in the "
    "bucket's policy{owner}"
)
_DAMAGED = (
    "what arrived at {uri!r} is not what was sent ({code}), so S3 kept nothing of it; run again, and check what "
    "stands between here and S3"
)
_BUSY = "S3 was too busy for {uri!r} ({code}) in all tries; run again later"
_KEY = "the KMS key {kms_key!r} cannot encrypt {uri!r} ({code}); check that it is there, enabled and in {own_region}"

# https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html, read 2026-11-21. Numbers are of answers without
# a body, such as a proxy's.
_ANSWERS: Mapping[str, str] = MappingProxyType(
    {
        "NoSuchBucket": "there is no bucket {bucket!r}; check its name, the account and the endpoint",
        "404": "there is no bucket {bucket!r}; check its name, the account and the endpoint",
        **dict.fromkeys(("AccessDenied", "AllAccessDisabled", "AccountProblem", "403"), _DENIED),
        **dict.fromkeys(("ExpiredToken", "ExpiredTokenException", "RequestExpired", "TokenRefreshRequired"), _EXPIRED),
        **dict.fromkeys(("InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidToken", "NotSignedUp"), _UNKNOWN),
        **dict.fromkeys(("PermanentRedirect", "TemporaryRedirect", "Redirect", "301", "307"), _REGION),
        **dict.fromkeys(
            ("AuthorizationHeaderMalformed", "IllegalLocationConstraintException", "IncorrectEndpoint"), _REGION
        ),
        **dict.fromkeys(("BadDigest", "InvalidDigest", "XAmzContentChecksumMismatch"), _DAMAGED),
        **dict.fromkeys(("XAmzContentSHA256Mismatch", "IncompleteBody"), _DAMAGED),
        **dict.fromkeys(("SlowDown", "ServiceUnavailable", "InternalError", "RequestTimeout"), _BUSY),
        **dict.fromkeys(("500", "502", "503", "504", "429", "Throttling", "TooManyRequests"), _BUSY),
        **dict.fromkeys(("KMS.NotFoundException", "KMS.DisabledException", "KMS.InvalidStateException"), _KEY),
        **dict.fromkeys(("KMS.KMSInvalidStateException", "KMS.InvalidKeyUsageException"), _KEY),
        "InvalidStorageClass": "{storage_class!r} is not a storage class of S3's; choose one such as STANDARD",
        "InvalidTag": "S3 does not take the tags {tags!r}; use letters, digits, spaces and + - = . _ : / @",
        "RequestTimeTooSkewed": "this machine's clock is not S3's, so {uri!r} was refused; set it right",
        "ConditionalRequestConflict": "somebody else was writing {uri!r} at the same time; run again",
        "PreconditionFailed": "{uri!r} was taken and then free again while it was written; run again",
        "NoSuchUpload": "the upload of {uri!r} in parts was ended by somebody else; run again",
        "EntityTooLarge": "the archive is larger than S3 takes for {uri!r}; make it smaller",
    }
)
_ELSE = "{operation} of {uri!r} was refused with {code}; see S3's words below"


@contextmanager
def refusing_client(delivery: Delivery) -> Iterator[None]:
    """Turn what may go wrong before the first request into our errors.

    Raises:
        DeliveryError: there are no credentials, or they could not be fetched.
        UsageError: region, endpoint, profile or one of AWS's settings cannot be understood.
    """
    from botocore import exceptions

    where = f"s3://{delivery.target.bucket}"
    try:
        yield
    except exceptions.ClientError as error:
        raise _no_role(where, error) from error
    except exceptions.BotoCoreError as error:
        # Here only whoever hands out credentials is asked for anything.
        if _is_about_credentials(error) or isinstance(error, exceptions.HTTPClientError | exceptions.ConnectionError):
            raise _no_credentials(where, error) from error
        raise UsageError(f"AWS's settings for {where!r} cannot be used: {masked(str(error)).rstrip('.')}") from error
    except ValueError as error:
        raise UsageError(f"AWS's settings for {where!r} cannot be used: {masked(str(error)).rstrip('.')}") from error


@contextmanager
def refusing(place: Place, mask: Callable[[str], str]) -> Iterator[None]:
    """Turn what botocore raises, after its retries, into our errors; `mask` takes our credentials out of a text.

    Raises:
        DeliveryError: the object is not there.
        UsageError: an option has a form that no S3 knows.
    """
    from botocore import exceptions

    try:
        yield
    except exceptions.ClientError as error:
        if error.operation_name.startswith("AssumeRole"):
            raise _no_role(place.uri, error) from None
        raise DeliveryError(mask(_answer(place, error)), log=mask(_words(error))) from None
    except exceptions.BotoCoreError as error:
        if _is_about_credentials(error):
            raise _no_credentials(place.uri, error) from None
        if isinstance(error, exceptions.ParamValidationError):
            raise UsageError(mask(f"S3 cannot be asked for {place.uri!r} so: {error}")) from None
        raise DeliveryError(mask(_no_answer(place, error)), log=mask(masked(str(error)))) from None
    except OSError as error:
        raise DeliveryError(f"what was to go to {place.uri!r} cannot be read: {error}; pack it again") from error


def _answer(place: Place, error: ClientError) -> str:
    code = error.response["Error"].get("Code", "")
    delivery = place.delivery
    owner = "" if delivery.bucket_owner is None else f", and check that account {delivery.bucket_owner} owns the bucket"
    return _ANSWERS.get(code, _ELSE).format(
        actions=_actions(place, error.operation_name),
        bucket=place.bucket,
        code=code,
        kms_key=delivery.kms_key or "of the bucket",
        operation=error.operation_name,
        own_region=place.client.meta.region_name,
        owner=owner,
        region=_region(error) or "another region",
        storage_class=delivery.storage_class,
        tags=dict(delivery.tags),
        uri=place.uri,
    )


def _actions(place: Place, operation: str) -> str:
    """What whoever asks must be allowed, and on which resource."""
    bucket = f"arn:{place.client.meta.partition}:s3:::{place.bucket}"
    resource = f"{bucket}/{place.key}"
    if operation == "GetObject":
        # Without the second S3 does not say that there is no such object.
        return f"s3:GetObject on {resource} and s3:ListBucket on {bucket}"
    if operation == "AbortMultipartUpload":
        return f"s3:AbortMultipartUpload on {resource}"
    is_begin = operation in {"PutObject", "CreateMultipartUpload"}
    tagging = " and s3:PutObjectTagging" if place.delivery.tags and is_begin else ""
    needs = f"s3:PutObject{tagging} on {resource}"
    if place.delivery.kms_key is None:
        return needs
    # S3 decrypts the parts to join them.
    decrypting = "" if operation == "PutObject" else " and kms:Decrypt"
    return f"{needs}, and kms:GenerateDataKey{decrypting} on the KMS key {place.delivery.kms_key!r}"


def _region(error: ClientError) -> str | None:
    """Where S3 says the bucket is."""
    headers = error.response["ResponseMetadata"].get("HTTPHeaders", {})
    named = headers.get("x-amz-bucket-region") or dict(error.response["Error"]).get("Region")
    return None if named is None else str(named)


def _words(error: ClientError) -> str:
    """What S3 says itself, and what its support asks for."""
    message = error.response["Error"].get("Message", "")
    request = error.response["ResponseMetadata"].get("RequestId")
    return "\n".join(
        line for line in (f"S3: {message}" if message else "", f"request {request}" if request else "") if line
    )


def _is_about_credentials(error: BotoCoreError) -> bool:
    from botocore import exceptions

    kinds = (
        exceptions.NoCredentialsError,
        exceptions.PartialCredentialsError,
        exceptions.CredentialRetrievalError,
        exceptions.NoAuthTokenError,
        exceptions.TokenRetrievalError,
        exceptions.SSOError,
        exceptions.LoginError,
        exceptions.MetadataRetrievalError,
    )
    return isinstance(error, kinds)


def _no_credentials(where: str, error: BotoCoreError) -> DeliveryError:
    reason = masked(str(error)).rstrip(".")
    return DeliveryError(f"there are no AWS credentials for {where!r}; {_LOG_IN}", log=reason)


def _no_role(where: str, error: ClientError) -> DeliveryError:
    """Credentials that come of a role, as GitHub's do, may be refused on the first day or run out in the middle."""
    code = error.response["Error"].get("Code", "")
    return DeliveryError(
        f"AWS gave no credentials for {where!r}: {error.operation_name} was refused with {code}; check the role's ARN "
        "and whom its trust policy allows",
        log=masked(_words(error)),
    )


def _no_answer(place: Place, error: BotoCoreError) -> str:
    from botocore import exceptions

    host = urlsplit(place.client.meta.endpoint_url).netloc.rpartition("@")[2]
    match error:
        case exceptions.SSLError():
            return (
                f"the certificate of the S3 endpoint {host!r} cannot be verified; name the file with the authority "
                "that signed it in AWS_CA_BUNDLE"
            )
        case exceptions.ProxyConnectionError():
            return f"the proxy before the S3 endpoint {host!r} cannot be reached; check HTTPS_PROXY and NO_PROXY"
        case exceptions.EndpointConnectionError() | exceptions.ConnectTimeoutError():
            return f"the S3 endpoint {host!r} cannot be reached; check network, region and endpoint"
        case exceptions.ReadTimeoutError():
            return f"the S3 endpoint {host!r} stopped answering, in all tries; check the network, then run again"
        case exceptions.HTTPClientError():
            return f"the S3 endpoint {host!r} broke the connection off, in all tries; check the network, then run again"
        case _:
            return f"{place.uri!r} could not be reached ({type(error).__name__}); see the words below"
