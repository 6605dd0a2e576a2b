"""The loopback index, by the word of uv and of plain requests."""

from __future__ import annotations

import hashlib
import sys
import time
from http.client import HTTPConnection, IncompleteRead
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

import pytest
from msgspec import Struct
from uv import find_uv_bin

from tests.support.faults import (
    Cut,
    Damage,
    MissingHash,
    NoRange,
    Protect,
    Redirect,
    Refuse,
    Slow,
    WrongHash,
    WrongLength,
)
from tests.support.index import LoopbackIndex
from tests.support.packages import build_events, make_sdist, make_wheel
from tests.support.processes import run

WHEEL = "top-1.0-py3-none-any.whl"
ACCEPT_JSON = {"Accept": "application/vnd.pypi.simple.v1+json"}


class Got(Struct, frozen=True):
    """An answer; `whole` says that every byte arrived that was announced."""

    status: int
    headers: dict[str, str]
    body: bytes
    whole: bool = True


def get(url: str, headers: dict[str, str] | None = None, *, method: str = "GET") -> Got:
    """One request on its own connection, redirects not followed."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=10)
    try:
        connection.request(method, parts.path, headers=headers or {})
        response = connection.getresponse()
        known = {name.lower(): value for name, value in response.getheaders()}
        try:
            return Got(response.status, known, response.read())
        except IncompleteRead as error:
            return Got(response.status, known, error.partial, whole=False)
    finally:
        connection.close()


@pytest.fixture
def wheel(index: LoopbackIndex) -> Path:
    """A wheel on offer."""
    return make_wheel(index.folder, WHEEL)


@pytest.mark.parametrize("metadata", [True, False])
@pytest.mark.parametrize("form", ["json", "html", "both"])
def test_uv_resolves_and_installs(
    tmp_path: Path, clean_environment: dict[str, str], form: Literal["json", "html", "both"], *, metadata: bool
) -> None:
    with LoopbackIndex(tmp_path / "index", form=form, metadata=metadata) as index:
        make_wheel(index.folder, WHEEL, requires=["under-dash"])
        make_wheel(tmp_path, "under_dash-1.0-py3-none-any.whl")
        index.add(tmp_path / "under_dash-1.0-py3-none-any.whl")
        make_wheel(index.folder, "under_dash-2.0-py3-none-any.whl", requires_python=">=3.99")
        make_sdist(index.folder, "under.dash", "3.0")
        index.add(index.folder / "under.dash-3.0.tar.gz", yanked="a < b")
        target = tmp_path / "target"
        options = ("--index-url", index.url, "--target", target, "--python", sys.executable)
        done = run((find_uv_bin(), "pip", "install", *options, "Top"), clean_environment, folder=tmp_path)
        assert done.exit_code == 0, done.text
        names = {path.name for path in target.iterdir()}
        assert {"top.py", "top-1.0.dist-info", "under_dash-1.0.dist-info"} <= names
        assert bool(index.asked("*.metadata")) == metadata


def test_uv_resolves_an_sdist_by_building_it(
    tmp_path: Path, clean_environment: dict[str, str], index: LoopbackIndex
) -> None:
    report = tmp_path / "report"
    make_sdist(index.folder, "source", "1.0", report_to=report)
    (tmp_path / "requirements.in").write_text("source\n", encoding="utf-8")
    options = ("--index-url", index.url, "--python", sys.executable)
    done = run((find_uv_bin(), "pip", "compile", "requirements.in", *options), clean_environment, folder=tmp_path)
    assert "source==1.0" in done.output, done.text
    assert [event.hook for event in build_events(report)] == ["metadata"]


def test_both_forms_say_the_same(index: LoopbackIndex) -> None:
    path = make_wheel(index.folder, "a-1.0+b-py3-none-any.whl", requires_python=">=3.8,<4")
    index.add(path, yanked="")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    json_page = get(f"{index.url}a/", ACCEPT_JSON)
    html_page = get(f"{index.url}a/")
    for page in (json_page, html_page):
        text = page.body.decode().replace("&gt;", ">").replace("&lt;", "<")
        assert all(part in text for part in (digest, ">=3.8,<4", "files/a-1.0%2Bb-py3-none-any.whl", "yanked"))
    assert json_page.headers["content-type"] == ACCEPT_JSON["Accept"]
    assert get(index.file_url(path.name)).body == path.read_bytes()
    assert get(index.file_url(path.name) + ".metadata").body.startswith(b"Metadata-Version: 2.1\nName: a\n")


@pytest.mark.parametrize(
    ("path", "status", "location"),
    [
        ("/simple/", 200, None),
        ("/simple/top/", 200, None),
        ("/simple/top", 301, "/simple/top/"),
        ("/simple/T_o.P/", 301, "/simple/t-o-p/"),
        ("/simple/unknown/", 404, None),
        ("/files/", 200, None),
        ("/files/unknown.whl", 404, None),
    ],
)
@pytest.mark.usefixtures("wheel")
def test_pages(index: LoopbackIndex, path: str, status: int, location: str | None) -> None:
    got = get(index.host + path)
    assert (got.status, got.headers.get("location")) == (status, location)


@pytest.mark.parametrize(
    ("asked", "status", "part"),
    [
        ("bytes=0-9", 206, slice(0, 10)),
        ("bytes=100-", 206, slice(100, None)),
        ("bytes=100-999999", 206, slice(100, None)),
        ("bytes=-5", 206, slice(-5, None)),
        ("bytes=999999-", 416, slice(0, 0)),
        ("bytes=0-1,5-6", 200, slice(None)),
    ],
)
def test_ranges(index: LoopbackIndex, wheel: Path, asked: str, status: int, part: slice) -> None:
    body = wheel.read_bytes()
    first, end, _ = part.indices(len(body))
    ranges = {206: f"bytes {first}-{end - 1}/{len(body)}", 416: f"bytes */{len(body)}"}
    got = get(index.file_url(WHEEL), {"Range": asked})
    assert (got.status, got.headers.get("content-range"), got.body) == (status, ranges.get(status), body[part])


@pytest.mark.usefixtures("wheel")
def test_conditions(index: LoopbackIndex) -> None:
    url = index.file_url(WHEEL)
    tag = get(url, method="HEAD").headers["etag"]
    assert get(url, {"If-None-Match": tag}).status == 304
    assert get(url, {"Range": "bytes=1-2", "If-Range": tag}).status == 206
    assert get(url, {"Range": "bytes=1-2", "If-Range": '"other"'}).status == 200


def test_every_request_is_remembered(index: LoopbackIndex, wheel: Path) -> None:
    get(f"{index.url}top/", {"Authorization": "Basic abc"})
    get(index.file_url(wheel.name), {"Range": "bytes=0-0"}, method="HEAD")
    first, second = index.requests
    assert (first.method, first.path, first.status, first.authorization) == ("GET", "/simple/top/", 200, "Basic abc")
    assert (second.method, second.range) == ("HEAD", "bytes=0-0")
    assert index.asked("*.whl") == (second,)
    index.forget()
    assert index.requests == ()


def test_refuse(index: LoopbackIndex, wheel: Path) -> None:
    index.misbehave("/simple/top/", Refuse(503, times=2, retry_after=7))
    answers = [get(f"{index.url}top/") for _ in range(3)]
    assert [answer.status for answer in answers] == [503, 503, 200]
    assert answers[0].headers["retry-after"] == "7"
    assert get(index.file_url(wheel.name)).status == 200


def test_cut(index: LoopbackIndex, wheel: Path) -> None:
    body = wheel.read_bytes()
    index.misbehave("*.whl", Cut(100))
    got = get(index.file_url(WHEEL))
    assert (got.body, got.whole) == (body[:100], False)
    rest = get(index.file_url(WHEEL), {"Range": "bytes=100-"})
    assert got.body + rest.body == body


def test_damage(index: LoopbackIndex, wheel: Path) -> None:
    index.misbehave(WHEEL, Damage(times=1))
    bodies = [get(index.file_url(WHEEL)).body for _ in range(2)]
    assert len(bodies[0]) == len(bodies[1])
    assert [body == wheel.read_bytes() for body in bodies] == [False, True]
    assert hashlib.sha256(wheel.read_bytes()).hexdigest() in get(f"{index.url}top/").body.decode()


@pytest.mark.parametrize("headers", [{}, ACCEPT_JSON])
def test_wrong_and_missing_hash(index: LoopbackIndex, wheel: Path, headers: dict[str, str]) -> None:
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    lying = hashlib.sha256(b"another file").hexdigest()
    index.misbehave("top-*", WrongHash())
    page = get(f"{index.url}top/", headers).body.decode()
    assert (digest in page, lying in page) == (False, True)
    index.misbehave("top-*", MissingHash())
    page = get(f"{index.url}top/", headers).body.decode()
    assert (digest in page, lying in page) == (False, False)


@pytest.mark.usefixtures("wheel")
def test_slow(index: LoopbackIndex) -> None:
    index.misbehave("*.whl", Slow(0.1, chunk=200))
    began = time.monotonic()
    assert get(index.file_url(WHEEL)).whole
    assert time.monotonic() - began > 0.3


def test_a_slow_answer_does_not_hold_up_the_end(tmp_path: Path) -> None:
    with LoopbackIndex(tmp_path / "index") as index:
        make_wheel(index.folder, WHEEL)
        index.misbehave("*", Slow(60))
        waiting = HTTPConnection(urlsplit(index.url).netloc)
        waiting.request("GET", "/simple/top/")
        assert waiting.getresponse().status == 200
        began = time.monotonic()
    waiting.close()
    assert time.monotonic() - began < 5


def test_credentials_reach_the_index_and_no_other_host(
    tmp_path: Path, clean_environment: dict[str, str], index: LoopbackIndex
) -> None:
    with LoopbackIndex(tmp_path / "other") as other:
        make_wheel(index.folder, WHEEL)
        make_wheel(other.folder, WHEEL)
        index.misbehave("*", Protect("user", "p@ss"))
        index.misbehave("*.whl*", Redirect(f"{other.host}{{path}}"))
        where = ("--index-url", index.url_with("user", "p@ss"), "--target", tmp_path / "target")
        command = (find_uv_bin(), "pip", "install", *where, "--python", sys.executable, "top")
        done = run(command, clean_environment, folder=tmp_path)
        assert done.exit_code == 0, done.text
        assert index.asked("/simple/top/")[-1].authorization == "Basic dXNlcjpwQHNz"
        assert {request.authorization for request in other.asked(WHEEL)} == {None}


@pytest.mark.usefixtures("wheel")
def test_redirect_and_protect(index: LoopbackIndex, tmp_path: Path) -> None:
    with LoopbackIndex(tmp_path / "other", files_at=index.files_url) as other:
        index.misbehave("*.whl", Redirect(f"{other.host}{{path}}"))
        got = get(index.file_url(WHEEL))
        assert (got.status, got.headers["location"]) == (302, other.file_url(WHEEL))
        index.behave()
        index.misbehave("*", Protect("user", "p@ss"))
        refused = get(index.url)
        assert (refused.status, refused.headers["www-authenticate"]) == (401, 'Basic realm="index"')
        assert get(index.url, {"Authorization": "Basic dXNlcjpwQHNz"}).status == 200
        assert "user:p%40ss@127.0.0.1" in index.url_with("user", "p@ss")


def test_no_range(index: LoopbackIndex, wheel: Path) -> None:
    index.misbehave("*.whl", NoRange())
    got = get(index.file_url(WHEEL), {"Range": "bytes=0-1"})
    assert (got.status, got.body) == (200, wheel.read_bytes())
    assert "accept-ranges" not in got.headers


@pytest.mark.parametrize(("more", "whole", "missing"), [(10, False, 0), (-10, True, 10)])
def test_wrong_length(index: LoopbackIndex, wheel: Path, *, more: int, whole: bool, missing: int) -> None:
    index.misbehave("*.whl", WrongLength(more))
    got = get(index.file_url(WHEEL))
    assert (got.whole, len(got.body)) == (whole, wheel.stat().st_size - missing)
