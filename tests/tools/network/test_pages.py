from __future__ import annotations

import gzip
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from lambda_pack.errors import IndexUnavailable
from lambda_pack.model.indexes import IndexSettings
from lambda_pack.tools.network.pages import Fetched, Pages
from tests.support.serving import Answer, Asked, LoopbackServer
from tests.tools.network.fetching import bench

BODY = b'<a href="demo-1.0.tar.gz">x</a>'


@dataclass
class Server:
    """Answers with these headers, and with 304 to whoever has the entity tag or the date; remembers what was asked."""

    headers: Mapping[str, str]
    asked: list[Asked] = field(default_factory=list)

    def respond(self, asked: Asked) -> Answer:
        """One answer."""
        self.asked.append(asked)
        tag, date = self.headers.get("ETag"), self.headers.get("Last-Modified")
        same_tag = tag is not None and asked.headers.get("if-none-match") == tag
        same_date = date is not None and asked.headers.get("if-modified-since") == date
        headers = {"Content-Type": "text/html", **self.headers}
        return Answer(304, headers) if same_tag or same_date else Answer(200, headers, BODY)


@contextmanager
def serving(headers: Mapping[str, str]) -> Iterator[tuple[Server, str]]:
    server = Server(headers)
    loopback = LoopbackServer(server.respond)
    loopback.start()
    try:
        yield server, loopback.authority
    finally:
        loopback.stop()


@pytest.mark.parametrize(
    ("headers", "conditions"),
    [
        ({}, [None, None]),
        ({"Cache-Control": "max-age=600, public"}, [None]),
        ({"Cache-Control": "max-age=600", "Age": "600"}, [None, None]),
        ({"Cache-Control": "no-store, max-age=600", "ETag": '"a"'}, [None, None]),
        ({"Cache-Control": "no-cache, max-age=600", "ETag": '"a"'}, [None, '"a"']),
        ({"Cache-Control": f"max-age={'9' * 5000}"}, [None, None]),
        ({"Cache-Control": "max-age=\xb2"}, [None, None]),
        ({"Cache-Control": "max-age=600", "Age": "\xb2"}, [None]),
        ({"ETag": '"a"'}, [None, '"a"']),
        ({"ETag": 'W/"a"'}, [None, 'W/"a"']),
        ({"Last-Modified": "Fri, 20 Nov 2026 10:00:00 GMT"}, [None, "Fri, 20 Nov 2026 10:00:00 GMT"]),
    ],
    ids=str,
)
def test_a_page_is_kept_for_as_long_as_its_index_allows(
    tmp_path: Path, headers: dict[str, str], conditions: list[str | None]
) -> None:
    with serving(headers) as (server, authority):
        for _ in range(2):
            with bench(IndexSettings(no_index=True), tmp_path) as tools:
                page = Pages(tools.session, tools.cache).fetch(f"http://{authority}/simple/demo/")
                assert page == Fetched(f"http://{authority}/simple/demo/", "text/html", BODY)
        sent = [asked.headers.get("if-none-match", asked.headers.get("if-modified-since")) for asked in server.asked]
        assert sent == conditions


def test_a_page_behind_a_login_is_asked_for_each_time(tmp_path: Path) -> None:
    with serving({"Cache-Control": "max-age=600", "ETag": '"a"'}) as (server, authority):
        for _ in range(2):
            with bench(IndexSettings(no_index=True), tmp_path) as tools:
                Pages(tools.session, tools.cache).fetch(f"http://me:secret@{authority}/simple/demo/")
        assert len(server.asked) == 2


def test_a_damaged_entry_is_as_good_as_none(tmp_path: Path) -> None:
    with serving({"Cache-Control": "max-age=600"}) as (server, authority):
        url = f"http://{authority}/simple/demo/"
        with bench(IndexSettings(no_index=True), tmp_path) as tools:
            tools.cache.store("pages", url, b"{}\n")
            assert isinstance(Pages(tools.session, tools.cache).fetch(url), Fetched)
        assert len(server.asked) == 1


def test_a_page_that_unpacks_to_more_than_any_page_has_is_refused() -> None:
    bomb = gzip.compress(bytes((128 << 20) + 1), compresslevel=1)
    loopback = LoopbackServer(lambda _: Answer(200, {"Content-Encoding": "gzip"}, bomb))
    loopback.start()
    try:
        with bench(IndexSettings(), None) as tools, pytest.raises(IndexUnavailable, match="larger than 128 MB"):
            Pages(tools.session, tools.cache).fetch(f"http://{loopback.authority}/simple/demo/")
    finally:
        loopback.stop()
