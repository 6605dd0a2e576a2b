"""The loopback index of the benchmarks: what a client finds there."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

from benchmarks.loopback import Shelf, serve
from tests.support.packages import make_wheel
from tests.support.pages import JSON
from tests.support.serving import Asked

WHEEL = "six-1.0-py3-none-any.whl"


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    make_wheel(tmp_path, WHEEL)
    return Shelf.of(tmp_path)


def test_a_page_promises_metadata_that_is_there(shelf: Shelf) -> None:
    page = shelf.answer(Asked("GET", "/simple/six/", {"accept": JSON}))
    metadata = shelf.answer(Asked("GET", f"/files/{WHEEL}.metadata", {}))

    (file,) = json.loads(page.body)["files"]
    assert (page.headers["Content-Type"], file["filename"], "core-metadata" in file) == (JSON, WHEEL, True)
    assert b"Name: six" in metadata.body


def test_pages_may_be_kept_for_a_while_and_files_for_ever(shelf: Shelf) -> None:
    page = shelf.answer(Asked("GET", "/simple/six/", {}))
    file = shelf.answer(Asked("GET", f"/files/{WHEEL}", {}))

    assert page.headers["Cache-Control"].startswith("max-age=600")
    assert "immutable" in file.headers["Cache-Control"]


def test_who_has_the_page_gets_no_second_one(shelf: Shelf) -> None:
    first = shelf.answer(Asked("GET", "/simple/six/", {}))
    second = shelf.answer(Asked("GET", "/simple/six/", {"if-none-match": first.headers["ETag"]}))

    assert (second.status, second.body) == (304, b"")


def test_a_part_of_a_file_can_be_asked_for(shelf: Shelf) -> None:
    part = shelf.answer(Asked("GET", f"/files/{WHEEL}", {"range": "bytes=0-1"}))

    assert (part.status, part.body) == (206, b"PK")


def test_what_is_not_there_is_not_found(shelf: Shelf) -> None:
    assert shelf.answer(Asked("GET", "/simple/seven/", {})).status == 404


def test_it_is_served(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, WHEEL)

    with serve(tmp_path, latency=0) as url:
        page = Request(f"{url}six/", headers={"Accept": JSON})  # noqa: S310  # the loopback's own
        with urlopen(page) as answer:  # noqa: S310
            (file,) = json.load(answer)["files"]
        with urlopen(url.removesuffix("simple/") + f"files/{file['filename']}") as answer:  # noqa: S310
            assert answer.read() == wheel.read_bytes()
