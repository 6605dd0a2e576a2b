"""HTTP with the standard library, as pip would do it: proxies, certificates, logins from URLs and netrc."""

from __future__ import annotations

import base64
import gzip
import http.client
import netrc
import os
import re
import ssl
import threading
import time
import urllib.error
import urllib.request
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, NamedTuple
from urllib.parse import unquote, urlsplit, urlunsplit

from script.environment.settings import Settings, pip_certificates

__all__ = ["Answer", "Client", "UnreadableError", "without_login"]

_ATTEMPTS = 3
_CHUNK = 1 << 16
_NOT_FOUND = frozenset({404, 410})
_RETRIED = frozenset({408, 429, 500, 502, 503, 504})
_PAGE_LIMIT = 1 << 27  # bytes; the largest page of a public index has a tenth of that


class UnreadableError(Exception):
    """An index or a file cannot be read; `is_network` says that no server has answered."""

    def __init__(self, message: str, *, is_network: bool = False) -> None:
        """Keep whether another attempt by other means could do better."""
        super().__init__(message)
        self.is_network = is_network


class Answer(NamedTuple):
    """What a server sent; `url` is where it was in the end."""

    content: bytes
    kind: str
    url: str


class Client:
    """Reads URLs; safe for threads. `on_bytes` hears how many bytes have arrived since it was last called."""

    def __init__(self, settings: Settings, on_bytes: Callable[[int], None]) -> None:
        """Connections are opened only when something is read."""
        self._settings = settings
        self._on_bytes = on_bytes
        self._logins = _logins(settings)
        self._openers: dict[bool, urllib.request.OpenerDirector] = {}
        self._lock = threading.Lock()

    def read(self, url: str, *, accept: str = "*/*", is_page: bool = False) -> Answer | None:
        """Return what is there, or None where the server says that there is nothing.

        Raises:
            UnreadableError: the server does not answer, or refuses.
        """
        if urlsplit(url).scheme == "file":
            return _read_local(url)
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                return self._read_once(url, accept, is_page=is_page)
            except urllib.error.HTTPError as error:
                with error:
                    if error.code in _NOT_FOUND:
                        return None
                    if error.code not in _RETRIED or attempt == _ATTEMPTS:
                        raise UnreadableError(
                            f"{without_login(url)} answers {error.code} {error.reason}; see the index's credentials"
                            if error.code in {401, 403}
                            else f"{without_login(url)} answers {error.code} {error.reason}"
                        ) from None
            except (OSError, http.client.HTTPException, EOFError, zlib.error) as error:
                reason = getattr(error, "reason", error)
                is_final = isinstance(reason, ssl.SSLCertVerificationError) or _is_unreachable(reason)
                if attempt == _ATTEMPTS or is_final:
                    raise UnreadableError(f"{without_login(url)}: {reason}", is_network=True) from None
            time.sleep(0.25 * attempt)
        raise AssertionError("the last attempt returns or raises")

    def _read_once(self, url: str, accept: str, *, is_page: bool) -> Answer:
        address, header = self._authorized(url)
        headers = {"Accept": accept, "User-Agent": "lambda-pack", **({"Accept-Encoding": "gzip"} if is_page else {})}
        request = urllib.request.Request(address, headers=headers)  # noqa: S310  # `_is_trusted` looks at the scheme
        if header:
            request.add_unredirected_header("Authorization", header)
        with self._opener(url).open(request, timeout=self._settings.timeout) as response:
            content = self._drain(response)
            if response.headers.get("Content-Encoding", "") == "gzip":
                content = _unzipped(content)
            return Answer(content, response.headers.get("Content-Type", ""), response.url)

    def _drain(self, response: IO[bytes]) -> bytes:
        expected = getattr(response, "length", None)
        chunks = []
        while chunk := response.read(_CHUNK):
            chunks.append(chunk)
            self._on_bytes(len(chunk))
        content = b"".join(chunks)
        if expected and len(content) < expected:
            raise EOFError(f"the connection ended after {len(content)} of {expected} bytes")
        return content

    def _authorized(self, url: str) -> tuple[str, str | None]:
        """Return the URL without its login, and the header that says the login."""
        parts = urlsplit(url)
        address = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
        login = _login_in(url) or self._logins.get(_origin(url)) or _login_from_netrc(parts.hostname or "")
        if login is None:
            return address, None
        return address, "Basic " + base64.b64encode(":".join(login).encode("utf-8")).decode("ascii")

    def _is_trusted(self, url: str) -> bool:
        """Return whether pip's trusted-host names the place.

        Raises:
            UnreadableError: pip would not read it either: it is not https and not this machine.
        """
        parts = urlsplit(url)
        host = parts.hostname or ""
        is_trusted = not self._settings.trusted_hosts.isdisjoint({host, f"{host}:{parts.port}"})
        is_safe = parts.scheme == "https" or (parts.scheme == "http" and (is_trusted or _is_loopback(host)))
        if not is_safe:
            raise UnreadableError(f"{without_login(url)} is not https, and pip's trusted-host does not name it")
        return is_trusted

    def _opener(self, url: str) -> urllib.request.OpenerDirector:
        is_trusted = self._is_trusted(url)
        with self._lock:
            if is_trusted not in self._openers:
                self._openers[is_trusted] = self._make_opener(is_trusted=is_trusted)
            return self._openers[is_trusted]

    def _make_opener(self, *, is_trusted: bool) -> urllib.request.OpenerDirector:
        proxy = self._settings.proxy
        if proxy and "://" not in proxy:
            proxy = f"http://{proxy}"
        handlers: list[urllib.request.BaseHandler] = [
            urllib.request.ProxyHandler({"http": proxy, "https": proxy} if proxy else None),
            urllib.request.HTTPSHandler(context=self._context(is_trusted=is_trusted)),
            _Redirects(self),
        ]
        return urllib.request.build_opener(*handlers)

    def _context(self, *, is_trusted: bool) -> ssl.SSLContext:
        """Trust the system's certificates (or SSL_CERT_FILE's), and those that pip's settings name, as pip 26 does."""
        context = ssl.create_default_context()
        known, name = ssl.get_default_verify_paths().cafile, ""
        try:
            for name in dict.fromkeys(self._settings.certificates):
                if Path(name).is_dir():
                    context.load_verify_locations(capath=name)
                elif name != known:
                    context.load_verify_locations(cafile=name)
            if self._settings.client_certificate:
                name = self._settings.client_certificate
                context.load_cert_chain(name)
        except OSError as error:
            raise UnreadableError(f"the certificates {name!r} cannot be read: {error}") from None
        if not name and not context.cert_store_stats()["x509_ca"] and not ssl.get_default_verify_paths().capath:
            # python.org's Python on macOS has no certificates of its own.
            certificates = pip_certificates()
            if certificates is not None:
                context.load_verify_locations(cadata=certificates)
        if is_trusted:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Sends a login only to the place that it belongs to."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def redirect_request(  # noqa: PLR0913, PLR0917  # the standard library's
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        # One class in two. This connection's certificates are checked as those of the first place are, or not.
        if self._client._is_trusted(newurl) != self._client._is_trusted(req.full_url):  # noqa: SLF001
            raise UnreadableError(
                f"{without_login(req.full_url)} redirects to {without_login(newurl)}, and pip's "
                "trusted-host names only one of them"
            )
        address, header = self._client._authorized(newurl)  # noqa: SLF001
        following = super().redirect_request(req, fp, code, msg, headers, address)
        if following is not None and header:
            following.add_unredirected_header("Authorization", header)
        return following


