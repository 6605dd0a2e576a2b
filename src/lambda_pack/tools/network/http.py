"""Asking a server for something, patiently and discreetly: retries, redirects, logins, and errors that can be read."""

from __future__ import annotations

import re
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, Self
from urllib.parse import urljoin, urlsplit

from msgspec import Struct

from lambda_pack.errors import IndexUnavailable, Interrupted
from lambda_pack.model.indexes import IndexSettings
from lambda_pack.model.product import VERSION
from lambda_pack.model.urls import credentials_in, with_credentials, without_credentials
from lambda_pack.tools.network.connections import Connections, is_local, is_trusted
from lambda_pack.tools.network.credentials import Credentials, Login, origin

if TYPE_CHECKING:
    from types import TracebackType

    from urllib3.response import BaseHTTPResponse

__all__ = ["Response", "Session"]

# By number: the standard library's `http` costs every start 3 ms.
_FIRST_REDIRECT = 300
_UNAUTHORIZED = 401
# Told apart from answers that stay as they are however often one asks.
_PASSING = frozenset({408, 429, 500, 502, 503, 504, 520, 522, 524})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_ANSWERS = frozenset({304, 404, 410})
_MOST_REDIRECTS = 10
_AGENT = f"lambda-pack/{VERSION}"
# In bytes, unpacked: pages and METADATA are held in memory, and a few kilobytes can unpack to all of it.
_LARGEST_ANSWER = 128 << 20
# In seconds: the first pause, and the longest, be it ours or one a server asks for.
_FIRST_PAUSE = 0.25
_LONGEST_PAUSE = 30.0


