"""The package indexes of a run as one: what they offer, and the METADATA of wheels nobody has fetched yet."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from packaging.utils import NormalizedName

from lambda_pack.errors import IndexUnavailable, IntegrityError
from lambda_pack.model.choices import IndexStrategy
from lambda_pack.model.packages import Hashes, Sdist, Wheel
from lambda_pack.model.requirements import IndexSettings, proofs_in
from lambda_pack.model.urls import path_of
from lambda_pack.ports import Downloads, Narrator
from lambda_pack.tools.network.cache import Cache
from lambda_pack.tools.network.digests import Promise
from lambda_pack.tools.network.find_links import linked
from lambda_pack.tools.network.http import Session
from lambda_pack.tools.network.index_page import Page, parse_page
from lambda_pack.tools.network.index_urls import index_urls
from lambda_pack.tools.network.pages import Denied, Fetched, Pages
from lambda_pack.tools.network.wheel_metadata import (
    offered_metadata,
    ranged,
    read_metadata,
    read_size,
)
from lambda_pack.tools.network.workers import in_parallel

__all__ = ["SimpleIndex"]

_THREADS = 8
_KIND = "metadata"
_SIZES = "sizes"


class SimpleIndex:
    """The port `Index` over the simple API, in HTML and JSON, over HTTP and `file:`, with `--find-links` places."""

    def __init__(
        self, settings: IndexSettings, session: Session, *, cache: Cache, downloads: Downloads, narrator: Narrator
    ) -> None:
        """`downloads` fetches whole wheels whose METADATA cannot be had otherwise."""
        self._settings = settings
        self._session = session
        self._cache = cache
        self._downloads = downloads
        self._narrator = narrator
        self._fetcher = Pages(session, cache)
        self._lock = threading.Lock()
        self._pages: dict[NormalizedName, tuple[Wheel | Sdist, ...]] = {}
        self._metadata_hashes: dict[str, Hashes] = {}

    def files(self, names: Iterable[NormalizedName]) -> Sequence[Wheel | Sdist]:
        """Every wheel and sdist of these packages, each file name once: of local places, then in the indexes' order.

        Raises:
            IndexUnavailable: an index did not answer, or refused a name that no other index knows.
            UsageError: a place of --find-links is not there.
        """
        wanted = tuple(dict.fromkeys(names))
        missing = [name for name in wanted if name not in self._pages]
        if missing:
            links = self._linked(missing)
            found = in_parallel(self._of_indexes, missing, threads=_THREADS, interrupt=self._session.stop)
            for name, files in zip(missing, found, strict=True):
                local = [file for file in links if file.pin.name == name]
                self._pages[name] = tuple(_each_once([*local, *files]))
        return tuple(file for name in wanted for file in self._pages[name])

    def promised(self, names: Iterable[NormalizedName]) -> frozenset[str]:
        """See `lambda_pack.ports.Index`."""
        return frozenset(file.filename for file in self.files(names) if proofs_in(file.hashes))

    def metadata(self, wheels: Iterable[Wheel]) -> Mapping[Wheel, bytes]:
        """The METADATA of each wheel: from the cache, the index's own file, parts of the wheel, or the whole of it.

        Raises:
            IndexUnavailable: it could not be had.
            IntegrityError: what was had is damaged.
        """
        wanted = tuple(dict.fromkeys(wheels))
        contents = in_parallel(self._metadata, wanted, threads=_THREADS, interrupt=self._session.stop)
        return dict(zip(wanted, contents, strict=True))

    def sizes(self, wheels: Iterable[Wheel]) -> Mapping[Wheel, int | None]:
        """What each wheel has unpacked, in bytes, from the cache or the end of the file; None where that does not do.

        It is told and decides nothing, so an index that does not answer is no reason to stop.
        """
        wanted = tuple(dict.fromkeys(wheels))
        sizes = in_parallel(self._size, wanted, threads=_THREADS, interrupt=self._session.stop)
        return dict(zip(wanted, sizes, strict=True))

    def _size(self, wheel: Wheel, _: threading.Event) -> int | None:
        key = _key(wheel)
        known = self._cache.entry(_SIZES, key) if key else None
        if known is not None and known.isdigit():
            return int(known)
        try:
            is_here = urlsplit(wheel.url).scheme == "file"
            size = read_size(wheel, path_of(wheel.url)) if is_here else ranged(self._session, wheel, read_size)
        except (IndexUnavailable, IntegrityError, OSError):
            return None
        if key and size is not None:
            self._cache.store(_SIZES, key, str(size).encode())
        return size

    def _linked(self, names: Collection[NormalizedName]) -> list[Wheel | Sdist]:
        found: list[Wheel | Sdist] = []
        for place in dict.fromkeys(self._settings.find_links):
            found += self._kept(linked(place, frozenset(names), pages=self._fetcher))
        return found

    def _of_indexes(self, name: NormalizedName, _: threading.Event) -> list[Wheel | Sdist]:
        found: list[Wheel | Sdist] = []
        refusal: IndexUnavailable | None = None
        is_known = False
        first_only = self._settings.strategy is IndexStrategy.FIRST_INDEX
        for url in index_urls(self._settings):
            match self._fetcher.fetch(f"{url.rstrip('/')}/{name}/"):
                case Denied(error) if first_only:
                    raise error
                case Denied(error):
                    # Some indexes (those on S3) answer so for names they do not have; pip goes on, too.
                    refusal = refusal or error
                case None:
                    continue
                case Fetched(url=address, content_type=kind, body=body):
                    is_known = True
                    page = parse_page(body, url=address, content_type=kind, names={name})
                    found += map(self._settings.cooldown.applied, self._kept(page))
                    if first_only:
                        break
        if refusal and not is_known:
            raise refusal
        if refusal:
            with self._lock:
                self._narrator.note(f"{name} is taken from another index: {refusal}")
        return found

    def _kept(self, page: Page) -> tuple[Wheel | Sdist, ...]:
        with self._lock:
            self._metadata_hashes.update(page.metadata_hashes)
        return page.files

    def _metadata(self, wheel: Wheel, _: threading.Event) -> bytes:
        key = _key(wheel)
        known = self._cache.entry(_KIND, key) if key else None
        if known is not None:
            return known
        content = self._found_metadata(wheel)
        if key:
            self._cache.store(_KIND, key, content)
        return content

    def _found_metadata(self, wheel: Wheel) -> bytes:
        content: bytes | None = None
        if urlsplit(wheel.url).scheme != "file":
            if wheel.metadata:
                content = offered_metadata(self._session, wheel, self._metadata_hashes.get(wheel.url, ()))
            if content is None:
                content = ranged(self._session, wheel, read_metadata)
        if content is not None:
            return content
        return read_metadata(wheel, self._downloads.fetch([wheel])[wheel])


def _key(wheel: Wheel) -> str | None:
    """What proves the wheel proves what was once read out of it; nothing is remembered about a wheel without proof."""
    promise = Promise.of(wheel.hashes)
    return f"{promise.algorithm}:{min(promise.digests)}:{wheel.filename}" if promise.is_proof else None


def _each_once(files: Iterable[Wheel | Sdist]) -> Iterator[Wheel | Sdist]:
    seen: set[str] = set()
    for file in files:
        if file.filename not in seen:
            seen.add(file.filename)
            yield file
