"""What the keys that lambda-pack reads must hold, for each kind of document; `inputs/documents.py` checks it.

A key that stands in none of these may hold anything: other programs own it. A key that is required is left to the
reader, which knows the versions of its format.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias, TypedDict

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["PLAN", "STACK", "shape_of"]

_Table: TypeAlias = dict[str, Any]
_Tables: TypeAlias = list[dict[str, Any]]
_Lists: TypeAlias = dict[str, list[str]]

_Project = TypedDict(
    "_Project",
    {
        "name": str,
        "version": str,
        "requires-python": str,
        "dependencies": list[str],
        "optional-dependencies": _Lists,
        "dynamic": list[str],
    },
    total=False,
)


class _Index(TypedDict, total=False):
    name: str
    url: str
    priority: str
    type: str
    format: str
    include_packages: list[str]
    exclude_packages: list[str]


class _Workspace(TypedDict, total=False):
    members: list[str]
    exclude: list[str]


_Uv = TypedDict(
    "_Uv",
    {
        "index": list[_Index],
        "sources": dict[str, _Table | _Tables],
        "workspace": _Workspace,
        "conflicts": list[list[dict[str, str | None]]],
        "dev-dependencies": list[str],
        "default-groups": list[str] | str,
    },
    total=False,
)
_PoetryGroup = TypedDict(
    "_PoetryGroup",
    {"dependencies": dict[str, str | _Table | list[Any]], "include-groups": list[str]},
    total=False,
)
_Poetry = TypedDict(
    "_Poetry",
    {
        "dependencies": dict[str, str | _Table | list[Any]],
        "dev-dependencies": dict[str, str | _Table | list[Any]],
        "group": dict[str, _PoetryGroup],
        "extras": _Lists,
        "source": list[_Index],
    },
    total=False,
)
_Pdm = TypedDict("_Pdm", {"dev-dependencies": _Lists, "source": list[_Index], "resolution": _Table}, total=False)


class _Tool(TypedDict, total=False):
    uv: _Uv
    poetry: _Poetry
    pdm: _Pdm


_Manifest = TypedDict(
    "_Manifest",
    {"project": _Project, "dependency-groups": dict[str, list[str | dict[str, str]]], "tool": _Tool},
    total=False,
)


class _Edge(TypedDict, total=False):
    name: str
    version: str
    source: _Table
    marker: str


class _File(TypedDict, total=False):
    file: str
    filename: str
    url: str
    path: str
    hash: str
    size: int


_Extras: TypeAlias = dict[str, list[_Edge]]
_UvMetadata = TypedDict("_UvMetadata", {"provides-extras": list[str], "requires-dev": dict[str, _Tables]}, total=False)
_UvPackage = TypedDict(
    "_UvPackage",
    {
        "name": str,
        "version": str,
        "source": dict[str, str | _Table],
        "resolution-markers": list[str],
        "environment-markers": list[str],
        "dependencies": list[_Edge],
        "optional-dependencies": _Extras,
        "dev-dependencies": _Extras,
        "dependency-groups": _Extras,
        "default-groups": list[str],
        "metadata": _UvMetadata,
        "sdist": _File,
        "wheels": list[_File],
    },
    total=False,
)
_UvManifest = TypedDict(
    "_UvManifest",
    {"members": list[str], "requirements": _Tables, "dependency-groups": dict[str, _Tables]},
    total=False,
)
_UvLock = TypedDict(
    "_UvLock",
    {
        "version": int,
        "revision": int,
        "requires-python": str,
        "supported-markers": list[str],
        "conflicts": list[list[dict[str, str]]],
        "manifest": _UvManifest,
        "package": list[_UvPackage],
        "distribution": list[_UvPackage],
    },
    total=False,
)


class _PoetryPackage(TypedDict, total=False):
    name: str
    version: str
    groups: list[str]
    markers: str | dict[str, str]
    files: list[_File]
    dependencies: dict[str, str | _Table | list[Any]]
    extras: _Lists
    source: dict[str, str]


_PoetryMetadata = TypedDict(
    "_PoetryMetadata",
    {
        "lock-version": str,
        "python-versions": str,
        "content-hash": str,
        "files": dict[str, list[_File]],
        "hashes": _Lists,
    },
    total=False,
)


class _PoetryLock(TypedDict, total=False):
    package: list[_PoetryPackage]
    extras: _Lists
    metadata: _PoetryMetadata


class _PdmPackage(TypedDict, total=False):
    name: str
    version: str
    marker: str
    requires_python: str
    groups: list[str]
    extras: list[str]
    dependencies: list[str]
    files: list[_File]
    git: str
    revision: str
    path: str
    url: str
    subdirectory: str


class _PdmMetadata(TypedDict, total=False):
    lock_version: str
    content_hash: str
    strategy: list[str]
    groups: list[str]
    targets: _Tables
    files: dict[str, list[_File]]


class _PdmLock(TypedDict, total=False):
    package: list[_PdmPackage]
    metadata: _PdmMetadata


class _PipfileEntry(TypedDict, total=False):
    version: str
    index: str
    markers: str
    hashes: list[str]
    git: str
    ref: str
    path: str
    file: str
    subdirectory: str


_PipfileMeta = TypedDict(
    "_PipfileMeta", {"hash": dict[str, str], "pipfile-spec": int, "sources": list[_Index]}, total=False
)


class _PipfileLock(TypedDict, total=False):
    _meta: _PipfileMeta
    default: dict[str, _PipfileEntry]
    develop: dict[str, _PipfileEntry]


class _Resource(TypedDict, total=False):
    Type: str
    Properties: _Table
    Metadata: _Table


class STACK(TypedDict, total=False):
    """A template of CloudFormation as the CDK writes it."""

    Resources: dict[str, _Resource | list[Any]]  # a list is what `Fn::ForEach` takes


class _Job(TypedDict):
    only: str


class PLAN(TypedDict):
    """The matrix that `plan --format github-matrix` prints."""

    include: list[_Job]


_SHAPES: Mapping[str, type[Any]] = MappingProxyType(
    {
        "pyproject.toml": _Manifest,
        "uv.lock": _UvLock,
        ".py.lock": _UvLock,
        "poetry.lock": _PoetryLock,
        "pdm.lock": _PdmLock,
        "Pipfile.lock": _PipfileLock,
    }
)


def shape_of(name: str) -> type[Any] | None:
    """Return what a document of this name must hold, as far as it is read; None where its reader checks that itself."""
    return next((shape for end, shape in _SHAPES.items() if name.endswith(end)), None)