class Response(Struct, frozen=True):
    """An answer read to its end. `url` is where it came from after redirects; header names are in lower case."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes


class Session:
    """One run's conversation with its indexes; used by many threads at once."""

    def __init__(
        self,
        settings: IndexSettings,
        credentials: Credentials,
        *,
        environ: Mapping[str, str] = MappingProxyType({}),
        pause: Callable[[float], object] | None = None,
    ) -> None:
        """`environ` answers the variables about proxies; `pause` waits some seconds between two tries."""
        self.credentials = credentials
        self._settings = settings
        self._connections = Connections(settings, environ)
        self._stopped = threading.Event()
        self._pause = pause or self._stopped.wait
        self._live: set[BaseHTTPResponse] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._connections.close()

    def get_ready(self, url: str) -> None:
        """Load what a request needs, and read the certificates: 0.1 s that can pass while something else is waited for.

        Raises:
            UsageError: a certificate file cannot be read.
        """
        self._connections.pool(url)

    def get(
        self, url: str, *, headers: Mapping[str, str] = MappingProxyType({}), answers: frozenset[int] = _ANSWERS
    ) -> Response:
        """The whole answer; only 2xx and `answers` count as such.

        Raises:
            IndexUnavailable: there was none, after all retries.
            Interrupted: the session was stopped.
        """
        import urllib3

        attempt = 0
        while True:
            with self.open(url, headers=headers) as response:
                try:
                    body = response.read(_LARGEST_ANSWER + 1, decode_content=True)
                except urllib3.exceptions.HTTPError as error:
                    self.wait(url, attempt, error)
                else:
                    if len(body) > _LARGEST_ANSWER:
                        raise self._refusal_of_size(url)
                    if response.status >= _FIRST_REDIRECT and response.status not in answers:
                        raise self.refusal(url, response.status)
                    names = {name.lower(): value for name, value in response.headers.items()}
                    return Response(response.url or url, response.status, names, body)
            attempt += 1

    @contextmanager
    def open(self, url: str, *, headers: Mapping[str, str] = MappingProxyType({})) -> Iterator[BaseHTTPResponse]:
        """An answer of any status, passing faults excepted, its body still to be read; `.url` is where it came from.

        Raises:
            IndexUnavailable: there was none, after all retries.
            Interrupted: the session was stopped.
        """
        response = self._answer(url, headers)
        self._live.add(response)
        try:
            # Who stopped us while the answer began has not seen it among the living.
            self.check()
            yield response
        finally:
            self._live.discard(response)
            # A body read to its end has given its connection back; what is left of another may be long.
            response.close()

    def wait(self, url: str, attempt: int, error: Exception, *, seconds: float | None = None) -> None:
        """Pause before the try after `attempt` (counted from 0).

        Raises:
            IndexUnavailable: that was the last try.
            Interrupted: the session was stopped.
        """
        self.check()
        if attempt >= self._settings.retries:
            reason = self.credentials.masker.mask(_reason(error))
            raise IndexUnavailable(
                f"{self.shown(url)!r} could not be fetched in {attempt + 1} tries: {reason}; "
                "check the network, the proxy and the index, then run again"
            ) from error
        self._pause(min(seconds if seconds is not None else _FIRST_PAUSE * 2**attempt, _LONGEST_PAUSE))
        self.check()

    def check(self) -> None:
        """Raise `Interrupted` where the session was stopped."""
        if self._stopped.is_set():
            raise Interrupted("interrupted while fetching")

    def stop(self) -> None:
        """From any thread: end every answer that is being read, and begin no other."""
        self._stopped.set()
        for response in tuple(self._live):
            try:
                response.shutdown()
            except (OSError, ValueError, RuntimeError, NotImplementedError):  # it ended by itself
                continue

    def shown(self, url: str) -> str:
        """The URL as people may see it: no credentials, and no query, which may hold a signature."""
        return self.credentials.masker.mask(url.partition("?")[0].partition("#")[0])

    def refusal(self, url: str, status: int) -> IndexUnavailable:
        """What a status means for whoever runs this."""
        host = urlsplit(url).hostname
        match status:
            case 401 | 403:
                advice = (
                    f"{host} wants a login that may read it: give user and password in the index URL, in netrc, or by "
                    "--keyring-provider subprocess"
                )
            case 404 | 410:
                advice = "it is gone: check the URL, or make the lock anew"
            case 407:
                advice = "the proxy wants a login: give user and password in the proxy's URL"
            case _:
                advice = "check the index, then run again"
        return IndexUnavailable(f"{self.shown(url)!r} was answered with status {status}; {advice}")

    def _refusal_of_size(self, url: str) -> IndexUnavailable:
        return IndexUnavailable(
            f"{self.shown(url)!r} is larger than {_LARGEST_ANSWER >> 20} MB, which no page of an index is; "
            "check the index URL"
        )

    def _answer(self, url: str, headers: Mapping[str, str]) -> BaseHTTPResponse:
        import urllib3

        attempt = 0
        while True:
            self.check()
            try:
                response = self._follow(url, headers)
            except urllib3.exceptions.SSLError as error:
                if "CERTIFICATE_VERIFY_FAILED" in str(error):
                    raise self._unverified(url, error) from error
                self.wait(url, attempt, error)
            except ValueError as error:
                # A page or a redirect may hold anything: 'https://[', 'https://host:port/'.
                raise IndexUnavailable(f"{self.shown(url)!r} leads to what is not a URL; check the index") from error
            except urllib3.exceptions.HTTPError as error:
                self.wait(url, attempt, error)
            else:
                if response.status not in _PASSING:
                    return response
                response.close()
                seconds = _retry_after(response.headers.get("Retry-After"))
                self.wait(url, attempt, urllib3.exceptions.HTTPError(f"status {response.status}"), seconds=seconds)
            attempt += 1

    def _follow(self, url: str, headers: Mapping[str, str]) -> BaseHTTPResponse:
        """One try, with its redirects: each host gets the login that is its own, never the last one's."""
        current = url
        for _ in range(_MOST_REDIRECTS):
            self._refuse_plain(current, before=url)
            login = self.credentials.login(current)
            response = self._send(current, headers, login)
            if response.status == _UNAUTHORIZED:
                fresh = self.credentials.login_after_refusal(current)
                if fresh and fresh != login:
                    response.close()
                    response = self._send(current, headers, fresh)
            location = response.headers.get("Location")
            if response.status not in _REDIRECTS or not location:
                return response
            response.close()
            following = urljoin(without_credentials(current), location)
            own = credentials_in(current)
            if own and origin(following) == origin(current) and not credentials_in(following):
                following = with_credentials(following, own[0], own[1] or "")
            current = following
        raise IndexUnavailable(f"{self.shown(url)!r} was redirected {_MOST_REDIRECTS} times; check the index")

    def _send(self, url: str, headers: Mapping[str, str], login: Login | None) -> BaseHTTPResponse:
        sent = {"User-Agent": _AGENT, "Accept-Encoding": "gzip, deflate", **headers}
        if login:
            sent["Authorization"] = "Basic " + b64encode(":".join(login).encode()).decode("ascii")
        address = without_credentials(url).partition("#")[0]
        response = self._connections.pool(address).urlopen(
            "GET", address, headers=sent, redirect=False, retries=False, preload_content=False
        )
        response.url = address
        return response

    def _refuse_plain(self, url: str, *, before: str) -> None:
        """As in pip: what travels unencrypted may be anything, so the user must have said that it may."""
        scheme = urlsplit(url).scheme
        trusted = is_trusted(url, self._settings.trusted_hosts)
        if scheme == "https" or (scheme == "http" and trusted):
            return
        if scheme != "http":
            raise IndexUnavailable(f"{self.shown(url)!r} cannot be fetched: neither http, https nor file; correct it")
        if urlsplit(before).scheme == "https" or not is_local(url):
            redirected = f" (redirected from {self.shown(before)!r})" if before != url else ""
            raise IndexUnavailable(
                f"{self.shown(url)!r}{redirected} is not encrypted; "
                f"use https, or --trusted-host {urlsplit(url).hostname}"
            )

    def _unverified(self, url: str, error: Exception) -> IndexUnavailable:
        return IndexUnavailable(
            f"the certificate of {urlsplit(url).hostname!r} cannot be verified: {_reason(error)}; give the authority "
            f"that signed it with --cert or PIP_CERT, or --trusted-host {urlsplit(url).hostname}"
        )


def _reason(error: Exception) -> str:
    """The library's words without its objects: 'HTTPSConnection(host=…): ' in front, an inner error behind."""
    text = str(error.args[0]) if error.args and isinstance(error.args[0], str) else str(error)
    return re.sub(r"^HTTPS?Connection(Pool)?\([^)]*\): ", "", text).rstrip(".") or type(error).__name__


def _retry_after(text: str | None) -> float | None:
    """Seconds that a server asks for, as a number or as a date; None where it does not."""
    if not text:
        return None
    if re.fullmatch(r"\s*[0-9]{1,10}\s*", text):
        return float(text)
    from datetime import UTC, datetime
    from email.utils import parsedate_to_datetime

    try:
        return max(0.0, (parsedate_to_datetime(text) - datetime.now(UTC)).total_seconds())
    except (TypeError, ValueError):
        return None
