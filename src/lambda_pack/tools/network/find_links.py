"""Places of `--find-links`: a folder, a file, or a page whose links may be of any project."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from packaging.utils import NormalizedName

from lambda_pack.errors import UsageError
from lambda_pack.model.urls import masked, path_of, without_credentials
from lambda_pack.tools.network.index_page import Link, Page, offer, parse_page
from lambda_pack.tools.network.pages import Denied, Pages

__all__ = ["linked"]


def linked(place: str, names: Collection[NormalizedName], *, pages: Pages) -> Page:
    """The files of these projects that a place offers: a path, a `file:` URL, or the URL of a page.

    Raises:
        IndexUnavailable: the page could not be fetched.
        UsageError: there is nothing at the path.
    """
    scheme = urlsplit(place).scheme
    if scheme in {"http", "https"}:
        page = pages.fetch(place)
        if isinstance(page, Denied):
            raise page.error
        if page is None:
            raise UsageError(f"there is no page at {masked(place)!r}; correct --find-links or PIP_FIND_LINKS")
        return parse_page(
            page.body,
            url=page.url,
            content_type=page.content_type,
            names=names,
            index=masked(without_credentials(place)),
        )
    path = path_of(place) if scheme == "file" else Path(place).absolute()
    if path.suffix in {".html", ".htm"} and path.is_file():
        return parse_page(
            path.read_bytes(), url=path.as_uri(), content_type="text/html", names=names, index=path.as_posix()
        )
    if path.is_file():
        return _files([path], names, path)
    if not path.is_dir():
        raise UsageError(f"there is nothing at {place!r}; correct --find-links or PIP_FIND_LINKS")
    return _files(_in_folder(path), names, path)


def _in_folder(folder: Path) -> Iterator[Path]:
    with os.scandir(folder) as entries:
        yield from sorted(Path(entry.path) for entry in entries if entry.is_file())


def _files(paths: Iterator[Path] | list[Path], names: Collection[NormalizedName], place: Path) -> Page:
    links = (Link(path.name, path.as_uri(), size=path.stat().st_size) for path in paths)
    return Page(tuple(found for link in links if (found := offer(link, names, place.as_posix())) is not None))
