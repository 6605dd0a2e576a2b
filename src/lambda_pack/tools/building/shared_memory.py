"""Wheels that other machines of an organisation have built: asked for before a build, kept after one.

KEY/record.json              what was built, how, and the digest of the wheel
KEY/SHA256/name.whl          the wheel

KEY is the digest of everything that a build depends on. Both are written once and never again: of two machines that
build the same at the same time the first one's record stays. Claims lie beside them, see `claims`.
"""

from __future__ import annotations

import hashlib
import io
import secrets
import time
from collections.abc import Callable
from concurrent.futures import Future, wait
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace
from packaging.utils import InvalidWheelFilename

from lambda_pack.errors import LambdaPackError
from lambda_pack.files.binaries import wheel_binaries
from lambda_pack.model.building import Build
from lambda_pack.model.decoding import from_json
from lambda_pack.model.packages import Wheel
from lambda_pack.model.product import VERSION
from lambda_pack.model.shared_wheelhouse import SharedWheelhouse
from lambda_pack.model.stock import Accepted
from lambda_pack.model.urls import path_of, without_credentials
from lambda_pack.model.verdicts import Fits, Misfit, judge
from lambda_pack.ports import Narrator
from lambda_pack.tools.building.claims import LONGEST_BUILD, Claims
from lambda_pack.tools.building.finishing import Refusal, judge_built
from lambda_pack.tools.building.jobs import Job
from lambda_pack.tools.s3.wheelhouse import Missing, S3Wheelhouse, WheelhouseError

__all__ = ["SharedMemory"]

Result = TypeVar("Result")

# In seconds, for one wheel with its record: what takes longer is not worth waiting for.
_TIMEOUT = 60.0
# In seconds: how often the waiting thread looks whether the run has ended.
_POLL_SECONDS = 0.2
# In seconds: how often whoever waits looks for the wheel.
_BETWEEN_LOOKS = 2.0
# In seconds: how long an interrupted run stays to say that it gives up.
_LAST_WORDS = 1.0
# In bytes.
_LARGEST_RECORD = 1 << 18


class _Record(Struct, frozen=True):
    """What lies beside a wheel. `size` is in bytes; `token` tells the writers of one key apart."""

    key: str
    filename: Annotated[str, Meta(pattern=r"^[A-Za-z0-9._+!-]+\.whl\Z")]
    sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
    size: Annotated[int, Meta(ge=0)]
    source: str
    target: str
    evidence: str | None
    build: Build | None
    token: str
    written_by: str


class _RefusedError(Exception):
    """An object is not what it should be; the message begins with its URI."""


