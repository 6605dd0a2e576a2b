"""S3 as a place where archives go."""

from __future__ import annotations

from lambda_pack.errors import DeliveryError
from lambda_pack.model.choices import IfExists
from lambda_pack.model.delivery import Delivered, Delivery, Parcel
from lambda_pack.model.limits import megabytes
from lambda_pack.ports import Narrator
from lambda_pack.tools.s3.client import connect
from lambda_pack.tools.s3.holdings import TAKEN, Nothing, Something, Unseen, look
from lambda_pack.tools.s3.place import Place
from lambda_pack.tools.s3.refusals import refusing
from lambda_pack.tools.s3.upload import Sizes, send

__all__ = ["S3Store"]

# The last when the answer to the end of an upload in parts got lost and botocore asked once more.
_TAKEN = TAKEN | {"NoSuchUpload"}


class S3Store:
    """Implements `lambda_pack.ports.Store`. `sizes` say which archives go in parts, and in how large ones."""

    def __init__(self, narrator: Narrator, *, sizes: Sizes | None = None) -> None:
        self._narrator = narrator
        self._sizes = sizes or Sizes()

    def deliver(self, parcel: Parcel, delivery: Delivery) -> Delivered:
        """See `lambda_pack.ports.Store`.

        What the key holds already is never sent again, whatever `if_exists` says, so a job may be run again; `FAIL`
        refuses a key that holds other bytes. Parts of an upload that fails or is interrupted are removed. Only when
        the answer to the very first request for an upload in parts gets lost may S3 keep an upload without any part,
        which holds and costs nothing.
        """
        key = delivery.target.key_for(parcel)
        connection = connect(delivery, self._narrator)
        place = Place(connection.client, delivery, key)
        try:
            with refusing(place, connection.mask):
                return self._deliver(place, parcel)
        finally:
            connection.client.close()

    def _deliver(self, place: Place, parcel: Parcel) -> Delivered:
        from botocore.exceptions import ClientError

        match look(place):
            case Something() as held if held.is_same(parcel):
                return self._found(place, held)
            case Something() as held if place.delivery.if_exists is not IfExists.OVERWRITE:
                return self._kept(place, held)
            case Unseen(status):
                self._narrator.note(f"S3 does not say what {place.uri} holds (status {status}): uploading")
            case Nothing() | Something():
                self._narrator.note(f"uploading {megabytes(parcel.size)} to {place.uri}")
        try:
            version_id = send(place, parcel, self._narrator, self._sizes)
        except ClientError as error:
            if error.response["Error"].get("Code") not in _TAKEN:
                raise
            return self._settled(place, parcel, error)
        return Delivered(place.uri, version_id, parcel.sha256, parcel.size, was_there=False)

    def _settled(self, place: Place, parcel: Parcel, error: Exception) -> Delivered:
        """What it means that the key was taken after all: perhaps by ourselves, when an answer got lost."""
        match look(place):
            case Something() as held if held.is_same(parcel):
                return self._found(place, held)
            case (Something() | Unseen()) as held if place.delivery.if_exists is not IfExists.OVERWRITE:
                return self._kept(place, held)
        raise error

    def _found(self, place: Place, held: Something) -> Delivered:
        self._narrator.note(f"{place.uri} holds these very bytes")
        return Delivered(place.uri, held.version_id, held.sha256, held.size, was_there=True)

    def _kept(self, place: Place, held: Something | Unseen) -> Delivered:
        """The key holds something else, and was to stay as it is."""
        if place.delivery.if_exists is IfExists.FAIL:
            seen = "something else" if isinstance(held, Something) else "something that S3 does not let you see"
            raise DeliveryError(
                f"{place.uri!r} holds {seen} already and is as it was; choose another key (with '{{sha256:12}}' in it "
                "each archive has its own), or overwrite it"
            )
        self._narrator.warn(f"{place.uri!r} holds something else already; it was left as it is, and nothing was sent")
        match held:
            case Something(sha256, size, version_id):
                return Delivered(place.uri, version_id, sha256, size, was_there=True)
            case Unseen():
                return Delivered(place.uri, None, None, None, was_there=True)
