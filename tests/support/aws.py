"""AWS on loopback: moto's S3 and Glue, and before Glue a proxy for the one request that moto does not know."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

from boto3.session import Session
from moto.moto_server.threaded_moto_server import ThreadedMotoServer
from msgspec import Struct

__all__ = ["Aws", "aws_on_loopback"]

_REGION = "eu-central-1"
# What Glue tells of a job and takes in no update.
_TOLD = frozenset({"Name", "CreatedOn", "LastModifiedOn", "ProfileName"})


class Aws(Struct):
    """`endpoint` is of S3, `glue` of Glue; `updates` are the bodies of the updates that Glue took."""

    endpoint: str
    glue: str = ""
    updates: list[dict[str, Any]] = []

    @property
    def environment(self) -> Mapping[str, str]:
        """What leads a process here, and to nowhere else."""
        return {
            "AWS_ACCESS_KEY_ID": "the-test",
            "AWS_SECRET_ACCESS_KEY": "not-secret",
            "AWS_DEFAULT_REGION": _REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_ENDPOINT_URL_S3": self.endpoint,
            "AWS_ENDPOINT_URL_GLUE": self.glue,
        }

    def client(self, service: str) -> Any:  # noqa: ANN401  # botocore makes its classes when it runs
        """A client of the test's own."""
        session = Session(aws_access_key_id="the-test", aws_secret_access_key="not-secret", region_name=_REGION)  # noqa: S106
        return session.client(service, endpoint_url=self.glue if service == "glue" else self.endpoint)  # type: ignore[call-overload]

    def make_bucket(self, name: str) -> str:
        """A new bucket."""
        self.client("s3").create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": _REGION})
        return name

    def body(self, uri: str) -> bytes:
        """An object's bytes."""
        bucket, _, key = uri.removeprefix("s3://").partition("/")
        content: bytes = self.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
        return content


@contextmanager
def aws_on_loopback() -> Iterator[Aws]:
    """Both services, until the block ends."""
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    moto.start()
    try:
        aws = Aws("http://{}:{}".format(*moto.get_host_and_port()))
        proxy = ThreadingHTTPServer(("127.0.0.1", 0), _handler(aws))
        thread = Thread(target=proxy.serve_forever, daemon=True)
        thread.start()
        try:
            aws.glue = "http://{}:{}".format(*proxy.server_address[:2])
            yield aws
        finally:
            proxy.shutdown()
            thread.join(10)
            proxy.server_close()
    finally:
        moto.stop()


def _handler(aws: Aws) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = dict(self.headers.items())
            if headers.get("X-Amz-Target") == "AWSGlue.UpdateJob":
                status, answer = _updated(aws, json.loads(body), headers)
            else:
                status, answer = _passed_on(aws, body, headers)
            self.send_response(status)
            self.send_header("Content-Type", "application/x-amz-json-1.1")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the library's name
            pass

    return Handler


def _updated(aws: Aws, asked: dict[str, Any], headers: Mapping[str, str]) -> tuple[int, bytes]:
    """As Glue does it: the update is the whole job from then on, and may not say what excludes each other."""
    name, update = asked["JobName"], asked["JobUpdate"]
    if "MaxCapacity" in update and "WorkerType" in update:
        return _refusal("Please do not set Max Capacity if using Worker Type and Number of Workers.")
    if _TOLD & update.keys():
        return _refusal(f"unknown in an update: {sorted(_TOLD & update.keys())}")
    aws.updates.append(update)
    for operation, body in (("DeleteJob", {"JobName": name}), ("CreateJob", {"Name": name, **update})):
        content = json.dumps(body).encode()
        status, answer = _passed_on(
            aws, content, {**headers, "X-Amz-Target": f"AWSGlue.{operation}", "Content-Length": str(len(content))}
        )
        if status != 200:
            return status, answer
    return 200, json.dumps({"JobName": name}).encode()


def _refusal(message: str) -> tuple[int, bytes]:
    return 400, json.dumps({"__type": "InvalidInputException", "message": message}).encode()


def _passed_on(aws: Aws, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
    connection = HTTPConnection(urlsplit(aws.endpoint).netloc, timeout=30)
    try:
        connection.request(
            "POST",
            "/",
            body,
            {name: text for name, text in headers.items() if name != "Host"}
            | {"Host": "glue.eu-central-1.amazonaws.com"},
        )
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()
