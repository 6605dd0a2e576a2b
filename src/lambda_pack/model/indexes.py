"""Which indexes a package may come from, and in which order they are asked."""

from __future__ import annotations

from collections.abc import Iterable
from fnmatch import fnmatchcase

from msgspec import Struct
from msgspec.structs import replace
from packaging.markers import Marker
from packaging.utils import NormalizedName

from lambda_pack.model.choices import IndexStrategy
from lambda_pack.model.cooldown import Cooldown
from lambda_pack.model.targets import Target
from lambda_pack.model.urls import without_credentials

__all__ = ["PUBLIC_INDEX", "IndexScope", "IndexSettings", "ProjectIndexes", "scoped_urls"]

PUBLIC_INDEX = ""
"""Stands for the public index among the supplemental ones; the URL is only known where indexes are asked."""


class IndexScope(Struct, frozen=True):
    """Packages that an index serves alone, or does not serve.

    `only` and `never` are patterns of normalized names, as `fnmatch` has them. A package that `only` matches comes from
    the indexes whose scopes say so, and from no other; a package that `never` matches does not come from this one. The
    scope counts where its marker holds.
    """

    url: str
    only: tuple[str, ...] = ()
    never: tuple[str, ...] = ()
    marker: Marker | None = None


class IndexSettings(Struct, frozen=True):
    """Where packages are looked for. URLs may hold credentials: never print them unmasked.

    `index_url` None is the public default; `timeout` is in seconds. `supplemental_urls` are asked one after the other,
    only for what the indexes before them do not have in an allowed version. `flat_urls` are those indexes that are one
    page of links. `scopes` give packages to an index alone. The `cooldown` leaves out files that are too new.
    """

    index_url: str | None = None
    extra_index_urls: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    no_index: bool = False
    trusted_hosts: tuple[str, ...] = ()
    strategy: IndexStrategy = IndexStrategy.MERGE
    certificates: str | None = None
    client_certificate: str | None = None
    proxy: str | None = None
    timeout: float = 15.0
    retries: int = 5
    keyring: bool = False
    supplemental_urls: tuple[str, ...] = ()
    flat_urls: frozenset[str] = frozenset()
    scopes: tuple[IndexScope, ...] = ()
    cooldown: Cooldown = Cooldown()

    @property
    def urls(self) -> tuple[str, ...]:
        """Every index that has a URL here; the public one has none."""
        listed = (self.index_url, *self.extra_index_urls, *self.supplemental_urls, *(one.url for one in self.scopes))
        return tuple(dict.fromkeys(filter(None, listed)))

    @property
    def origin(self) -> str:
        """Where the requirements of builds come from, without logins; empty where one index leaves no choice."""
        if not (self.extra_index_urls or self.supplemental_urls or self.scopes):
            return ""
        scopes = [(without_credentials(one.url), one.only, one.never, str(one.marker)) for one in self.scopes]
        return repr(([without_credentials(url) for url in self.urls], self.strategy.value, scopes))

    @property
    def may_split_versions(self) -> bool:
        """Whether the files of one version may lie in several places: a resolver may list those of one of them only."""
        indexes = (*self.extra_index_urls, *self.scopes)
        is_merged = bool(indexes) and self.strategy is IndexStrategy.MERGE and not self.no_index
        return is_merged or bool(self.find_links)

    def on(self, target: Target) -> IndexSettings:
        """Only the scopes that count on the target."""
        return replace(self, scopes=tuple(scope for scope in self.scopes if target.satisfies(scope.marker)))


class ProjectIndexes(Struct, frozen=True):
    """The indexes that a project's manifest names, in the terms of its tool ('uv', 'poetry', 'pdm').

    `default_url` takes the public index's place; `urls` are asked beside it, `supplemental_urls` only for what those
    do not have (`PUBLIC_INDEX` among them is the public one). `flat_urls` are those of them that are pages of links.
    `strategy` is what the tool does with several indexes; `is_chosen` says that the manifest itself names it.
    """

    tool: str
    default_url: str | None = None
    urls: tuple[str, ...] = ()
    supplemental_urls: tuple[str, ...] = ()
    scopes: tuple[IndexScope, ...] = ()
    flat_urls: frozenset[str] = frozenset()
    strategy: IndexStrategy = IndexStrategy.MERGE
    is_chosen: bool = False


def scoped_urls(scopes: Iterable[IndexScope], name: NormalizedName) -> tuple[tuple[str, ...], frozenset[str]]:
    """The indexes that alone serve a package (empty where all may), and those that do not serve it."""
    rows = tuple(scopes)
    only = dict.fromkeys(scope.url for scope in rows if _matches(name, scope.only))
    never = frozenset(scope.url for scope in rows if _matches(name, scope.never))
    return tuple(only), never - only.keys()


def _matches(name: NormalizedName, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
