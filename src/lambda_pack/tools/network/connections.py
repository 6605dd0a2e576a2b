"""Which pool of connections a URL goes through: certificates, trusted hosts, proxies. Made when first used."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from lambda_pack.errors import UsageError
from lambda_pack.model.indexes import IndexSettings
from lambda_pack.model.urls import credentials_in, masked, without_credentials
from lambda_pack.tools.parts import Part, need

if TYPE_CHECKING:
    import ssl

    from urllib3 import PoolManager

__all__ = ["Connections", "is_local", "is_trusted"]

# More than any of our thread pools: a connection is never thrown away for want of room.
_CONNECTIONS_PER_HOST = 16


def is_trusted(url: str, trusted_hosts: tuple[str, ...]) -> bool:
    """Whether the user named the URL's host, alone or with this port, as one to trust without a certificate."""
    parts = urlsplit(url)
    named = {parts.hostname or "", f"{parts.hostname}:{parts.port}"}
    return any(host.rsplit("://")[-1].rstrip("/").lower() in named for host in trusted_hosts)


def is_local(url: str) -> bool:
    """Whether the URL never leaves this machine.

    >>> is_local("http://127.0.0.1:8080/simple"), is_local("http://x.example/simple")
    (True, False)
    """
    host = urlsplit(url).hostname or ""
    return host in {"localhost", "::1"} or host.startswith("127.")


class Connections:
    """The pools of one run."""

    def __init__(self, settings: IndexSettings, environ: Mapping[str, str]) -> None:
        """`environ` answers HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and NO_PROXY, unless the settings name a proxy."""
        self._settings = settings
        self._proxies = {} if settings.proxy else _proxies(environ)
        self._pools: dict[tuple[str | None, bool], PoolManager] = {}
        self._lock = threading.Lock()

    def pool(self, url: str) -> PoolManager:
        """The pool for a URL.

        Raises:
            UsageError: a certificate file cannot be read.
        """
        key = (self._proxy(url), is_trusted(url, self._settings.trusted_hosts))
        with self._lock:
            if key not in self._pools:
                self._pools[key] = self._make(*key)
            return self._pools[key]

    def close(self) -> None:
        """Close every connection that nobody is reading."""
        for pool in self._pools.values():
            pool.clear()

    def _make(self, proxy: str | None, trusted: bool) -> PoolManager:  # noqa: FBT001  # it is half of a key
        import urllib3

        context = self._context(trusted=trusted)
        if trusted:
            # The user asked for it, by name; one warning for each request would help nobody.
            urllib3.disable_warnings(urllib3.exceptions.InsecureRequestWarning)
        timeout = urllib3.Timeout(connect=self._settings.timeout or None, read=self._settings.timeout or None)
        if proxy is None:
            return urllib3.PoolManager(maxsize=_CONNECTIONS_PER_HOST, timeout=timeout, ssl_context=context)
        login = credentials_in(proxy)
        headers = urllib3.make_headers(proxy_basic_auth=f"{login[0]}:{login[1] or ''}") if login else None
        address = without_credentials(proxy if "://" in proxy else f"http://{proxy}")
        if urlsplit(address).scheme not in {"http", "https"}:
            raise UsageError(f"the proxy {masked(proxy)!r} is neither http nor https; use one that is")
        return urllib3.ProxyManager(
            address, proxy_headers=headers, maxsize=_CONNECTIONS_PER_HOST, timeout=timeout, ssl_context=context
        )

    def _context(self, *, trusted: bool) -> ssl.SSLContext:
        import ssl

        bundle, client = self._settings.certificates, self._settings.client_certificate
        try:
            context = _verifying(bundle)
        except OSError as error:
            raise UsageError(
                f"the certificates {bundle!r} cannot be read: {error}; correct --cert or PIP_CERT"
            ) from error
        if client:
            try:
                context.load_cert_chain(client)
            except OSError as error:
                raise UsageError(
                    f"the client certificate {client!r} cannot be read: {error}; "
                    "correct --client-cert or PIP_CLIENT_CERT"
                ) from error
        if trusted:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context

    def _proxy(self, url: str) -> str | None:
        if self._settings.proxy:
            return self._settings.proxy
        if not self._proxies:
            return None
        parts = urlsplit(url)
        if _is_excepted(parts.hostname or "", parts.port, self._proxies.get("no", "")):
            return None
        return self._proxies.get(parts.scheme) or self._proxies.get("all")


def _verifying(bundle: str | None) -> ssl.SSLContext:
    import ssl

    if bundle and Path(bundle).is_dir():
        return ssl.create_default_context(capath=bundle)
    if bundle:
        return ssl.create_default_context(cafile=bundle)
    context = ssl.create_default_context()
    places = ssl.get_default_verify_paths()
    if not context.cert_store_stats()["x509_ca"] and not places.capath:
        # A Python without certificates of its own (python.org's on macOS): those that pip brings along.
        need(Part.BUILD)
        from pip._vendor import certifi

        context.load_verify_locations(certifi.where())
    return context


def _is_excepted(host: str, port: int | None, exceptions: str) -> bool:
    """Whether NO_PROXY names the host: '*', itself or a domain above it, with or without a port."""
    for word in exceptions.lower().split(","):
        name, _, wanted = word.strip().lstrip("*").lstrip(".").partition(":")
        if word.strip() == "*" or (
            name and (host == name or host.endswith(f".{name}")) and wanted in {"", str(port or "")}
        ):
            return True
    return False


def _proxies(environ: Mapping[str, str]) -> dict[str, str]:
    """By scheme; lower-case variables are louder, as everywhere."""
    found: dict[str, str] = {}
    for scheme in ("http", "https", "all", "no"):
        value = environ.get(f"{scheme}_proxy") or environ.get(f"{scheme.upper()}_PROXY")
        if value:
            found[scheme] = value
    return found
