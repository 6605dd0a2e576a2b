"""Where the indexes of a run are, and in which order they are asked for a package."""

from __future__ import annotations

from collections.abc import Iterator

from packaging.utils import NormalizedName

from lambda_pack.model.choices import IndexStrategy, ResolverName
from lambda_pack.model.indexes import PUBLIC_INDEX, IndexSettings, scoped_urls
from lambda_pack.tools.parts import Part, default_index, need

__all__ = ["index_tiers", "index_urls", "is_native", "public_index"]


def public_index() -> str:
    """The URL of the public index that installers use by default.

    It is asked of pip, so that whoever patches pip for a mirror patches this, too, and our sources name no host.
    """
    noted = default_index()
    if noted is not None:
        return noted
    need(Part.BUILD)
    from pip._internal.models.index import PyPI

    return str(PyPI.simple_url)


def index_urls(settings: IndexSettings) -> tuple[str, ...]:
    """Every index that may be asked for any package, in the order in which they are asked."""
    if settings.no_index:
        return ()
    general = (url for tier in _general(settings) for url in tier)
    return tuple(dict.fromkeys((*general, *(scope.url for scope in settings.scopes))))


def index_tiers(settings: IndexSettings, name: NormalizedName) -> tuple[tuple[str, ...], ...]:
    """The indexes that a package may come from: the files of one tier are merged, a later tier is a fallback.

    With `first-index` a tier that knows the package ends the search, else one that has an allowed version of it.
    """
    if settings.no_index:
        return ()
    only, never = scoped_urls(settings.scopes, name)
    tiers = ((_known(url) for url in only),) if only else _general(settings)
    kept = (tuple(url for url in tier if url not in never) for tier in tiers)
    return tuple(tier for tier in kept if tier)


def is_native(settings: IndexSettings, resolver: ResolverName) -> bool:
    """Whether a tool's own options can say all of this; pip merges whatever it is given, and neither knows scopes."""
    if settings.no_index:
        return True
    if settings.scopes or settings.supplemental_urls:
        return False
    if resolver is ResolverName.UV:
        return True
    is_merged = settings.strategy is IndexStrategy.MERGE or not settings.extra_index_urls
    return is_merged and settings.index_url not in settings.flat_urls


def _general(settings: IndexSettings) -> Iterator[tuple[str, ...]]:
    """Pip asks its index before the extra ones; uv's rules make sense only with the default index last."""
    main, extra = _known(settings.index_url), settings.extra_index_urls
    if settings.strategy is IndexStrategy.MERGE:
        yield tuple(dict.fromkeys((main, *extra)))
    else:
        yield from ((url,) for url in dict.fromkeys((*extra, main)))
    yield from ((_known(url),) for url in settings.supplemental_urls)


def _known(url: str | None) -> str:
    return public_index() if url is None or url == PUBLIC_INDEX else url
