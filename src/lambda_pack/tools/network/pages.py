"""Pages as an index sends them, over HTTP or from this disk; kept between runs for as long as the index allows."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping
from http import HTTPStatus
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import asdict, replace

from lambda_pack.errors import IndexUnavailable
from lambda_pack.model.urls import path_of, without_credentials
from lambda_pack.tools.network.cache import Cache
from lambda_pack.tools.network.http import Response, Session

__all__ = ["Denied", "Fetched", "Pages"]

# As pip asks: JSON where there is any; a plain web server ignores all this.
_ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html; q=0.1, text/html; q=0.01"
_KIND = "pages"
# A header may hold any number of digits, and characters that only `str.isdigit` takes for some.
_SECONDS = re.compile(r"[0-9]{1,10}")


class Fetched(Struct, frozen=True):
    """A page. `url` is where it came from after redirects, without credentials."""

    url: str
    content_type: str
    body: bytes


class Denied(Struct, frozen=True):
    """The index answered 403: there is no such name (some indexes put it so), or not for us."""

    error: IndexUnavailable


class _Known(Struct, frozen=True):
    """What is remembered about a page; `fresh_until` in seconds since 1970."""

    url: str
    content_type: str
    etag: str | None
    modified: str | None
    fresh_until: float


class Pages:
    """Fetches pages: from the cache where they are fresh (RFC 9111), or where the index says that nothing changed."""

    def __init__(self, session: Session, cache: Cache) -> None:
        self._session = session
        self._cache = cache

    def fetch(self, url: str) -> Fetched | Denied | None:
        """The page; None where the index knows none (404, 410, no such file).

        Raises:
            IndexUnavailable: the index did not answer, or wants a login.
        """
        if urlsplit(url).scheme == "file":
            return _local_page(url)
        known, body = self._remembered(url)
        if known and known.fresh_until > time.time():
            return Fetched(known.url, known.content_type, body)
        headers = {"Accept": _ACCEPT, **(_conditions(known) if known else {})}
        response = self._session.get(url, headers=headers, answers=frozenset({304, 403, 404, 410}))
        if response.status == HTTPStatus.FORBIDDEN:
            return Denied(self._session.refusal(url, response.status))
        if response.status in {404, 410}:
            return None
        if known and response.status == HTTPStatus.NOT_MODIFIED:
            fresh = _fresh_until(response.headers, private=self._session.credentials.login(url) is not None)
            self._remember(url, replace(known, fresh_until=fresh), body)
            return Fetched(known.url, known.content_type, body)
        self._remember_answer(url, response)
        return Fetched(without_credentials(response.url), response.headers.get("content-type", ""), response.body)

    def _remembered(self, url: str) -> tuple[_Known | None, bytes]:
        content = self._cache.entry(_KIND, without_credentials(url))
        if content is None:
            return None, b""
        head, _, body = content.partition(b"\n")
        try:
            return _Known(**json.loads(head)), body
        except (ValueError, TypeError):
            # Written by another version, or damaged: as good as none.
            return None, b""

    def _remember_answer(self, url: str, response: Response) -> None:
        headers = response.headers
        if "no-store" in headers.get("cache-control", "").lower():
            return
        known = _Known(
            # Links on the page are relative to its path; a token in the query has no place on the disk.
            url=without_credentials(response.url).partition("?")[0],
            content_type=headers.get("content-type", ""),
            etag=headers.get("etag"),
            modified=headers.get("last-modified"),
            fresh_until=_fresh_until(headers, private=self._session.credentials.login(url) is not None),
        )
        if known.etag or known.modified or known.fresh_until > time.time():
            self._remember(url, known, response.body)

    def _remember(self, url: str, known: _Known, body: bytes) -> None:
        content = json.dumps(asdict(known)).encode() + b"\n" + body
        self._cache.store(_KIND, without_credentials(url), content)


def _local_page(url: str) -> Fetched | None:
    path = path_of(url)
    if path.is_dir():
        path /= "index.html"
        url = url.rstrip("/") + "/index.html"
    try:
        body = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise IndexUnavailable(f"{str(path)!r} cannot be read: {error.strerror}; check the index's folder") from error
    return Fetched(url, "application/json" if path.suffix == ".json" else "text/html", body)


def _conditions(known: _Known) -> dict[str, str]:
    if known.etag:
        return {"If-None-Match": known.etag}
    return {"If-Modified-Since": known.modified} if known.modified else {}


def _fresh_until(headers: Mapping[str, str], *, private: bool) -> float:
    """`private` pages are asked for each time: the cache's key does not know who may read them."""
    if private:
        return 0.0
    words = [word.strip().lower() for word in headers.get("cache-control", "").split(",")]
    ages = [word.removeprefix("max-age=").strip('"') for word in words if word.startswith("max-age=")]
    if "no-cache" in words or not ages or not _SECONDS.fullmatch(ages[0]):
        return 0.0
    spent = headers.get("age", "0")
    return time.time() + int(ages[0]) - (int(spent) if _SECONDS.fullmatch(spent) else 0)
