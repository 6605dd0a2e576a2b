"""Everything a test of fetching needs, wired as `pack` wires it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from msgspec import Struct
from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName

from lambda_pack.model.indexes import IndexSettings
from lambda_pack.tools.network.cache import Cache
from lambda_pack.tools.network.credentials import Credentials, Keyring, Login
from lambda_pack.tools.network.downloads import HttpDownloads
from lambda_pack.tools.network.http import Session
from lambda_pack.tools.network.index import SimpleIndex
from lambda_pack.tools.network.index_urls import index_urls

__all__ = ["Bench", "Listener", "bench"]


@dataclass
class Listener:
    """A narrator that remembers."""

    notes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    progressed: list[tuple[str, int, int]] = field(default_factory=list)

    def step(self, number: int, sentence: str) -> None:
        """Nobody fetches in steps."""
        raise AssertionError(number, sentence)

    def note(self, text: str) -> None:
        """Remembered."""
        self.notes.append(text)

    def span(self, label: str) -> AbstractContextManager[object]:
        """Nobody measures."""
        return nullcontext(label)

    def warn(self, text: str) -> None:
        """Remembered."""
        self.warnings.append(text)

    def working(self, text: str) -> None:
        """Remembered."""
        self.notes.append(text)

    def progress(self, label: str, done: int, total: int) -> None:
        """Remembered."""
        self.progressed.append((label, done, total))


class Bench(Struct, frozen=True):
    """A session with all that uses it; `pauses` holds the seconds that were not waited."""

    session: Session
    cache: Cache
    downloads: HttpDownloads
    index: SimpleIndex
    listener: Listener
    pauses: list[float]


@contextmanager
def bench(  # noqa: PLR0913  # what a test may want to set, each by name
    settings: IndexSettings,
    folder: Path | None,
    *,
    netrc: Mapping[str, Login] = MappingProxyType({}),
    keyring: Keyring | None = None,
    environ: Mapping[str, str] = MappingProxyType({}),
    allowed: Callable[[NormalizedName], SpecifierSet] = lambda _: SpecifierSet(),
) -> Iterator[Bench]:
    """A bench with its cache in `folder`; None is a temporary one. `allowed` is what the user's own lines allow."""
    listener, pauses = Listener(), list[float]()
    credentials = Credentials(index_urls(settings), netrc=netrc, keyring=keyring)
    with Cache(folder) as cache, Session(settings, credentials, environ=environ, pause=pauses.append) as session:
        downloads = HttpDownloads(session, cache, narrator=listener)
        index = SimpleIndex(settings, session, cache=cache, downloads=downloads, narrator=listener, allowed=allowed)
        yield Bench(session, cache, downloads, index, listener, pauses)
