"""All indexes as one on loopback: what is served, to whom, and what it stands for."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from lambda_pack.errors import IndexUnavailable
from lambda_pack.model.indexes import IndexScope, IndexSettings
from lambda_pack.model.packages import Sdist, Wheel
from lambda_pack.tools.network.index_view import IndexView
from tests.support.faults import Protect, Refuse
from tests.support.index import LoopbackIndex
from tests.support.packages import make_sdist, make_wheel
from tests.tools.network.fetching import Bench, bench

NAME = "demo-1.0-py3-none-any.whl"


@pytest.fixture
def tools(index: LoopbackIndex) -> Iterator[Bench]:
    """A bench over an index that wants a login."""
    index.misbehave("*", Protect("me", "right"))
    with bench(IndexSettings(index.url_with("me", "right")), None) as found:
        yield found


@pytest.fixture
def view(tools: Bench) -> Iterator[IndexView]:
    """A view of that index."""
    with IndexView(tools.index, tools.downloads) as found:
        yield found


def got(url: str) -> bytes:
    """What is at a URL."""
    with urlopen(url, timeout=10) as answer:  # noqa: S310  # on loopback
        content: bytes = answer.read()
    return content


def page(view: IndexView, name: str) -> dict[str, dict[str, object]]:
    """The rows of a page, by file name."""
    rows = json.loads(got(f"{view.url}{name}/"))["files"]
    return {row["filename"]: row for row in rows}


def test_a_page_says_what_the_index_says(index: LoopbackIndex, view: IndexView) -> None:
    wheel = make_wheel(index.folder, NAME, requires_python=">=3.9")
    make_sdist(index.folder, "demo", "1.0")
    index.add(wheel, yanked="broken")
    rows = page(view, "demo")
    assert set(rows) == {NAME, "demo-1.0.tar.gz"}
    assert rows[NAME]["requires-python"] == ">=3.9"
    assert "broken" in str(rows[NAME]["yanked"])
    assert rows["demo-1.0.tar.gz"]["yanked"] is False
    assert rows[NAME]["hashes"]


def test_files_and_metadata_come_through_without_a_login(index: LoopbackIndex, view: IndexView) -> None:
    wheel = make_wheel(index.folder, NAME, requires=["other>=2"])
    page(view, "demo")
    files = view.url.replace("/simple/", "/files/")
    assert got(files + NAME) == wheel.read_bytes()
    assert b"Requires-Dist: other>=2" in got(f"{files}{NAME}.metadata")


def test_a_file_stands_for_the_one_of_the_index(index: LoopbackIndex, view: IndexView) -> None:
    make_wheel(index.folder, NAME)
    page(view, "demo")
    url = view.url.replace("/simple/", "/files/") + NAME
    original = view.original(url)
    assert isinstance(original, Wheel | Sdist)
    assert original.url == index.file_url(NAME)
    assert view.original(index.file_url(NAME)) is None


@pytest.mark.parametrize("path", ["/simple/demo/", "/wrong/simple/demo/", "/", "/wrong/files/x"])
def test_the_path_is_a_secret(index: LoopbackIndex, view: IndexView, path: str) -> None:
    make_wheel(index.folder, NAME)
    with pytest.raises(HTTPError, match="404"):
        got(view.url.split("/", 3)[0] + "//" + view.url.split("/", 3)[2] + path)


def test_an_error_of_the_index_is_kept(index: LoopbackIndex, view: IndexView) -> None:
    """A tool only learns that it failed; what is told to the user is the cause."""
    with pytest.raises(HTTPError, match="404"):
        page(view, "unknown")
    assert view.error is None
    index.misbehave("/simple/demo/", Refuse(503, times=None))
    with pytest.raises(HTTPError, match="502"):
        page(view, "demo")
    assert isinstance(view.error, IndexUnavailable)
    assert index.host.removeprefix("http://") in str(view.error)


def test_settings_that_ask_a_view_ask_nothing_else(view: IndexView) -> None:
    scopes = (IndexScope("https://c.example", only=("x",)),)
    before = IndexSettings("https://a.example", ("https://b.example",), ("/links",), scopes=scopes, proxy="http://p")
    after = view.settings(before)
    assert after.urls == (view.url,)
    assert (after.find_links, after.proxy, after.retries) == ((), None, 0)


def test_a_source_of_one_index_is_not_asked_of_another(index: LoopbackIndex, tmp_path: Path) -> None:
    make_wheel(index.folder, "demo-9.0-py3-none-any.whl")
    make_wheel(tmp_path / "corp", NAME)
    with LoopbackIndex(tmp_path / "corp") as corp:
        settings = IndexSettings(index.url, scopes=(IndexScope(corp.url, only=("demo",)),))
        with bench(settings, None) as found, IndexView(found.index, found.downloads) as view:
            assert set(page(view, "demo")) == {NAME}
    assert not index.requests
