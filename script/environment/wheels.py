"""Finds the wheels of locked packages on the indexes and unpacks them, several at a time."""

from __future__ import annotations

import hashlib
import html.parser
import io
import json
import os
import re
import stat
import threading
import urllib.request
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple
from urllib.parse import unquote, urljoin, urlsplit

from script.environment.client import Client, UnreadableError, without_login
from script.environment.lock import Package
from script.environment.settings import Settings
from script.environment.tags import rank_of, supported_tags

__all__ = ["UnsuitedError", "install_wheels", "unpack"]

_THREADS = 8
_ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"
# Where the folders of a wheel's `.data` go, as in `pip install --target`; headers are for compilers alone.
_DATA = {"purelib": "", "platlib": "", "scripts": "bin/", "data": ""}
_UNPACKED_LIMIT = 1 << 30  # bytes


class UnsuitedError(Exception):
    """A package cannot be had in this way: pip may still be able to."""

    def __init__(self, message: str, *, is_network: bool = False) -> None:
        """`is_network` says that no index has answered."""
        super().__init__(message)
        self.is_network = is_network


class Offer(NamedTuple):
    """A wheel on a page; `digest` is its SHA-256 (hex) where the page says it."""

    filename: str
    url: str
    digest: str | None


def install_wheels(
    packages: Sequence[Package], folder: Path, settings: Settings, report: Callable[[int, int], None]
) -> None:
    """Fetch and unpack the packages into a folder that can be on `sys.path`.

    `report` is called by several threads, with how many packages are there and how many bytes have arrived.

    Raises:
        UnsuitedError: a package has no wheel for this Python with a hash of the lock, or no index could be read.
    """
    run = _Run(folder, settings, report)
    waiting, failures = iter(packages), list[Exception]()

    def work() -> None:
        while not failures:
            with run.lock:
                package = next(waiting, None)
            if package is None:
                return
            try:
                run.install(package)
            except Exception as error:  # noqa: BLE001  # raised again below, in the thread that asked
                failures.append(error)

    threads = [threading.Thread(target=work, daemon=True) for _ in range(min(_THREADS, len(packages)))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for failure in failures:
        raise failure


class _Run:
    """What the threads share."""

    def __init__(self, folder: Path, settings: Settings, report: Callable[[int, int], None]) -> None:
        self._folder = folder
        self._settings = settings
        self._report = report
        self._tags = supported_tags()
        self._arrived = self._done = 0
        self.lock = threading.Lock()
        self._client = Client(settings, self._count)

    def _count(self, size: int, done: int = 0) -> None:
        with self.lock:
            self._arrived += size
            self._done += done
            self._report(self._done, self._arrived)

    def install(self, package: Package) -> None:
        problems = list[UnreadableError]()
        for offers in self._pages(package, problems):
            best = self._best(package, offers)
            if best is None:
                continue
            content = self._fetch(best, problems)
            if content is None:
                continue
            if hashlib.sha256(content).hexdigest() not in package.digests:
                raise UnsuitedError(f"{best.filename} has another hash than the lock says")
            unpack(content, self._folder)
            self._count(0, 1)
            return
        if problems:
            raise UnsuitedError(str(problems[0]), is_network=all(problem.is_network for problem in problems))
        raise UnsuitedError(f"no index has a wheel of {package.name} {package.version} for this Python")

    def _pages(self, package: Package, problems: list[UnreadableError]) -> Iterator[list[Offer]]:
        """Yield what each place offers: folders first, they cost nothing; then the indexes in pip's order."""
        for link in self._settings.find_links:
            if "://" not in link or link.startswith("file:"):
                path = Path(urllib.request.url2pathname(urlsplit(link).path) if "://" in link else link)
                if path.is_dir():
                    yield [Offer(file.name, file.as_uri(), None) for file in path.absolute().glob("*.whl")]
                    continue
                link = path.absolute().as_uri()  # noqa: PLW2901  # a page in a file
            yield self._page(link, problems)
        for index in self._settings.indexes:
            yield self._page(f"{index.rstrip('/')}/{package.name}/", problems)

    def _page(self, url: str, problems: list[UnreadableError]) -> list[Offer]:
        try:
            answer = self._client.read(url, accept=_ACCEPT, is_page=True)
            if answer is None:
                return []
            if "json" in answer.kind:
                return _read_json(answer.content, answer.url)
            return _read_html(answer.content, answer.url)
        except UnreadableError as error:
            problems.append(error)
        except (ValueError, KeyError, TypeError) as error:
            problems.append(UnreadableError(f"{without_login(url)} is not a page of an index: {error}"))
        return []

    def _best(self, package: Package, offers: Sequence[Offer]) -> Offer | None:
        ranked = []
        for offer in offers:
            name, _, rest = offer.filename.partition("-")
            if re.sub(r"[-_.]+", "-", name).lower() != package.name or rest.partition("-")[0] != package.version:
                continue
            if offer.digest is not None and offer.digest not in package.digests:
                continue
            try:
                rank = rank_of(offer.filename, self._tags)
            except ValueError:
                continue  # not the name of a wheel
            if rank is not None:
                ranked.append((rank, offer))
        return min(ranked, key=lambda pair: pair[0], default=(0, None))[1]

    def _fetch(self, offer: Offer, problems: list[UnreadableError]) -> bytes | None:
        try:
            answer = self._client.read(offer.url)
        except UnreadableError as error:
            problems.append(error)
            return None
        except ValueError as error:
            problems.append(UnreadableError(f"{without_login(offer.url)} is not a URL: {error}"))
            return None
        return answer.content if answer else None


def _read_json(content: bytes, url: str) -> list[Offer]:
    """Return the wheels of a page in the form of PEP 691."""
    return [
        Offer(file["filename"], urljoin(url, file["url"]), file.get("hashes", {}).get("sha256"))
        for file in json.loads(content)["files"]
        if file["filename"].endswith(".whl")
    ]


class _Anchors(html.parser.HTMLParser):
    """Collects the links of a page, and its base where it names one."""

    def __init__(self) -> None:
        super().__init__()
        self.links = list[str]()
        self.base = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        link = dict(attrs).get("href")
        if link and tag == "a":
            self.links.append(link)
        elif link and tag == "base" and not self.base:
            self.base = link


def _read_html(content: bytes, url: str) -> list[Offer]:
    """Return the wheels of a page in the form of PEP 503, which has a hash in the fragment of a link."""
    anchors = _Anchors()
    anchors.feed(content.decode("utf-8", "replace"))
    offers = []
    for link in anchors.links:
        address = urljoin(urljoin(url, anchors.base), link)
        parts = urlsplit(address)
        filename = unquote(parts.path.rpartition("/")[2])
        if filename.endswith(".whl"):
            match = re.match(r"sha256=([0-9a-f]{64})", parts.fragment)
            offers.append(Offer(filename, address.partition("#")[0], match[1] if match else None))
    return offers


def unpack(content: bytes, folder: Path) -> None:
    """Unpack a wheel as `pip install --target` would.

    Raises:
        UnsuitedError: a path leads out of the folder, or the archive is damaged.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = [member for member in archive.infolist() if not member.is_dir()]
            if sum(member.file_size for member in members) > _UNPACKED_LIMIT:
                raise UnsuitedError("a wheel is larger than any that the lock could mean")
            known = {folder}
            for member in members:
                place = _place(member.filename)
                if place is None:
                    continue
                path = folder / place
                if path.parent not in known:
                    path.parent.mkdir(parents=True, exist_ok=True)
                    known.add(path.parent)
                is_program = member.external_attr >> 16 & stat.S_IXUSR
                mode = 0o755 if is_program or place.startswith("bin/") else 0o644
                handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | getattr(os, "O_BINARY", 0), mode)
                with os.fdopen(handle, "wb") as file:
                    file.write(archive.read(member))
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise UnsuitedError(f"a wheel cannot be unpacked: {error}") from None


def _place(name: str) -> str | None:
    """Return where a member of a wheel goes, relative to the folder; None for what is not needed."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name or "\0" in name:
        raise UnsuitedError(f"a wheel has a member that would be written elsewhere: {name!r}")
    first = path.parts[0]
    if not first.endswith(".data") or len(path.parts) < 3:  # noqa: PLR2004  # folder, scheme, file
        return name
    scheme = _DATA.get(path.parts[1])
    return None if scheme is None else scheme + "/".join(path.parts[2:])
