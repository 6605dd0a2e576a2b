"""Where uv keeps its settings: the UV_* variables and `uv.toml` of the user and of the system.

Facts: uv's documentation, "Environment variables", "Configuration files" and "Package indexes", read 2026-11 (uv 0.9).
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from lambda_pack.errors import UsageError
from lambda_pack.inputs.documents import parse_toml
from lambda_pack.inputs.resolution_settings import resolution_options
from lambda_pack.inputs.setting_values import truth
from lambda_pack.inputs.whole_files import read_whole_text
from lambda_pack.model.choices import IndexStrategy
from lambda_pack.model.given import Given, GivenSettings
from lambda_pack.model.urls import with_login

__all__ = [
    "STRATEGIES",
    "indexes_of",
    "named_indexes",
    "options_of",
    "read_uv_files",
    "read_uv_variables",
    "uv_files",
]

# Each of uv's variables that has a twin among pip's options, and what its words are apart by. Later rows are louder.
_VARIABLES = (
    ("HTTP_TIMEOUT", "timeout", None),
    ("UV_REQUEST_TIMEOUT", "timeout", None),
    ("UV_HTTP_TIMEOUT", "timeout", None),
    ("UV_HTTP_RETRIES", "retries", None),
    ("UV_INDEX_URL", "index-url", None),
    ("UV_DEFAULT_INDEX", "index-url", None),
    ("UV_FIND_LINKS", "find-links", ","),
    ("UV_NO_INDEX", "no-index", None),
    ("UV_INSECURE_HOST", "trusted-host", " "),
    ("UV_KEYRING_PROVIDER", "keyring-provider", None),
    ("UV_INDEX_STRATEGY", "index-strategy", None),
    ("UV_REQUIRE_HASHES", "require-hashes", None),
    ("UV_CONSTRAINT", "constraint", " "),
    ("UV_EXCLUDE_NEWER", "exclude-newer", None),
    ("UV_OVERRIDE", "override", " "),
    ("UV_EXCLUDE", "exclude", " "),
    ("UV_BUILD_CONSTRAINT", "build-constraint", " "),
    ("UV_NO_BINARY_PACKAGE", "no-binary", " "),
    ("UV_NO_BUILD_PACKAGE", "only-binary", " "),
)
STRATEGIES = MappingProxyType(
    {
        "first-index": IndexStrategy.FIRST_INDEX,
        "unsafe-first-match": IndexStrategy.FIRST_MATCH,
        "unsafe-best-match": IndexStrategy.MERGE,
    }
)
"""What uv's words for `index-strategy` mean."""
_NAMED = re.compile(r"(?P<name>[A-Za-z0-9_.-]+)=(?P<url>.+)")


def read_uv_variables(environ: Mapping[str, str]) -> GivenSettings:
    """What the UV_* variables say; an empty one says nothing."""
    settings: dict[str, Given] = {}
    for variable, name, separator in _VARIABLES:
        text = environ.get(variable, "").strip()
        if text:
            settings[name] = Given(_words(text, separator), variable)
    indexes = [
        (name, _words(environ[name], " "))
        for name in ("UV_INDEX", "UV_EXTRA_INDEX_URL")
        if environ.get(name, "").strip()
    ]
    if indexes:
        urls = tuple(url for _, words in indexes for url in words)
        settings["extra-index-url"] = Given(urls, " and ".join(name for name, _ in indexes))
    for variable, name in (("UV_NO_BINARY", "no-binary"), ("UV_NO_BUILD", "only-binary")):
        if environ.get(variable) and truth(Given((environ[variable],), variable), variable):
            settings[name] = Given((":all:",), variable)
    for key in ("prerelease", "resolution"):
        variable = f"UV_{key.upper()}"
        if text := environ.get(variable, "").strip():
            said = dict(resolution_options({key: text}))
            settings |= {name: Given(values, variable) for name, values in said.items() if values}
    return {
        name: Given(tuple(_index(text, environ) for text in given.values), given.source)
        if name in {"index-url", "extra-index-url"}
        else given
        for name, given in settings.items()
    }


def named_indexes(environ: Mapping[str, str]) -> dict[str, str]:
    """The URLs of the indexes that UV_INDEX and UV_DEFAULT_INDEX give a name, logins included."""
    words = (word for variable in ("UV_INDEX", "UV_DEFAULT_INDEX") for word in environ.get(variable, "").split())
    return {named["name"]: _index(word, environ) for word in words if (named := _NAMED.fullmatch(word))}


def read_uv_files(environ: Mapping[str, str], *, home: Path, platform: str = sys.platform) -> GivenSettings:
    """What uv's configuration files outside of projects say; the user's is louder than the system's.

    Raises:
        UsageError: a file cannot be parsed, or the one that UV_CONFIG_FILE names is missing.
    """
    settings: dict[str, Given] = {}
    for path in _files(environ, home, platform):
        if path.is_file():
            found = _read(path, environ)
            quieter = settings.get("extra-index-url")
            if quieter is not None and "extra-index-url" in found:
                # uv asks the indexes of both files, the louder file's first.
                values = (*found["extra-index-url"].values, *quieter.values)
                found["extra-index-url"] = Given(values, f"{path} and {quieter.source}")
            settings.update(found)
        elif environ.get("UV_CONFIG_FILE") == str(path):
            raise UsageError(
                f"{str(path)!r}, which UV_CONFIG_FILE names, does not exist; correct or unset the variable"
            )
    return settings


