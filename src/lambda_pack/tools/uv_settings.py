"""Settings of indexes in uv's words: uv.toml, and what uv takes from variables alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import ceil
from pathlib import Path
from typing import Any

from lambda_pack.model.choices import IndexStrategy
from lambda_pack.model.cooldown import Cooldown
from lambda_pack.model.indexes import IndexSettings

__all__ = ["index_settings", "network_variables", "settings_text"]

_STRATEGIES = {
    IndexStrategy.MERGE: "unsafe-best-match",
    IndexStrategy.FIRST_INDEX: "first-index",
    IndexStrategy.FIRST_MATCH: "unsafe-first-match",
}

# A search runs uv many times within seconds. Of an index that does not say how long its pages may be kept, uv fetches
# every page again in each run; within one search it need not. Ten seconds, because uv's cache outlives the search, and
# a run that begins later than that sees what was uploaded in between.
_A_WHILE = "max-age=10"


def index_settings(indexes: IndexSettings, *, reuse_pages: bool) -> dict[str, object]:
    """Return the keys of uv.toml that say where uv looks and how it gets there; they may hold credentials.

    With `reuse_pages`, pages that uv has read within the last seconds need not be read again.
    """
    return {
        "index": list(_indexes(indexes, reuse_pages=reuse_pages)),
        "no-index": indexes.no_index,
        "find-links": [_flat(place) for place in indexes.find_links],
        "index-strategy": _STRATEGIES[indexes.strategy],
        "allow-insecure-host": list(indexes.trusted_hosts),
        "keyring-provider": "subprocess" if indexes.keyring else "disabled",
        "http-proxy": indexes.proxy,
        "https-proxy": indexes.proxy,
        **_cooldown(indexes.cooldown),
    }


def settings_text(settings: Mapping[str, object]) -> str:
    """Return the text of uv.toml, without the keys that say nothing."""
    import tomli_w

    return tomli_w.dumps({key: value for key, value in settings.items() if value not in ([], {}, False, None)})


def network_variables(indexes: IndexSettings) -> dict[str, str]:
    """Return what uv takes from nowhere but variables; all of it may be seen by package code."""
    settings = {"UV_HTTP_RETRIES": str(indexes.retries)}
    if indexes.timeout:
        settings["UV_HTTP_TIMEOUT"] = str(ceil(indexes.timeout))
    if indexes.certificates:
        authorities = Path(indexes.certificates).absolute()
        settings["SSL_CERT_DIR" if authorities.is_dir() else "SSL_CERT_FILE"] = str(authorities)
    if indexes.client_certificate:
        settings["SSL_CLIENT_CERT"] = str(Path(indexes.client_certificate).absolute())
    return settings


def _indexes(indexes: IndexSettings, *, reuse_pages: bool) -> Iterator[dict[str, Any]]:
    if indexes.no_index:
        return
    age = {"cache-control": {"api": _A_WHILE, "files": _A_WHILE}} if reuse_pages else {}
    # uv asks the default index last; with `first-index` the order matters, and pip's main index comes first.
    for url in indexes.extra_index_urls:
        yield {"url": url, **_format(url, indexes), **age}
    if indexes.index_url is not None:
        yield {"url": indexes.index_url, "default": True, **_format(indexes.index_url, indexes), **age}
    elif reuse_pages:
        from lambda_pack.tools.network.index_urls import public_index

        yield {"url": public_index(), "default": True, **age}


def _format(url: str, indexes: IndexSettings) -> dict[str, str]:
    return {"format": "flat"} if url in indexes.flat_urls else {}


def _cooldown(cooldown: Cooldown) -> dict[str, object]:
    named = {one.name: one.limit.before for one in cooldown.packages}
    general = cooldown.limit.before
    return {
        "exclude-newer": None if general is None else general.isoformat(),
        "exclude-newer-package": {name: False if one is None else one.isoformat() for name, one in named.items()},
    }


def _flat(place: str) -> str:
    return place if "://" in place else Path(place).absolute().as_uri()
