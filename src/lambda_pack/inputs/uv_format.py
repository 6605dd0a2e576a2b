"""What a uv.lock may hold, so that nothing in it is skipped without a word.

Facts: the `*Wire` structs of `crates/uv-resolver/src/lock/mod.rs` of uv, read in 2026-11, and locks that uv 0.13.8
wrote (version 1, revision 5). uv raises the revision where it adds keys that older programs may leave aside, and the
version where they may not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from lambda_pack.errors import UsageError
from lambda_pack.inputs.documents import shown

__all__ = ["check_format", "normalized"]

_VERSION = 1
_REVISION = 5
_EXPORT = "update lambda-pack, or export it: uv export --format pylock.toml -o pylock.toml"

_DOCUMENT = frozenset(
    {"version", "revision", "requires-python", "resolution-markers", "supported-markers", "required-markers"}
    | {"conflicts", "options", "manifest", "package"}
)
_MANIFEST = frozenset(
    {"members", "requirements", "dependency-groups", "constraints", "overrides", "excludes", "build-constraints"}
    | {"dependency-metadata", "default-groups"}
)
_FILE = frozenset({"url", "path", "filename", "hash", "size", "upload-time", "upload_time", "zstd"})
_METADATA = frozenset({"requires-dist", "provides-extras", "requires-dev", "dependency-groups"})
# Keys of these decide what is packed, so an unknown one is refused.
_PACKAGE = frozenset(
    {"name", "version", "source", "resolution-markers", "dependencies", "optional-dependencies", "dev-dependencies"}
    | {"default-groups", "metadata", "sdist", "wheels"}
)
_DEPENDENCY = frozenset({"name", "version", "source", "extra", "marker"})
_SOURCE = frozenset({"registry", "git", "url", "subdirectory", "path", "directory", "editable", "virtual"})
_CONFLICT = frozenset({"package", "extra", "group"})
# What earlier versions of uv called the same thing.
_EARLIER = MappingProxyType({"dependency-groups": "dev-dependencies", "environment-markers": "resolution-markers"})


def normalized(content: Mapping[str, Any]) -> dict[str, Any]:
    """Return the lock with the keys that uv writes today in the place of those that it wrote in 2024."""
    found = {_EARLIER.get(key, key): value for key, value in content.items() if key != "distribution"}
    entries = content.get("package", content.get("distribution", ()))
    found["package"] = [{_EARLIER.get(key, key): value for key, value in entry.items()} for entry in entries]
    return found


def check_format(content: Mapping[str, Any], path: Path) -> tuple[str, ...]:
    """Return warnings about what is in a lock and unknown here, and left aside.

    Raises:
        UsageError: the lock has another version, or a key that may decide what is packed is unknown.
    """
    where = repr(shown(path).as_posix())
    if content["version"] != _VERSION:
        raise UsageError(f"{where} has the format {content['version']!r}, and lambda-pack knows {_VERSION}; {_EXPORT}")
    for what, unknown in _decisive(content):
        raise UsageError(f"{where} says {unknown!r} of {what}, which lambda-pack does not know; {_EXPORT}")
    revision = content.get("revision", 0)
    newer = f" (revision {revision}, and lambda-pack knows {_REVISION})" if revision > _REVISION else ""
    aside = sorted(set(_aside(content)))
    if aside:
        return (f"{where}{newer} says {', '.join(map(repr, aside))}, which lambda-pack leaves aside",)
    return (f"{where} may say more than lambda-pack reads{newer}; compare with `uv export`",) if newer else ()


def _decisive(content: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for items in content.get("conflicts", ()):
        for item in items:
            yield from (("a conflict", key) for key in item.keys() - _CONFLICT)
    for entry in content.get("package", ()):
        name = repr(entry["name"])
        yield from ((name, key) for key in sorted(entry.keys() - _PACKAGE))
        yield from ((f"the source of {name}", key) for key in sorted(entry.get("source", {}).keys() - _SOURCE))
        for edge in _edges(entry):
            below = f"{edge['name']!r}, which {name} requires"
            yield from ((below, key) for key in sorted(edge.keys() - _DEPENDENCY))


def _edges(entry: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield from entry.get("dependencies", ())
    for table in ("optional-dependencies", "dev-dependencies"):
        for edges in entry.get(table, {}).values():
            yield from edges


def _aside(content: Mapping[str, Any]) -> Iterator[str]:
    yield from content.keys() - _DOCUMENT
    yield from (f"manifest.{key}" for key in content.get("manifest", {}).keys() - _MANIFEST)
    for entry in content.get("package", ()):
        files = (*entry.get("wheels", ()), entry.get("sdist", {}))
        yield from (f"package.wheels.{key}" for file in files for key in file.keys() - _FILE)
        yield from (f"package.metadata.{key}" for key in entry.get("metadata", {}).keys() - _METADATA)