def _files(environ: Mapping[str, str], home: Path, platform: str) -> Iterator[Path]:
    if environ.get("UV_NO_CONFIG") and truth(Given((environ["UV_NO_CONFIG"],), "UV_NO_CONFIG"), "UV_NO_CONFIG"):
        return
    if environ.get("UV_CONFIG_FILE"):
        yield Path(environ["UV_CONFIG_FILE"])
    elif platform == "win32":
        yield Path(environ.get("PROGRAMDATA") or "C:/ProgramData") / "uv/uv.toml"
        yield Path(environ.get("APPDATA") or home / "AppData/Roaming") / "uv/uv.toml"
    else:
        folders = [Path(folder) for folder in environ.get("XDG_CONFIG_DIRS", "").split(os.pathsep) if folder]
        yield next((folder / "uv/uv.toml" for folder in folders if (folder / "uv/uv.toml").is_file()), _SYSTEM_FILE)
        yield Path(environ.get("XDG_CONFIG_HOME") or home / ".config") / "uv/uv.toml"


_SYSTEM_FILE = Path("/etc/uv/uv.toml")


def uv_files(
    environ: Mapping[str, str], *, home: Path, platform: str = sys.platform
) -> Iterator[tuple[Path, str, Mapping[str, object]]]:
    """Yield path, text and content of uv's configuration files outside of projects.

    Raises:
        UsageError: a file cannot be parsed.
    """
    for path in _files(environ, home, platform):
        if path.is_file():
            yield path, *_parsed(path)


def _read(path: Path, environ: Mapping[str, str]) -> dict[str, Given]:
    _, tables = _parsed(path)
    # Options of the pip interface stand in a table of their own, and are louder there.
    pip = tables.get("pip")
    merged = {**tables, **(pip if isinstance(pip, dict) else {})}
    options, indexes = dict(options_of(merged, path.parent)), indexes_of(merged.get("index"), environ)
    # The older setting is still heeded, behind the tables.
    indexes["extra-index-url"] = (*indexes.get("extra-index-url", ()), *options["extra-index-url"])
    found = {**options, **indexes}
    return {name: Given(values, str(path)) for name, values in found.items() if values}


def _parsed(path: Path) -> tuple[str, Mapping[str, object]]:
    try:
        text = read_whole_text(path)
        return text, parse_toml(text)
    except (OSError, ValueError, RecursionError) as error:
        # The parser's message names a position, not the text: no password can be in it.
        raise UsageError(f"uv's configuration {str(path)!r} cannot be read: {error}; correct it") from error


def options_of(table: Mapping[str, object], folder: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the settings of a table of uv's but `[[index]]`, with relative paths made absolute from the folder.

    Raises:
        UsageError: a value is of no kind that uv takes.
    """
    for key in ("index-url", "extra-index-url", "no-index", "index-strategy", "keyring-provider", "require-hashes"):
        yield key, _texts(table.get(key))
    yield "trusted-host", _texts(table.get("allow-insecure-host"))
    yield "find-links", tuple(_place(text, folder) for text in _texts(table.get("find-links")))
    settings = table.get("config-settings", {})
    if not isinstance(settings, Mapping):
        raise UsageError("config-settings is not a table; correct it")
    yield "config-settings", tuple(_pairs(settings))
    yield from resolution_options(table)
    for key, name in (("no-binary", "no-binary"), ("no-build", "only-binary")):
        everything = table.get(key) is True
        listed = () if isinstance(table.get(key), bool) else _texts(table.get(key))
        more = (*_texts(table.get(f"{key}-package")), *(_texts(table.get(name)) if name != key else ()))
        yield name, (":all:",) if everything else (*listed, *more)


def indexes_of(rows: object, environ: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """The `[[index]]` tables; an explicit one serves only packages that name it, so it is none of ours."""
    found: dict[str, tuple[str, ...]] = {}
    for row in rows if isinstance(rows, list) else []:
        if not isinstance(row, dict) or row.get("explicit") or not isinstance(row.get("url"), str):
            continue
        name = row.get("name")
        url = _index(f"{name}={row['url']}" if isinstance(name, str) else row["url"], environ)
        kind = "index-url" if row.get("default") else "extra-index-url"
        found[kind] = (*found.get(kind, ()), url)
        if row.get("format") == "flat":
            found["flat-index"] = (*found.get("flat-index", ()), url)
    return found


def _index(text: str, environ: Mapping[str, str]) -> str:
    """The URL of `name=url`, with the credentials that UV_INDEX_<NAME>_USERNAME and _PASSWORD hold for it."""
    named = _NAMED.fullmatch(text)
    if not named:
        return text
    return with_login(named["name"], named["url"], environ, prefix="UV_INDEX")


def _pairs(settings: Mapping[str, object]) -> Iterator[str]:
    for key, value in settings.items():
        yield from (f"{key}={text}" for text in _texts(value))


def _place(text: str, folder: Path) -> str:
    return text if "://" in text else str(folder / text)


def _texts(value: object) -> tuple[str, ...]:
    if isinstance(value, bool):
        return (str(value).lower(),)
    if isinstance(value, str):
        return (value,)
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, Iterable) else ()


def _words(text: str, separator: str | None) -> tuple[str, ...]:
    if separator is None:
        return (text.strip(),)
    parts = text.split() if separator == " " else text.split(separator)
    return tuple(part.strip() for part in parts if part.strip())
