"""Where the indexes of a run are."""

from __future__ import annotations

from lambda_pack.model.choices import IndexStrategy
from lambda_pack.model.requirements import IndexSettings

__all__ = ["index_urls", "public_index"]


def public_index() -> str:
    """The URL of the public index that installers use by default.

    It is asked of pip, so that whoever patches pip for a mirror patches this, too, and our sources name no host.
    """
    from pip._internal.models.index import PyPI

    return str(PyPI.simple_url)


def index_urls(settings: IndexSettings) -> tuple[str, ...]:
    """The indexes in the order in which they are asked.

    pip asks its index before the extra ones; uv's rule, that the first which knows a name has all of it, makes sense
    only with the default index last.
    """
    if settings.no_index:
        return ()
    main = settings.index_url or public_index()
    if settings.strategy is IndexStrategy.FIRST_INDEX:
        return tuple(dict.fromkeys((*settings.extra_index_urls, main)))
    return tuple(dict.fromkeys((main, *settings.extra_index_urls)))
