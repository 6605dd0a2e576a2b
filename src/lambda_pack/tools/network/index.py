"""The package indexes of a run as one: what they offer, and the METADATA of wheels nobody has fetched yet."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from urllib.parse import urlsplit

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName

from lambda_pack.errors import IndexUnavailable, IntegrityError
from lambda_pack.model.choices import IndexStrategy
from lambda_pack.model.indexes import IndexSettings
from lambda_pack.model.packages import Hashes, Sdist, Wheel
from lambda_pack.model.requirements import proofs_in
from lambda_pack.model.urls import masked, path_of, without_credentials
from lambda_pack.ports import Downloads, Narrator
from lambda_pack.tools.network.cache import Cache
from lambda_pack.tools.network.digests import Promise
from lambda_pack.tools.network.find_links import linked
from lambda_pack.tools.network.http import Session
from lambda_pack.tools.network.index_page import Page, parse_page
from lambda_pack.tools.network.index_urls import index_tiers, index_urls
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


def _any_version(_: NormalizedName) -> SpecifierSet:
    return SpecifierSet()


class SimpleIndex:
    """The port `Index` over the simple API, in HTML and JSON, over HTTP and `file:`, with `--find-links` places."""

    def __init__(  # noqa: PLR0913  # what an index works with, each by name
        self,
        settings: IndexSettings,
        session: Session,
        *,
        cache: Cache,
        downloads: Downloads,
        narrator: Narrator,
        allowed: Callable[[NormalizedName], SpecifierSet] = _any_version,
    ) -> None:
        """`downloads` fetches whole wheels whose METADATA cannot be had otherwise.

        `allowed` gives the versions that the user's requirements allow: an index that has none of them may be followed
        by a supplemental one.
        """
        self._settings = settings
        self._allowed = allowed
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

    def split(self, names: Iterable[NormalizedName]) -> frozenset[NormalizedName]:
        """See `lambda_pack.ports.Index`."""
        wanted = frozenset(names)
        linked_names = {file.pin.name for file in self._linked(wanted)} if self._settings.find_links else set()
        return frozenset(name for name in wanted if name in linked_names or self._has_merged_indexes(name))

    def places(self, files: Iterable[Wheel | Sdist]) -> Mapping[Wheel | Sdist, str]:
        """See `lambda_pack.ports.Index`."""
        wanted = tuple(files)
        urls = index_urls(self._settings)
        if len(urls) == 1 and not self._settings.find_links:
            only = masked(without_credentials(urls[0]))
            return {file: only for file in wanted if urlsplit(file.url).scheme != "file" or only.startswith("file:")}
        offered = {file.url: file.index for file in self.files({file.pin.name for file in wanted})}
        return {file: index for file in wanted if (index := offered.get(file.url)) is not None}

    def _has_merged_indexes(self, name: NormalizedName) -> bool:
        return any(len(tier) > 1 for tier in index_tiers(self._settings, name))

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
        """The files of the first tier that has what is asked for; of all tiers where none has."""
        found: list[Wheel | Sdist] = []
        refusals: list[IndexUnavailable] = []
        for tier in index_tiers(self._settings, name):
            files, is_known = self._of_tier(tier, name, refusals)
            found += files
            if is_known and self._settings.strategy is IndexStrategy.FIRST_INDEX:
                break
            if self._has_allowed(files, name):
                found = files
                break
        if refusals and not found:
            raise refusals[0]
        if refusals:
            with self._lock:
                self._narrator.note(f"{name} is taken from another index: {refusals[0]}")
        return found

    def _of_tier(
        self, urls: Iterable[str], name: NormalizedName, refusals: list[IndexUnavailable]
    ) -> tuple[list[Wheel | Sdist], bool]:
        """The files of these indexes, and whether one of them knows the name; `refusals` gets what was refused."""
        found: list[Wheel | Sdist] = []
        is_known = False
        for url in urls:
            if url in self._settings.flat_urls:
                files = self._kept(linked(url, frozenset({name}), pages=self._fetcher))
                found += files
                is_known = is_known or bool(files)
                continue
            match self._fetcher.fetch(f"{url.rstrip('/')}/{name}/"):
                case Denied(error) if self._settings.strategy is IndexStrategy.FIRST_INDEX:
                    raise error
                case Denied(error):
                    # Some indexes (those on S3) answer so for names they do not have; pip goes on, too.
                    refusals.append(error)
                case None:
                    continue
                case Fetched(url=address, content_type=kind, body=body):
                    is_known = True
                    page = parse_page(
                        body, url=address, content_type=kind, names={name}, index=masked(without_credentials(url))
                    )
                    found += map(self._settings.cooldown.applied, self._kept(page))
        return found, is_known

    def _has_allowed(self, files: Iterable[Wheel | Sdist], name: NormalizedName) -> bool:
        """Whether one of the files is of a version that the user's own lines allow."""
        versions = {file.pin.version for file in files if file.pin.version is not None and file.refused is None}
        return any(self._allowed(name).filter(versions, prereleases=True))

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
