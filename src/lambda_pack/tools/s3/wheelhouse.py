"""Objects below one prefix that are written once and read by many. Nobody waits long for them."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, BinaryIO

from msgspec import Struct

from lambda_pack.errors import DeliveryError, UsageError
from lambda_pack.model.shared_wheelhouse import SharedWheelhouse
from lambda_pack.tools.parts import Part, need
from lambda_pack.tools.s3.client import Connection, Patience, connect
from lambda_pack.tools.s3.holdings import TAKEN
from lambda_pack.tools.s3.place import Place
from lambda_pack.tools.s3.refusals import refusing

if TYPE_CHECKING:
    from botocore.response import StreamingBody

__all__ = ["HASTE", "Fetched", "Missing", "S3Wheelhouse", "WheelhouseError"]

HASTE = Patience(connect=3, read=5, attempts=2)
"""What is kept here can be built as well."""

_PIECE = 1 << 20


class WheelhouseError(Exception):
    """The wheelhouse cannot be used; the message says why, without a credential."""


class Missing(Struct, frozen=True):
    """There is no such object."""


class Fetched(Struct, frozen=True):
    """What came: its SHA-256 in hex, and its size in bytes, at most one more than was asked for."""

    sha256: str
    size: int


class S3Wheelhouse:
    """The bucket. Several threads may use it at once; boto3 is imported when it is first asked something."""

    def __init__(self, settings: SharedWheelhouse, *, patience: Patience = HASTE) -> None:
        self._settings = settings
        self._patience = patience
        self._connection: Connection | None = None
        self._lock = Lock()

    def uri(self, name: str) -> str:
        """An object as people write it."""
        return f"{self._settings.uri}{name}"

    def fetch(self, name: str, file: BinaryIO, *, most: int) -> Fetched | Missing:
        """Write an object into a file, no more than one byte beyond `most`.

        Raises:
            WheelhouseError: S3 did not give it.
        """
        with self._place(name) as place:
            body = _body(place)
            return Missing() if body is None else _copied(body, file, most)

    def add(self, name: str, content: bytes | Path) -> bool:
        """Write an object whole, unless there is one; whether it was written.

        Raises:
            WheelhouseError: S3 did not take it.
        """
        need(Part.DELIVER)
        from botocore.exceptions import ClientError

        with self._place(name) as place:
            try:
                _put(place, content)
            except ClientError as error:
                if error.response["Error"].get("Code") not in TAKEN:
                    raise
                return False
            return True

    def close(self) -> None:
        """Close the connections."""
        # Without the lock: whoever waits for credentials has it, perhaps for ever.
        if (connection := self._connection) is not None:
            connection.client.close()

    @contextmanager
    def _place(self, name: str) -> Iterator[Place]:
        need(Part.DELIVER)
        from botocore.parsers import ResponseParserError

        try:
            with self._lock:
                self._connection = self._connection or connect(self._settings.place, None, patience=self._patience)
            connection = self._connection
            place = Place(connection.client, self._settings.place, f"{self._settings.prefix}{name}")
            with refusing(place, connection.mask):
                yield place
        except (DeliveryError, UsageError) as error:
            raise WheelhouseError(str(error)) from error
        except ResponseParserError as error:
            raise WheelhouseError(f"what answers for {self.uri(name)!r} does not speak S3") from error


def _body(place: Place) -> StreamingBody | None:
    from botocore.exceptions import ClientError

    try:
        return place.client.get_object(**place.address)["Body"]
    except ClientError as error:
        if error.response["Error"].get("Code") == "NoSuchKey":
            return None
        raise


def _copied(body: StreamingBody, file: BinaryIO, most: int) -> Fetched:
    digest, left = hashlib.sha256(), most + 1
    with closing(body):
        while left and (piece := body.read(min(_PIECE, left))):
            digest.update(piece)
            file.write(piece)
            left -= len(piece)
    return Fetched(digest.hexdigest(), most + 1 - left)


def _put(place: Place, content: bytes | Path) -> None:
    """S3 verifies the digest before it keeps anything, and that nothing was there, in one."""
    if isinstance(content, Path):
        with content.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").digest()
            file.seek(0)
            _send(place, file, digest, kind="application/zip")
    else:
        _send(place, content, hashlib.sha256(content).digest(), kind="application/json")


def _send(place: Place, body: bytes | BinaryIO, digest: bytes, *, kind: str) -> None:
    place.client.put_object(
        **place.address,
        Body=body,
        ContentType=kind,
        IfNoneMatch="*",
        ChecksumAlgorithm="SHA256",
        ChecksumSHA256=b64encode(digest).decode("ascii"),
    )
