"""Files brought here: from the cache, from this machine, or over the network, each one's digest checked."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

from lambda_pack.errors import IndexUnavailable, IntegrityError, LambdaPackError
from lambda_pack.model.packages import Sdist, Wheel
from lambda_pack.model.urls import path_of
from lambda_pack.ports import Narrator
from lambda_pack.tools.network.cache import Cache
from lambda_pack.tools.network.digests import Promise
from lambda_pack.tools.network.forecast import Forecast
from lambda_pack.tools.network.http import Session
from lambda_pack.tools.network.transfer import Progress, Transfer
from lambda_pack.tools.network.workers import in_parallel

__all__ = ["HttpDownloads"]

# Fetching known URLs needs only a few: the network is full long before.
_THREADS = 6
# How often, in seconds, a wait for what was begun before looks whether the batch has ended.
_POLL_SECONDS = 0.2
# How often a file is fetched that another run removes at once.
_ATTEMPTS = 5


class HttpDownloads:
    """The port `Downloads` over HTTP and `file:`, with a cache in between."""

    def __init__(  # noqa: PLR0913  # what downloads work with, each by name
        self,
        session: Session,
        cache: Cache,
        *,
        narrator: Narrator,
        forecast: Forecast | None = None,
        arrived: Callable[[Wheel, Path], None] | None = None,
        compares_sizes: bool = False,
    ) -> None:
        """Fetch with this session.

        With `compares_sizes` a file must have the size that is promised, as in a lock. `arrived` hears of each wheel as
        soon as it is here and right, in one of several threads.
        """
        self._session = session
        self._cache = cache
        self._narrator = narrator
        self._lock = threading.Lock()
        self._fetched: dict[Wheel | Sdist, Path] = {}
        self._forecast = forecast
        self._arrived = arrived
        self._compares_sizes = compares_sizes
        self._begun: dict[Wheel | Sdist, threading.Thread] = {}

    def fetch(self, files: Sequence[Wheel | Sdist]) -> Mapping[Wheel | Sdist, Path]:
        """The local path of each file; `file:` ones stay where they are.

        Cached files are hashed here, once in every run, so nobody has to do so again before using them.

        Raises:
            IntegrityError: a file is not what its hash says.
            IndexUnavailable: a file could not be fetched.
            Interrupted: the session was stopped.
            LambdaPackError: the cache cannot be written to.
        """
        # The largest first: begun last, it alone would be waited for.
        wanted = (file for file in dict.fromkeys(files) if not self._is_here(file))
        ordered = sorted(wanted, key=lambda file: -(file.size or 0))
        paths = in_parallel(self._fetch_or_wait, ordered, threads=_THREADS, interrupt=self._session.stop)
        self._fetched.update(zip(ordered, paths, strict=True))
        if self._forecast and ordered:
            self._forecast.remember(_addresses(self._fetched))
        return {file: self._fetched[file] for file in files}

    def _is_here(self, file: Wheel | Sdist) -> bool:
        """Return whether it was fetched and is still there: another run may have cleared the cache since then."""
        path = self._fetched.get(file)
        if path is not None and not path.is_file():
            self._narrator.note(f"{file.filename} has vanished from the cache: fetched again")
            del self._fetched[file]
            return False
        return path is not None

    def begin(self, files: Iterable[Wheel | Sdist]) -> None:
        """See `lambda_pack.ports.Downloads`."""
        for file in files:
            if file not in self._fetched and file not in self._begun:
                # A daemon, as those of a batch: it must not keep an interrupted program alive.
                self._begun[file] = threading.Thread(target=self._fetch_ahead, args=(file,), daemon=True)
                self._begun[file].start()

    def _fetch_ahead(self, file: Wheel | Sdist) -> None:
        with suppress(LambdaPackError):
            self._fetched[file] = self._fetch(file, threading.Event())

    def _fetch_or_wait(self, file: Wheel | Sdist, stop: threading.Event) -> Path:
        """Return what was begun before once it is here; what failed is fetched again, which tells the error."""
        begun = self._begun.get(file)
        while begun is not None and begun.is_alive() and not stop.is_set():
            begun.join(_POLL_SECONDS)
        return self._fetched.get(file) or self._fetch(file, stop)

    def _fetch(self, file: Wheel | Sdist, stop: threading.Event) -> Path:
        promise = Promise.of_source(file)
        if urlsplit(file.url).scheme == "file":
            return self._in_place(file, promise)
        for _ in range(_ATTEMPTS):
            with self._narrator.span(f"fetch {file.filename}"):
                path = self._cached(file, promise) or self._download(file, promise, stop)
            self._check_size(file, path)
            if self._arrived is not None and isinstance(file, Wheel):
                self._arrived(file, path)
            if path.is_file():
                break
            # Another run has cleared the cache. What was opened before that stays open.
        return path

    def _in_place(self, file: Wheel | Sdist, promise: Promise) -> Path:
        path = path_of(file.url)
        try:
            # Asked first: a pipe or a device would be read for ever.
            found = path.is_file()
            digest = promise.of_file(path) if found and promise.digests else ""
        except OSError as error:
            raise IndexUnavailable(f"{str(path)!r} cannot be read: {error.strerror}; check the path") from error
        if not found:
            raise IndexUnavailable(f"{str(path)!r} is not a file; check the path")
        if not promise.is_kept(digest):
            raise promise.broken(digest, filename=file.filename, where=str(path))
        self._check_size(file, path)
        return path

    def _check_size(self, file: Wheel | Sdist, path: Path) -> None:
        if not self._compares_sizes or file.size is None:
            return
        with suppress(OSError):  # another run has cleared the cache
            size = path.stat().st_size
            if size != file.size:
                raise IntegrityError(
                    f"{file.filename!r} has {size} bytes, and the lock says {file.size}; make the lock anew, or find "
                    "out who changed it"
                )

    def _cached(self, file: Wheel | Sdist, promise: Promise) -> Path | None:
        for expected in sorted(promise.digests):
            path = self._cache.get(promise.algorithm, expected, file.filename)
            if path is None:
                continue
            try:
                foreseen = self._forecast.digest(path, promise.algorithm) if self._forecast else None
                if (foreseen or promise.of_file(path)) == expected:
                    return path
            except OSError:
                # Another run found it damaged at the same time, or has cleared the cache.
                continue
            with self._lock:
                self._narrator.note(f"{file.filename} in the cache is damaged: thrown away, and fetched again")
            self._cache.discard(path)
        return None

    def _download(self, file: Wheel | Sdist, promise: Promise, stop: threading.Event) -> Path:
        progress = Progress(file.filename, self._narrator, self._lock)
        try:
            for last in (False, True):
                with self._cache.partial() as partial, _again_unless(last):
                    digest = Transfer(self._session, file, promise, progress=progress, stop=stop).into(partial)
                    return self._cache.put(partial, promise.algorithm, digest, file.filename)
            raise AssertionError("the last try returns or raises")
        except OSError as error:
            raise LambdaPackError(
                f"{file.filename!r} cannot be written to the cache: {error.strerror}; "
                "free some space, or choose another folder with --cache-dir"
            ) from error


@contextmanager
def _again_unless(last: bool) -> Iterator[None]:  # noqa: FBT001  # one argument
    """Leave it to the next try that the file vanished while it arrived: another run has removed it."""
    try:
        yield
    except FileNotFoundError:
        if last:
            raise


def _addresses(files: Iterable[Wheel | Sdist]) -> Iterator[tuple[str, str, str]]:
    """Where the cache has them: algorithm, digest and name of those that only one digest was promised for."""
    for file in files:
        promise = Promise.of(file.hashes)
        if len(promise.digests) == 1:
            yield promise.algorithm, min(promise.digests), file.filename
