"""A package index on loopback: it serves a folder, remembers what was asked, and misbehaves when told to."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from pathlib import Path
from threading import Lock
from types import TracebackType
from typing import Literal, Self
from urllib.parse import quote, unquote, urlsplit

from msgspec import Struct
from msgspec.structs import replace
from packaging.utils import canonicalize_name

from tests.support.faults import Fault, NoRange, Rule
from tests.support.mischief import Mischief
from tests.support.pages import HTML, JSON, Listed, Listing, listing, project_page, root_page
from tests.support.serving import Answer, Asked, LoopbackServer

__all__ = ["LoopbackIndex", "Request"]

METADATA_SUFFIX = ".metadata"


class Request(Struct, frozen=True):
    """What was asked, and the status of the answer. `path` is as sent; the names of `headers` are in lower case."""

    method: str
    path: str
    headers: Mapping[str, str]
    status: int

    @property
    def authorization(self) -> str | None:
        """The Authorization header."""
        return self.headers.get("authorization")

    @property
    def range(self) -> str | None:
        """The Range header."""
        return self.headers.get("range")


class LoopbackIndex:
    """A context manager. Files that appear in `folder` are on offer at once.

    `form` 'json' and 'html' answer in that form whatever the client accepts; 'both' prefers JSON where it is accepted.
    Without `metadata` there are no `.metadata` files. `files_at` is the URL of a folder that the pages link to instead
    of this server's own ('http://127.0.0.1:1234/files/').
    """

    def __init__(
        self,
        folder: Path,
        *,
        form: Literal["json", "html", "both"] = "both",
        metadata: bool = True,
        rules: Iterable[Rule] = (),
        files_at: str | None = None,
    ) -> None:
        self.folder = folder
        self._form = form
        self._metadata = metadata
        self._files_at = files_at
        self._added: dict[str, Listed] = {}
        self._mischief = Mischief(rules)
        self._requests: list[Request] = []
        self._lock = Lock()
        self._server = LoopbackServer(self._respond)

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._server.stop()

    @property
    def host(self) -> str:
        """Scheme, host and port, without a slash at the end."""
        return f"http://{self._server.authority}"

    @property
    def url(self) -> str:
        """The index, as `--index-url` takes it."""
        return f"{self.host}/simple/"

    @property
    def files_url(self) -> str:
        """The folder of all files, as `--find-links` takes it; every file is below it."""
        return f"{self.host}/files/"

    def url_with(self, user: str, password: str) -> str:
        """The index with credentials in its URL."""
        return f"http://{quote(user, safe='')}:{quote(password, safe='')}@{self._server.authority}/simple/"

    def file_url(self, filename: str) -> str:
        """Where a file of this server is."""
        return self.files_url + quote(filename)

    @property
    def requests(self) -> tuple[Request, ...]:
        """Everything that was asked, in order."""
        with self._lock:
            return tuple(self._requests)

    def asked(self, pattern: str) -> tuple[Request, ...]:
        """The requests that a rule with this pattern would concern."""
        rule = Rule(pattern, NoRange())
        return tuple(request for request in self.requests if rule.concerns(_path(request.path)))

    def forget(self) -> None:
        """Begins `requests` anew."""
        with self._lock:
            self._requests.clear()

    def add(
        self, path: Path, *, yanked: str | None = None, requires_python: str | None = None, uploaded: str | None = None
    ) -> Path:
        """Offers a file, from any folder, or says more of one; `requires_python` is otherwise the file's own word.

        `uploaded` is a time as PEP 700 has it ('2015-03-01T12:00:00Z').
        """
        file = Listed.of(path)
        if file is None:
            raise ValueError(f"{path.name!r} is neither a wheel nor an sdist")
        self._added[path.name] = replace(
            file,
            yanked=yanked,
            requires_python=file.requires_python if requires_python is None else requires_python,
            uploaded=uploaded,
        )
        return path

    def misbehave(self, pattern: str, *faults: Fault) -> None:
        """Adds faults for a file name ('six-*.whl') or a path ('/simple/six/', '*')."""
        self._mischief.add(Rule(pattern, fault) for fault in faults)

    def behave(self) -> None:
        """Takes all faults back."""
        self._mischief = Mischief(())

    def _respond(self, asked: Asked) -> Answer:
        path = _path(asked.path)
        answer = self._mischief.refusal(asked, path)
        if answer is None:
            answer = self._truth(path, asked)
            if answer.status == HTTPStatus.OK:
                answer = self._mischief.spoilt(answer, asked, path)
        with self._lock:
            self._requests.append(Request(asked.method, asked.path, asked.headers, answer.status))
        return answer

    def _truth(self, path: str, asked: Asked) -> Answer:
        match path.split("/")[1:]:
            case ["simple", ""]:
                return self._page(asked, None)
            case ["simple", name, *rest] if rest in ([], [""]):
                project = canonicalize_name(name)
                if rest and name == project:
                    return self._page(asked, project)
                return Answer(301, {"Location": f"/simple/{quote(project)}/"})
            case ["files", name]:
                return self._file(name, asked)
            case _:
                return _missing()

    def _page(self, asked: Asked, project: str | None) -> Answer:
        accepts_json = JSON in asked.headers.get("accept", "")
        media_type = JSON if self._form == "json" or (self._form == "both" and accepts_json) else HTML
        files = self._files().values()
        if project is None:
            return _content(root_page(sorted({file.project for file in files}), media_type), media_type, asked)
        base = self._files_at or "../../files/"
        listings = [self._promise(file, base) for file in files if file.project == project]
        if not listings:
            return _missing()
        return _content(project_page(project, listings, media_type), media_type, asked)

    def _promise(self, file: Listed, base: str) -> Listing:
        return self._mischief.promise(listing(file, base, metadata=self._metadata))

    def _file(self, name: str, asked: Asked) -> Answer:
        files = self._files()
        if not name:
            listings = [self._promise(file, "") for file in files.values()]
            return _content(project_page("files", listings, HTML), HTML, asked)
        if name in files:
            return _content(files[name].path.read_bytes(), "application/octet-stream", asked)
        wheel = files.get(name.removesuffix(METADATA_SUFFIX))
        content = wheel.metadata if wheel and self._metadata else None
        return _missing() if content is None else _content(content, "application/octet-stream", asked)

    def _files(self) -> dict[str, Listed]:
        """Every file on offer by its name, in the order of the names."""
        found = {path.name: Listed.of(path) for path in self.folder.iterdir() if path.name not in self._added}
        listed = {name: file for name, file in found.items() if file} | self._added
        return dict(sorted(listed.items()))


def _path(target: str) -> str:
    return unquote(urlsplit(target).path)


def _content(body: bytes, media_type: str, asked: Asked) -> Answer:
    tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    headers = {"Content-Type": media_type, "ETag": tag}
    return Answer(304, headers) if asked.headers.get("if-none-match") == tag else Answer(200, headers, body)


def _missing() -> Answer:
    return Answer(404, {"Content-Type": "text/plain"}, b"not found\n")