class SharedMemory:
    """What the bucket knows, for one run. Where it does not answer, that is told once and it is not asked again."""

    def __init__(
        self,
        bucket: S3Wheelhouse,
        settings: SharedWheelhouse,
        narrator: Narrator,
        *,
        longest_build: float = LONGEST_BUILD,
    ) -> None:
        """`longest_build` is how many seconds a claim is believed in, and waited for."""
        self._bucket = bucket
        self._settings = settings
        self._narrator = narrator
        self._token = secrets.token_hex(16)
        self._is_closed = False
        self._lock = Lock()
        self._stopped = Event()
        self._claims = Claims(bucket, self._token, longest_build=longest_build)

    def recall(self, job: Job, key: str) -> Accepted | None:
        """The wheel that was built for this key, in the job's folder; only if it is what its record says, and fits."""
        return self._attempted(lambda: self._recalled(job, _named(key)))

    def remember(self, accepted: Accepted, job: Job, key: str) -> Accepted:
        """Keep it where that is allowed; where the same was kept before, it says whether the bytes are the same."""
        if not self._settings.may_write:
            return accepted
        kept = self._attempted(lambda: self._remembered(accepted, job, _named(key))) or accepted
        self._claims.keep(_named(key))
        return kept

    def claim(self, job: Job, key: str) -> Accepted | None:
        """Say that it is built here; where somebody else has said so, wait for what they build.

        None where it is to be built here: by our own claim, or because whoever builds it gave up or takes too long.
        """
        name, begin = _named(key), time.monotonic()
        if not self._settings.may_write or self._attempted(lambda: self._claims.take(name)) is not False:
            return None
        self._narrator.warn(f"another machine is building {job.source.filename}: its wheel is waited for")
        while not self._stopped.wait(_BETWEEN_LOOKS) and time.monotonic() < begin + self._claims.longest_build:
            # Asked in this order: what is over may have left a wheel a moment ago.
            is_over = self._attempted(lambda: self._claims.is_over(name))
            if (found := self.recall(job, key)) is not None or is_over is not False:
                return found
        return None

    def give_up(self, key: str) -> None:
        """Nothing came of the build: nobody shall wait for it."""
        self._attempted(lambda: self._claims.give_up(_named(key)))

    def stop(self) -> None:
        """Wait for nothing any more, but for a moment to say that nothing will come of what is being built here."""
        self._stopped.set()
        thread = Thread(target=self._claims.give_all_up, daemon=True, name="wheelhouse")
        thread.start()
        thread.join(_LAST_WORDS)

    def _attempted(self, work: Callable[[], Result | None]) -> Result | None:
        """None also where the bucket cannot be used: that never fails a pack."""
        if self._is_closed:
            return None
        try:
            return self._in_time(work)
        except _RefusedError as refused:
            self._narrator.warn(f"{refused}: it is not used, and whoever may write there should remove it")
        except WheelhouseError as error:
            self._close(str(error))
        return None

    def _close(self, why: str) -> None:
        with self._lock:
            first, self._is_closed = not self._is_closed, True
        if first and not self._stopped.is_set():
            self._narrator.warn(f"the wheelhouse {self._settings.uri} is not used in this run: {why}")

    def _in_time(self, work: Callable[[], Result]) -> Result:
        """The result, or an error when it is late: names, proxies and credentials have no time limit of their own."""
        future: Future[Result] = Future()

        def labour() -> None:
            try:
                future.set_result(work())
            except BaseException as error:  # noqa: BLE001  # raised again in the thread that waits
                future.set_exception(error)

        # A daemon: what hangs must not keep the program alive.
        Thread(target=labour, daemon=True, name="wheelhouse").start()
        end = time.monotonic() + _TIMEOUT
        while not self._stopped.is_set() and time.monotonic() < end:
            wait([future], _POLL_SECONDS)
            if future.done():
                return future.result()
        raise WheelhouseError(f"it took longer than {_TIMEOUT:g} seconds; what is missing is built here")

    def _recalled(self, job: Job, name: str) -> Accepted | None:
        record = self._record(name)
        if record is None:
            return None
        uri = self._bucket.uri(_wheel_name(record))
        path = job.folder / record.filename
        with path.open("wb") as file:
            fetched = self._bucket.fetch(_wheel_name(record), file, most=record.size)
        if isinstance(fetched, Missing):
            raise _RefusedError(f"{uri} is gone, and its record is not")
        if fetched.sha256 != record.sha256:
            raise _RefusedError(f"{uri} is not the wheel of its record: the digests differ")
        wheel = _parsed(path, record.sha256, uri)
        fits = _judged(wheel, job, uri)
        self._narrator.note(f"{record.filename} comes from the wheelhouse: {uri}")
        build = record.build and replace(record.build, is_cached=True, is_reproducible=None, wheelhouse=uri)
        return Accepted(job.source.pin, wheel, fits, build)

    def _remembered(self, accepted: Accepted, job: Job, name: str) -> Accepted:
        path, build = path_of(accepted.wheel.url), accepted.build
        record = _Record(
            name,
            accepted.wheel.filename,
            dict(accepted.wheel.hashes)["sha256"],
            path.stat().st_size,
            source=without_credentials(job.source.filename),
            target=str(job.target),
            evidence=accepted.verdict.evidence,
            build=build and replace(build, is_cached=False, is_reproducible=None),
            token=self._token,
            written_by=f"lambda-pack {VERSION}",
        )
        # The wheel first: a record promises that it is there.
        self._bucket.add(_wheel_name(record), path)
        if self._bucket.add(_record_name(name), msgspec.json.encode(record)):
            self._narrator.note(f"{record.filename} is in the wheelhouse now: {self._bucket.uri(_wheel_name(record))}")
            return accepted
        earlier = self._record(name)
        if earlier is None or earlier.token == self._token or build is None:
            return accepted
        return replace(accepted, build=replace(build, is_reproducible=earlier.sha256 == record.sha256))

    def _record(self, name: str) -> _Record | None:
        content, uri = io.BytesIO(), self._bucket.uri(_record_name(name))
        if isinstance(self._bucket.fetch(_record_name(name), content, most=_LARGEST_RECORD), Missing):
            return None
        try:
            record = from_json(content.getvalue(), _Record)
        except msgspec.DecodeError as error:
            raise _RefusedError(f"{uri} is no record of a wheel ({error})") from error
        if record.key != name:
            raise _RefusedError(f"{uri} is the record of something else")
        return record


def _parsed(path: Path, digest: str, uri: str) -> Wheel:
    try:
        return Wheel.parse(path.as_uri(), hashes=(("sha256", digest),))
    except InvalidWheelFilename as error:
        raise _RefusedError(f"{uri} has no name of a wheel") from error


def _judged(wheel: Wheel, job: Job, uri: str) -> Fits:
    """Whoever wrote the record may say what they like: what counts is in the wheel, and is read here."""
    if isinstance(misfit := judge(wheel, job.target), Misfit):
        raise _RefusedError(f"{uri} {misfit.detail}")
    try:
        binaries = wheel_binaries(path_of(wheel.url))
    except LambdaPackError as error:
        raise _RefusedError(f"{uri} cannot be read ({error})") from error
    match judge_built(wheel, binaries, job.target, pin=job.source.pin, foreign=None):
        case Refusal(detail):
            raise _RefusedError(f"{uri} does not fit: {detail}")
        case fits:
            return fits


def _named(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _record_name(name: str) -> str:
    return f"{name}/record.json"


def _wheel_name(record: _Record) -> str:
    return f"{record.key}/{record.sha256}/{record.filename}"
