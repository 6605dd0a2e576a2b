from __future__ import annotations

import json
import time
from html import escape
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.utils import canonicalize_name

from lambda_pack.errors import IndexUnavailable
from lambda_pack.model.packages import Sdist, Wheel
from lambda_pack.tools.network.index_page import Page, parse_page

BASE = "https://index.example/simple/demo/"
DIGEST = "ab" * 32


def parse(html: str, *names: str) -> Page:
    wanted = {canonicalize_name(name) for name in names or ("demo",)}
    return parse_page(html.encode(), url=BASE, content_type="text/html", names=wanted)


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("demo-1.0-py3-none-any.whl", "demo==1.0"),
        ("Demo-1.0-2-py2.py3-none-any.whl", "demo==1.0"),
        ("demo-1.0.tar.gz", "demo==1.0"),
        ("demo-1.0.zip", "demo==1.0"),
        ("demo-1.0.tgz", "demo==1.0"),
        ("demo-1.0.tar.xz", "demo==1.0"),
        ("demo-1.0-1.tar.gz", "demo==1.0.post1"),
        ("demo-1.0.win32.zip", None),
        ("demo-1.0.win32-py2.7.exe", None),
        ("demo-1.0-py2.7.egg", None),
        ("demo-1.0-py3-none.whl", None),
        ("demo-nonsense-py3-none-any.whl", None),
        ("demolition-1.0-py3-none-any.whl", None),
        ("demolition-1.0.tar.gz", None),
        ("demo-1.0.tar.gz.asc", None),
        ("..%2Fdemo-1.0-py3-none-any.whl", None),
    ],
)
def test_only_files_of_the_project_that_can_be_used_are_kept(name: str, kept: str | None) -> None:
    page = parse(f'<a href="/files/{name}#sha256={DIGEST}">{name}</a>')
    assert [str(file.pin) for file in page.files] == ([kept] if kept else [])


@pytest.mark.parametrize(
    ("reference", "url"),
    [
        ("demo-1.0.tar.gz", f"{BASE}demo-1.0.tar.gz"),
        ("../../files/demo-1.0.tar.gz", "https://index.example/files/demo-1.0.tar.gz"),
        ("/files/demo-1.0.tar.gz", "https://index.example/files/demo-1.0.tar.gz"),
        ("//other.example/demo-1.0.tar.gz", "https://other.example/demo-1.0.tar.gz"),
        ("https://other.example/a/demo-1.0.tar.gz", "https://other.example/a/demo-1.0.tar.gz"),
        ("https://other.example/a b/demo-1.0.tar.gz", "https://other.example/a%20b/demo-1.0.tar.gz"),
        ("demo-1.0.tar.gz?token=a&amp;b=c", f"{BASE}demo-1.0.tar.gz?token=a&b=c"),
    ],
)
def test_references_become_absolute(reference: str, url: str) -> None:
    (file,) = parse(f'<a href="{reference}#sha256={DIGEST.upper()}">x</a>').files
    assert (file.url, file.hashes) == (url, (("sha256", DIGEST),))


def test_a_base_element_moves_the_references_after_it() -> None:
    (file,) = parse('<head><base href="https://base.example/x/"></head><a href="demo-1.0.tar.gz">x</a>').files
    assert file.url == "https://base.example/x/demo-1.0.tar.gz"


@pytest.mark.parametrize(
    ("attributes", "field", "value"),
    [
        ('data-requires-python="&gt;=3.9,&lt;4"', "requires_python", "<4,>=3.9"),
        ("data-requires-python='>=3.9'", "requires_python", ">=3.9"),
        ("data-requires-python='>=3.5.*'", "requires_python", "None"),
        ("", "requires_python", "None"),
        ("data-yanked", "yanked", "was yanked"),
        ('data-yanked="broken &amp; gone"', "yanked", "was yanked: broken & gone"),
        ("", "yanked", "None"),
        ('data-core-metadata="true"', "metadata", "True"),
        (f'data-dist-info-metadata="sha256={DIGEST}"', "metadata", "True"),
        ('data-core-metadata="false"', "metadata", "False"),
        ("", "metadata", "False"),
    ],
)
def test_attributes_become_fields(attributes: str, field: str, value: str) -> None:
    (file,) = parse(f'<A {attributes} HREF = "demo-1.0-py3-none-any.whl">x</A>').files
    assert str(getattr(file, field)) == value


@pytest.mark.parametrize("address", ["https://[/demo-1.0.tar.gz", "//[x/demo-1.0.tar.gz"])
def test_a_reference_that_is_no_url_is_left_out(address: str) -> None:
    assert not parse(f'<base href="{address}"><a href="{address}">x</a>').files
    body = {"meta": {"api-version": "1.0"}, "files": [{"filename": "demo-1.0.tar.gz", "url": address}]}
    names = {canonicalize_name("demo")}
    assert not parse_page(json.dumps(body).encode(), url=BASE, content_type="application/json", names=names).files


def test_links_in_comments_are_not_there() -> None:
    assert not parse('<!-- <a href="demo-1.0.tar.gz">x</a> -->').files


