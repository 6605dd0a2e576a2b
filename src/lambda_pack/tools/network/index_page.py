"""Pages of a simple index as values: HTML (PEP 503, 592, 658, 714) and JSON (PEP 691, 700).

Long pages (numpy: 4,000 links) are read on every run, so what repeats in them is parsed once: names with versions, tag
sets, `Requires-Python`. The parsing itself is `packaging`'s.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import lru_cache
from html import unescape
from urllib.parse import quote, unquote, urljoin, urlsplit

from msgspec import Struct, field
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.tags import Tag, parse_tag
from packaging.utils import BuildTag, InvalidWheelFilename, NormalizedName, canonicalize_name, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from lambda_pack.errors import IndexUnavailable
from lambda_pack.model.packages import ARCHIVE_SUFFIXES, Hashes, Pin, Sdist, Wheel
from lambda_pack.model.requirements import CHECKED_ALGORITHMS

__all__ = ["Link", "Page", "offer", "parse_page"]


class Page(Struct, frozen=True):
    """The files of a page, in its order; `metadata_hashes` has the digests of METADATA files by the wheel's URL."""

    files: tuple[Wheel | Sdist, ...] = ()
    metadata_hashes: Mapping[str, Hashes] = field(default_factory=dict)


class Link(Struct):
    """A file as a page names it. `core_metadata` is None where none is offered, else its digests.

    `uploaded` is an RFC 3339 time as the page has it (PEP 700), None in HTML.

    Not frozen: a long page makes thousands, each only read once, and frozen ones take four times as long to make.
    """

    filename: str
    url: str
    hashes: Hashes = ()
    size: int | None = None
    requires_python: str | None = None
    yanked: str | None = None
    core_metadata: Hashes | None = None
    uploaded: str | None = None


def parse_page(
    body: bytes, *, url: str, content_type: str, names: Collection[NormalizedName], index: str | None = None
) -> Page:
    """The wheels and sdists of these projects on the page from `url`; whatever else it names is left out.

    `index` is the index that the page belongs to, without credentials.

    Raises:
        IndexUnavailable: the page is neither HTML nor JSON of version 1.
    """
    kind, _, parameters = content_type.lower().partition(";")
    if kind.strip().endswith(("/json", "+json")):
        links = _json_links(body, url)
    elif kind.strip().endswith(("/html", "+html", "/xhtml+xml")) or not kind.strip():
        charset = re.search(r"charset=\"?([\w.-]+)", parameters)
        links = _html_links(_text(body, charset[1] if charset else "utf-8"), url)
    else:
        raise IndexUnavailable(f"{url!r} is no index page but {kind!r}; check the index URL")
    files: list[Wheel | Sdist] = []
    hashes: dict[str, Hashes] = {}
    for link in links:
        found = offer(link, names, index)
        if found is None:
            continue
        files.append(found)
        if link.core_metadata:
            hashes[found.url] = link.core_metadata
    return Page(tuple(files), hashes)


def offer(link: Link, names: Collection[NormalizedName], index: str | None = None) -> Wheel | Sdist | None:
    """The value for a link; None where it is no wheel or sdist of one of these projects."""
    if "/" in link.filename or "\\" in link.filename or not link.filename.isprintable():
        # The name becomes a file name here, and a part of messages: it must not lead anywhere else, nor deceive.
        return None
    if link.filename.endswith(".whl"):
        return _wheel(link, names, index)
    # Eggs and installers for Windows are nothing we can use.
    for suffix in ARCHIVE_SUFFIXES:
        if link.filename.endswith(suffix):
            pin = _sdist_pin(link.filename.removesuffix(suffix), frozenset(names))
            if pin is None:
                return None
            return Sdist(
                *(pin, link.filename, link.url, link.hashes, link.size),
                _requires(link.requires_python),
                link.yanked,
                index=index,
                uploaded=_time(link.uploaded),
            )
    return None


def _wheel(link: Link, names: Collection[NormalizedName], index: str | None) -> Wheel | None:
    # What stands before the tags, and the tags, repeat independently on a page.
    head, *tags = link.filename.removesuffix(".whl").rsplit("-", 3)
    try:
        pin, build = _head(head)
        parsed_tags = _tags("-".join(tags))
    except InvalidWheelFilename:
        return None
    if pin.name not in names:
        return None
    return Wheel(
        pin,
        link.filename,
        link.url,
        build,
        parsed_tags,
        link.hashes,
        link.size,
        _requires(link.requires_python),
        yanked=link.yanked,
        metadata=link.core_metadata is not None,
        index=index,
        uploaded=_time(link.uploaded),
    )


@lru_cache(maxsize=65536)
def _head(head: str) -> tuple[Pin, BuildTag]:
    name, version, build, _ = parse_wheel_filename(f"{head}-py3-none-any.whl")
    return Pin(name, version), build


@lru_cache(maxsize=65536)
def _tags(text: str) -> frozenset[Tag]:
    if text.count("-") != 2:  # noqa: PLR2004  # Python, ABI, platform
        raise InvalidWheelFilename(text)
    parse_wheel_filename(f"a-1-{text}.whl")
    return parse_tag(text)


@lru_cache(maxsize=65536)
def _sdist_pin(stem: str, names: frozenset[NormalizedName]) -> Pin | None:
    """As in pip: where old names and versions both hold dashes, the known name says where one ends."""
    for found in re.finditer("-", stem):
        name = canonicalize_name(stem[: found.start()])
        if name in names:
            try:
                return Pin(name, Version(stem[found.end() :]))
            except InvalidVersion:
                continue
    return None


