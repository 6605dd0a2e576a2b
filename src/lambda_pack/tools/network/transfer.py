"""One file's way over the network: hashed while it arrives, resumed after a cut, never half there."""

from __future__ import annotations

import re
import threading
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from lambda_pack.errors import IndexUnavailable, Interrupted
from lambda_pack.model.packages import Sdist, Wheel
from lambda_pack.ports import Narrator
from lambda_pack.tools.network.digests import Promise
from lambda_pack.tools.network.http import Session

if TYPE_CHECKING:
    from hashlib import _Hash

    from urllib3.response import BaseHTTPResponse

__all__ = ["Progress", "Transfer"]

# Statuses by number: the standard library's `http` costs every start 3 ms.
_WHOLE, _PART, _NOTHING_LEFT = 200, 206, 416
# In bytes: what a stopped thread still waits for at most.
_CHUNK = 65_536


class Progress:
    """Tells a narrator how far a file is; many of them share one lock, so that the narrator needs none."""

    def __init__(self, label: str, narrator: Narrator, lock: threading.Lock) -> None:
        self._label = label
        self._narrator = narrator
        self._lock = lock

    def tell(self, done: int, total: int | None) -> None:
        """So many bytes are here; nothing is said while nobody knows how many there will be."""
        if total is not None:
            with self._lock:
                # `done == total` ends the label, and only the end may say so.
                self._narrator.progress(self._label, min(done, total - 1), total)

    def end(self, done: int) -> None:
        """All are here."""
        with self._lock:
            self._narrator.progress(self._label, done, done)

    def note(self, text: str) -> None:
        """A detail about this file."""
        with self._lock:
            self._narrator.note(f"{self._label}: {text}")


class Transfer:
    """The state between two connections: how much is here, its digest so far, and which content it is part of."""

    def __init__(
        self, session: Session, file: Wheel | Sdist, promise: Promise, *, progress: Progress, stop: threading.Event
    ) -> None:
        self._session = session
        self._file = file
        self._promise = promise
        self._progress = progress
        self._stop = stop
        self._received = 0
        self._resumed = False
        self._validator: str | None = None
        self._hash: _Hash = promise.digest()

    def into(self, path: Path) -> str:
        """Write the file to `path`; its digest by the promise's algorithm.

        Raises:
            IntegrityError: the file is not what was promised.
            IndexUnavailable: it could not be fetched, after all retries.
            Interrupted: the session, or the batch this is part of, was stopped.
            OSError: it could not be written.
        """
        with path.open("wb") as target:
            self._fill(target)
            if not self._promise.is_kept(self._hash.hexdigest()) and self._resumed:
                # Two servers behind one address may hold different files: the parts do not belong together.
                self._progress.note("its resumed parts do not belong together, so it is fetched in one piece")
                self._restart(target)
                self._fill(target, resume=False)
        digest = self._hash.hexdigest()
        if not self._promise.is_kept(digest):
            where = self._session.shown(self._file.url)
            raise self._promise.broken(digest, filename=self._file.filename, where=where)
        self._progress.end(self._received)
        return digest

    def _fill(self, target: BinaryIO, *, resume: bool = True) -> None:
        import urllib3

        attempt = 0
        while True:
            with self._session.open(self._file.url, headers=self._headers()) as response:
                try:
                    self._receive(response, target)
                except urllib3.exceptions.HTTPError as error:
                    self._session.wait(self._file.url, attempt, error)
                else:
                    return
            attempt += 1
            self._progress.note(f"cut off after {self._received} bytes")
            if not resume or not (self._promise.digests or self._validator):
                # Nothing could tell whether the parts belong together.
                self._restart(target)

    def _headers(self) -> dict[str, str]:
        headers = {"Accept-Encoding": "identity"}
        if self._received:
            headers["Range"] = f"bytes={self._received}-"
            if self._validator:
                headers["If-Range"] = self._validator
        return headers

    def _receive(self, response: BaseHTTPResponse, target: BinaryIO) -> None:
        from urllib3.exceptions import ProtocolError

        if response.status == _NOTHING_LEFT and self._received:
            self._restart(target)
            raise ProtocolError("the server announced more than there is")
        if not self._continues(response):
            self._restart(target)
        self._validator = _validator(response)
        self._read(response, target)

    def _continues(self, response: BaseHTTPResponse) -> bool:
        """Whether the answer goes on where the last one ended; an answer that is no file is an error."""
        if response.status == _PART:
            match = re.fullmatch(r"bytes (\d+)-\d+/(?:\d+|\*)", response.headers.get("Content-Range", ""))
            if match and int(match[1]) == self._received:
                self._resumed = True
                return True
            raise IndexUnavailable(
                f"{self._session.shown(self._file.url)!r} was answered with another part than was asked for; "
                "check the index or the proxy in between"
            )
        if response.status != _WHOLE:
            raise self._session.refusal(self._file.url, response.status)
        return False

    def _read(self, response: BaseHTTPResponse, target: BinaryIO) -> None:
        length = response.headers.get("Content-Length", "")
        total = self._received + int(length) if re.fullmatch(r"[0-9]{1,18}", length) else None
        for chunk in response.stream(_CHUNK, decode_content=False):
            self._session.check()
            if self._stop.is_set():
                raise Interrupted("stopped because another file failed")
            target.write(chunk)
            self._hash.update(chunk)
            self._received += len(chunk)
            self._progress.tell(self._received, total)

    def _restart(self, target: BinaryIO) -> None:
        target.seek(0)
        target.truncate()
        self._received, self._resumed = 0, False
        self._hash = self._promise.digest()


def _validator(response: BaseHTTPResponse) -> str | None:
    """What If-Range may hold: an entity tag, unless it is a weak one, else the time of the last change."""
    tag = response.headers.get("ETag", "")
    if tag and not tag.startswith("W/"):
        return tag
    return response.headers.get("Last-Modified")