def test_a_digest_of_the_metadata_is_kept_beside_the_wheel() -> None:
    page = parse(f'<a href="demo-1.0-py3-none-any.whl" data-core-metadata="sha256={DIGEST}">x</a>')
    assert page.metadata_hashes == {f"{BASE}demo-1.0-py3-none-any.whl": (("sha256", DIGEST),)}


def test_html_and_json_say_the_same() -> None:
    html = f"""<a href="../../f/demo-1.0-py3-none-any.whl#sha256={DIGEST}" data-requires-python="&gt;=3.9"
        data-yanked="bad" data-core-metadata="sha256={DIGEST}">x</a><a href="../../f/demo-1.0.tar.gz">y</a>"""
    wheel = {
        "filename": "demo-1.0-py3-none-any.whl",
        "url": "../../f/demo-1.0-py3-none-any.whl",
        "hashes": {"sha256": DIGEST},
        "requires-python": ">=3.9",
        "yanked": "bad",
        "core-metadata": {"sha256": DIGEST},
    }
    sdist = {"filename": "demo-1.0.tar.gz", "url": "../../f/demo-1.0.tar.gz", "hashes": {}, "yanked": False}
    body = json.dumps({"meta": {"api-version": "1.0"}, "name": "demo", "files": [wheel, sdist, {"odd": 1}]}).encode()
    kind = "application/vnd.pypi.simple.v1+json"
    assert parse_page(body, url=BASE, content_type=kind, names={canonicalize_name("demo")}) == parse(html)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b"{}"),
        ("application/json", b"<html>"),
        ("application/json", b'{"meta": {"api-version": "2.0"}, "files": []}'),
        ("application/json", b"[" * 200_000),
        ("image/png", b"PNG"),
    ],
)
def test_what_is_no_index_page_is_an_error(content_type: str, body: bytes) -> None:
    with pytest.raises(IndexUnavailable, match="index"):
        parse_page(body, url=BASE, content_type=content_type, names=())


@pytest.mark.parametrize(
    "name", ["demo-1.0-py3-none-\x1b[31many.whl", "demo-1.0-1\n-py3-none-any.whl", "demo-1.0\x1f.zip"]
)
def test_a_name_that_could_write_on_a_terminal_is_left_out(name: str) -> None:
    page = {"meta": {"api-version": "1.0"}, "files": [{"filename": name, "url": "demo", "hashes": {}}]}
    names = {canonicalize_name("demo")}
    assert not parse_page(json.dumps(page).encode(), url=BASE, content_type="application/json", names=names).files


def test_the_reason_for_yanking_is_one_plain_line() -> None:
    (file,) = parse('<a href="demo-1.0.tar.gz" data-yanked="no \x1b[31m\n good">x</a>').files
    assert file.yanked == "was yanked: no [31m good"


@pytest.mark.parametrize("charset", ["idna", "undefined", "zlib", "nonsense", "utf-16"])
def test_no_charset_stops_the_reading(charset: str) -> None:
    body = b'<a href="demo-1.0.tar.gz">x</a>\xff'
    page = parse_page(body, url=BASE, content_type=f"text/html; charset={charset}", names={canonicalize_name("demo")})
    assert len(page.files) == (charset != "utf-16")


class Oracle(HTMLParser):
    """The standard library's parser, for comparison."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str | None, str | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            table = dict(reversed(attrs))
            self.found.append((table.get("href"), table.get("data-requires-python")))


TEXT = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=12)


@given(st.lists(st.tuples(st.integers(0, 99), TEXT, TEXT, st.sampled_from("\"'"))))
def test_what_the_standard_parser_finds_is_found(rows: list[tuple[int, str, str, str]]) -> None:
    html = "".join(
        f"<p>{escape(text)}<a title={quote}{escape(text)}{quote} data-requires-python={quote}{escape(requires)}{quote}"
        f" href={quote}demo-1.{number}.tar.gz{quote}>{escape(requires)}</a><br/>\n"
        for number, text, requires, quote in rows
    )
    oracle = Oracle()
    oracle.feed(html)
    assert [file.filename for file in parse(html).files] == [href for href, _ in oracle.found]


def test_a_page_of_four_thousand_links_is_read_whole() -> None:
    tags = [f"cp3{minor}-cp3{minor}-manylinux_2_{glibc}_x86_64" for minor in range(5, 15) for glibc in (17, 28)]
    names = [f"demo-1.{minor}.{patch}-{tag}.whl" for minor in range(20) for patch in range(10) for tag in tags]
    html = "".join(
        f'<a href="https://files.example/packages/{number}/{name}#sha256={DIGEST}" '
        f'data-requires-python="&gt;=3.{number % 9}">{name}</a><br/>\n'
        for number, name in enumerate(names)
    )
    assert [file.filename for file in parse(html).files] == names


def test_nothing_makes_the_parser_hang() -> None:
    begun = time.monotonic()
    parse("<a " + "x" * 100_000 + "<a href='" * 2000)
    # Milliseconds where nothing is searched twice, hours where it is: no bound on speed, but an end to waiting.
    assert time.monotonic() - begun < 60


def test_wheels_and_sdists_are_told_apart() -> None:
    page = parse('<a href="demo-1.0.tar.gz">x</a><a href="demo-1.0-py3-none-any.whl">y</a>')
    assert [type(file) for file in page.files] == [Sdist, Wheel]
