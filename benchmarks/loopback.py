"""An index on this machine with what a good one has: metadata files, HTTP caching, and a way to it of 30 ms.

Against it the network half of a pack can be compared: nothing else is on the line.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from http import HTTPStatus
from pathlib import Path
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from tests.support.pages import HTML, JSON, Listed, listing, project_page
from tests.support.serving import Answer, Asked, LoopbackServer, ranged

__all__ = ["LATENCY", "Shelf", "serve"]

LATENCY = 0.030
"""Seconds that each request waits for its answer."""

# As the public index says: a page may be used for ten minutes, a file never changes.
_PAGE_CACHING = "max-age=600, public"
_FILE_CACHING = "max-age=365000000, immutable, public"


class Shelf(Struct, frozen=True):
    """Every answer, made before the first request: files and metadata by path, pages by path and media type."""

    files: Mapping[str, bytes]
    pages: Mapping[tuple[str, str], bytes]

    @classmethod
    def of(cls, folder: Path) -> Shelf:
        """What is to be served of a folder of wheels."""
        wheels = [wheel for path in sorted(folder.glob("*.whl")) if (wheel := Listed.of(path))]
        files: dict[str, bytes] = {}
        listed: dict[str, list[Listed]] = {}
        for wheel in wheels:
            files[f"/files/{wheel.path.name}"] = wheel.path.read_bytes()
            if wheel.metadata is not None:
                files[f"/files/{wheel.path.name}.metadata"] = wheel.metadata
            listed.setdefault(wheel.project, []).append(wheel)
        pages = {}
        for project, found in listed.items():
            rows = [listing(wheel, "../../files/", metadata=True) for wheel in found]
            for media_type in (HTML, JSON):
                pages[f"/simple/{project}/", media_type] = project_page(project, rows, media_type)
        return cls(files, pages)

    def answer(self, asked: Asked) -> Answer:
        """The whole file or page, the part that was asked for, or that it is as the client has it."""
        path = unquote(urlsplit(asked.path).path)
        media_type = JSON if JSON in asked.headers.get("accept", "") else HTML
        if path in self.files:
            return _content(self.files[path], "application/octet-stream", _FILE_CACHING, asked)
        if (path, media_type) in self.pages:
            return _content(self.pages[path, media_type], media_type, _PAGE_CACHING, asked)
        return Answer(HTTPStatus.NOT_FOUND, {"Content-Type": "text/plain"}, b"not found\n")


@contextmanager
def serve(folder: Path, *, latency: float = LATENCY) -> Iterator[str]:
    """Serve the wheels of a folder; the URL of the index, as `--index-url` takes it."""
    shelf = Shelf.of(folder)

    def respond(asked: Asked) -> Answer:
        time.sleep(latency)
        return shelf.answer(asked)

    server = LoopbackServer(respond)
    server.start()
    try:
        yield f"http://{server.authority}/simple/"
    finally:
        server.stop()


def _content(body: bytes, media_type: str, caching: str, asked: Asked) -> Answer:
    tag = f'"{sha256(body).hexdigest()[:32]}"'
    headers = {"Content-Type": media_type, "ETag": tag, "Cache-Control": caching, "Accept-Ranges": "bytes"}
    if asked.headers.get("if-none-match") == tag:
        return Answer(HTTPStatus.NOT_MODIFIED, headers)
    return ranged(Answer(HTTPStatus.OK, headers, body), asked)
