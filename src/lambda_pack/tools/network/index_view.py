"""The indexes of a run as one index on loopback, for tools whose own options cannot say which package is from where.

pip merges whatever indexes it is given, in builds as well, and uv knows no patterns of names; here each of them sees
what `Index` offers and nothing else. Files and metadata are fetched by us, digests checked, so no login leaves us.
"""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Lock, Thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, unquote, urlsplit

from msgspec.structs import replace
from packaging.utils import NormalizedName, canonicalize_name

from lambda_pack.errors import LambdaPackError
from lambda_pack.model.indexes import IndexSettings
from lambda_pack.model.packages import Sdist, Wheel
from lambda_pack.ports import Downloads, Index

__all__ = ["IndexView", "without_proxy"]

_JSON = "application/vnd.pypi.simple.v1+json"
_METADATA = ".metadata"
_TIMEOUT = 600.0  # seconds: what is asked here waits for what we ask elsewhere, with its retries


class IndexView:
    """A context manager that serves an index on loopback, below a random path that only our own tools are given.

    `error` is the first error of the index, where there was one: the tool that asked only learns that it failed.
    """

    def __init__(self, index: Index, downloads: Downloads) -> None:
        self._index = index
        self._downloads = downloads
        self._files: dict[str, Wheel | Sdist] = {}
        self._lock = Lock()
        self._secret = secrets.token_urlsafe(16)
        self.error: LambdaPackError | None = None

    def __enter__(self) -> Self:
        self._server = _Server(self)
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), daemon=True, name="index-view")
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        """The index, as `--index-url` takes it."""
        return f"{self._base}simple/"

    def settings(self, indexes: IndexSettings) -> IndexSettings:
        """Settings that ask this index in the place of those; how other hosts are reached stays."""
        return replace(
            indexes,
            index_url=self.url,
            extra_index_urls=(),
            supplemental_urls=(),
            find_links=(),
            no_index=False,
            scopes=(),
            flat_urls=frozenset(),
            proxy=None,
            timeout=_TIMEOUT,
            # We have tried often enough.
            retries=0,
        )

    def original(self, url: str) -> Wheel | Sdist | None:
        """The file that a URL of this index stands for; None for other URLs."""
        if not url.startswith(f"{self._base}files/"):
            return None
        with self._lock:
            return self._files.get(unquote(urlsplit(url).path).rpartition("/")[2])

    @property
    def _base(self) -> str:
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}/{self._secret}/"

    def answer(self, path: str) -> tuple[str, bytes | Path] | None:
        """Content type and content for a path; None where there is nothing.

        Raises:
            LambdaPackError: the index behind this one failed.
        """
        match unquote(urlsplit(path).path).split("/")[1:]:
            case [secret, "simple", name, ""] if secrets.compare_digest(secret, self._secret):
                return self._page(canonicalize_name(name))
            case [secret, "files", name] if secrets.compare_digest(secret, self._secret):
                return self._file(name)
            case _:
                return None

    def _page(self, name: NormalizedName) -> tuple[str, bytes] | None:
        offered = (file for file in self._index.files([name]) if isinstance(file, Wheel | Sdist))
        # What must not be used is not shown: the tool could not know.
        files = [file for file in offered if file.refused is None]
        if not files:
            return None
        with self._lock:
            self._files.update((file.filename, file) for file in files)
        page = {"meta": {"api-version": "1.0"}, "name": name, "files": [_row(file) for file in files]}
        return _JSON, json.dumps(page).encode()

    def _file(self, name: str) -> tuple[str, bytes | Path] | None:
        with self._lock:
            file = self._files.get(name)
            wheel = self._files.get(name.removesuffix(_METADATA))
        if file is not None:
            return "application/octet-stream", self._downloads.fetch([file])[file]
        if isinstance(wheel, Wheel):
            return "application/octet-stream", self._index.metadata([wheel])[wheel]
        return None


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, view: IndexView) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.view = view

    def server_bind(self) -> None:
        """Bind without asking the name service who 127.0.0.1 is, which may take seconds."""
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401  # as socketserver types it
        """Say nothing: a tool may leave at any time, and the view keeps the errors of its index itself."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def do_GET(self) -> None:  # http.server's name
        """Answer with a page, a file or the METADATA of a wheel."""
        try:
            found = self.server.view.answer(self.path)
        except LambdaPackError as error:
            self.server.view.error = self.server.view.error or error
            self._send(HTTPStatus.BAD_GATEWAY, "text/plain", b"the index behind this one failed\n")
            return
        if found is None:
            self._send(HTTPStatus.NOT_FOUND, "text/plain", b"not found\n")
        else:
            self._send(HTTPStatus.OK, *found)

    do_HEAD = do_GET  # noqa: N815  # http.server's name

    def _send(self, status: HTTPStatus, kind: str, content: bytes | Path) -> None:
        size = content.stat().st_size if isinstance(content, Path) else len(content)
        self.send_response(status)
        for name, value in (("Content-Type", kind), ("Content-Length", str(size)), ("Cache-Control", "no-store")):
            self.send_header(name, value)
        self.end_headers()
        if self.command == "HEAD":
            return
        if isinstance(content, Path):
            with content.open("rb") as file:
                shutil.copyfileobj(file, self.wfile)
        else:
            self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # http.server's name
        """Say nothing: what is asked is no news."""


def without_proxy(environ: Mapping[str, str], proxy: str | None) -> dict[str, str]:
    """Variables that let a tool reach this machine directly, and all other hosts as before.

    >>> without_proxy({"no_proxy": "x.example"}, None)
    {'NO_PROXY': 'x.example,127.0.0.1', 'no_proxy': 'x.example,127.0.0.1'}
    """
    known = environ.get("no_proxy") or environ.get("NO_PROXY") or ""
    exempt = ",".join(filter(None, (known, "127.0.0.1")))
    proxies = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), proxy) if proxy else {}
    return {**{name: url for name, url in proxies.items() if url}, "NO_PROXY": exempt, "no_proxy": exempt}


def _row(file: Wheel | Sdist) -> dict[str, object]:
    row: dict[str, object] = {
        "filename": file.filename,
        "url": f"../../files/{quote(file.filename)}",
        "hashes": dict(file.hashes),
        "yanked": file.yanked if file.yanked is not None else False,
    }
    if file.requires_python is not None:
        row["requires-python"] = str(file.requires_python)
    if file.size is not None:
        row["size"] = file.size
    if file.uploaded is not None:
        row["upload-time"] = file.uploaded.isoformat()
    if isinstance(file, Wheel):
        row["core-metadata"] = True
    return row