@lru_cache(maxsize=4096)
def _specifiers(text: str) -> SpecifierSet | None:
    try:
        return SpecifierSet(text)
    except InvalidSpecifier:
        # As in pip: '>=3.5.*' and the like say nothing.
        return None


def _requires(text: str | None) -> SpecifierSet | None:
    return _specifiers(text) if text else None


def _time(text: str | None) -> datetime | None:
    try:
        time = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return time if time.tzinfo is not None else time.replace(tzinfo=UTC)


def _text(body: bytes, charset: str) -> str:
    try:
        return body.decode(charset, "replace")
    except (LookupError, UnicodeError):
        # Unknown, or one that does not know how to replace ('idna', 'undefined').
        return body.decode("utf-8", "replace")


# Comments are matched so that links in them are not. Possessive: no text can make these slow.
_ELEMENT = re.compile(
    r"<!--.*?-->|<(?P<tag>a|base)\s(?P<attributes>(?:[^>\"']++|\"[^\"]*+\"|'[^']*+')*+)>", re.IGNORECASE | re.DOTALL
)
_ATTRIBUTE = re.compile(r"([^\s=\"'>/]++)(?:\s*+=\s*+(?:\"([^\"]*+)\"|'([^']*+)'|([^\s>]++)))?")
_PLAIN = re.compile(r"[!-~]*")


def _html_links(text: str, url: str) -> Iterator[Link]:
    base = url
    for element in _ELEMENT.finditer(text):
        tag = element["tag"]
        if tag is None:
            continue
        attributes: dict[str, str] = {}
        for name, double, single, bare in _ATTRIBUTE.findall(element["attributes"]):
            value = double or single or bare
            attributes.setdefault(name.lower(), unescape(value) if "&" in value else value)
        reference = attributes.get("href")
        if reference is None:
            continue
        if tag.lower() == "base":
            base = _absolute(reference, url) or url
        else:
            yield _html_link(attributes, reference.strip(), base)


def _html_link(attributes: Mapping[str, str], reference: str, base: str) -> Link:
    address, _, fragment = reference.partition("#")
    address = _absolute(address, base)
    # PEP 714 renamed the attribute; the old one carried its value, too.
    metadata = attributes.get("data-core-metadata", attributes.get("data-dist-info-metadata"))
    yanked = attributes.get("data-yanked")
    name = address.partition("?")[0].rpartition("/")[2]
    return Link(
        unquote(name) if "%" in name else name,
        address,
        _pairs(fragment),
        None,
        attributes.get("data-requires-python"),
        None if yanked is None else _yanked(yanked),
        None if metadata is None or metadata == "false" else _pairs(metadata),
    )


def _yanked(reason: str) -> str:
    """PEP 592, as a predicate; the reason is somebody's free text."""
    words = " ".join("".join(letter if letter.isprintable() else " " for letter in reason).split())
    return f"was yanked: {words}" if words else "was yanked"


def _absolute(address: str, base: str) -> str:
    """The whole URL; '' where the reference is none, so that its file name is nothing that could be used."""
    try:
        if not address.startswith(("https://", "http://")):
            address = urljoin(base, address)
        elif "[" in address:
            urlsplit(address)
    except ValueError:
        return ""
    return address if _PLAIN.fullmatch(address) else quote(address, safe="%/:=&?~+!$,;'@()*[]")


def _pairs(text: str) -> Hashes:
    """The digests in a fragment or attribute: 'sha256=…', several apart by '&'."""
    if not text:
        return ()
    pairs = (part.partition("=") for part in text.split("&"))
    return tuple((name, digest.lower()) for name, _, digest in pairs if name in CHECKED_ALGORITHMS and digest)


def _json_links(body: bytes, url: str) -> Iterator[Link]:
    try:
        page = json.loads(body)
        version = str(page["meta"]["api-version"])
        files = page["files"]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise IndexUnavailable(f"{url!r} is no page of a package index: {error}; check the index URL") from error
    if version.partition(".")[0] != "1" or not isinstance(files, list):
        raise IndexUnavailable(f"{url!r} speaks version {version!r} of the index API; lambda-pack knows version 1")
    for row in files:
        if isinstance(row, dict) and isinstance(row.get("filename"), str) and isinstance(row.get("url"), str):
            link = _json_link(row, url)
            if link.url:
                yield link


def _json_link(row: Mapping[str, object], base: str) -> Link:
    yanked = row.get("yanked", False)
    metadata = row.get("core-metadata", row.get("dist-info-metadata", False))
    size, requires, uploaded = row.get("size"), row.get("requires-python"), row.get("upload-time")
    address = _absolute(str(row["url"]).partition("#")[0], base)
    return Link(
        str(row["filename"]),
        address,
        _digests(row.get("hashes")),
        size if isinstance(size, int) else None,
        requires if isinstance(requires, str) else None,
        _yanked(yanked if isinstance(yanked, str) else "") if yanked or isinstance(yanked, str) else None,
        _digests(metadata) if metadata or isinstance(metadata, dict) else None,
        uploaded if isinstance(uploaded, str) else None,
    )


def _digests(value: object) -> Hashes:
    table: Iterable[tuple[object, object]] = value.items() if isinstance(value, dict) else ()
    return tuple(
        (str(name).lower(), str(digest).lower())
        for name, digest in table
        if str(name).lower() in CHECKED_ALGORITHMS and isinstance(digest, str)
    )