def without_login(url: str) -> str:
    """Return the URL as it may be shown: without its user and password, query and fragment."""
    scheme, _, rest = url.partition("://")
    return f"{scheme}://{rest.rpartition('@')[2].partition('?')[0].partition('#')[0]}" if rest else "a URL"


def _read_local(url: str) -> Answer | None:
    path = Path(urllib.request.url2pathname(urlsplit(url).path))
    if path.is_dir():
        path /= "index.html"
        url = url.rstrip("/") + "/index.html"
    try:
        return Answer(path.read_bytes(), "text/html", url)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UnreadableError(f"{str(path)!r}: {error}") from None


def _unzipped(content: bytes) -> bytes:
    import io

    with gzip.GzipFile(fileobj=io.BytesIO(content)) as file:
        whole = file.read(_PAGE_LIMIT + 1)
    if len(whole) > _PAGE_LIMIT:
        raise UnreadableError("a page of the index is too large")
    return whole


def _logins(settings: Settings) -> Mapping[str, tuple[str, str]]:
    """Return the logins in the URLs of the settings, by scheme, host and port: files lie beside their pages."""
    urls = (*settings.indexes, *settings.find_links)
    return {_origin(url): login for url in urls if (login := _login_in(url))}


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2].lower()}"


def _login_in(url: str) -> tuple[str, str] | None:
    login, at, _ = urlsplit(url).netloc.rpartition("@")
    user, _, password = login.partition(":")
    return (unquote(user), unquote(password)) if at else None


def _login_from_netrc(host: str) -> tuple[str, str] | None:
    places = [os.environ["NETRC"]] if os.environ.get("NETRC") else ["~/.netrc", "~/_netrc"]
    for place in places:
        try:
            found = netrc.netrc(os.path.expanduser(place)).authenticators(host)  # noqa: PTH111  # a home may be missing
        except (OSError, netrc.NetrcParseError, UnicodeDecodeError):
            continue
        if found:
            return found[0] or "", found[2] or ""
    return None


def _is_loopback(host: str) -> bool:
    return host in {"localhost", "::1"} or re.fullmatch(r"127(\.\d{1,3}){3}", host) is not None


def _is_unreachable(reason: object) -> bool:
    """Whether another attempt a moment later would end the same way: no such name, nothing listens, no route."""
    import errno
    import socket

    if isinstance(reason, socket.gaierror):
        return reason.errno != socket.EAI_AGAIN
    return isinstance(reason, OSError) and reason.errno in {errno.ECONNREFUSED, errno.ENETUNREACH, errno.EHOSTUNREACH}
