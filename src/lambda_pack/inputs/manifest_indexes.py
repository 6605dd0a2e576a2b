"""The indexes that a manifest names, as its own tool uses them: which one serves which package, and in which order.

Facts: uv's documentation, "Package indexes"; poetry's, "Repositories"; pdm's, "Configure the package indexes"; and
what uv 0.13, poetry 2.5 and pdm 2.26 took from indexes on loopback (tests/end_to_end/test_index_rules.py), 2026-11.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import replace
from packaging.markers import Marker
from packaging.utils import NormalizedName, canonicalize_name

from lambda_pack.errors import UsageError
from lambda_pack.inputs.documents import read_toml, shown
from lambda_pack.inputs.manifest import Manifest, Source, extras_asked_for
from lambda_pack.inputs.manifest_sources import sources_of
from lambda_pack.inputs.poetry_manifest import marker_of
from lambda_pack.inputs.uv_settings import STRATEGIES, named_indexes
from lambda_pack.inputs.workspaces import workspace_root
from lambda_pack.model.choices import IndexStrategy
from lambda_pack.model.indexes import PUBLIC_INDEX, IndexScope, ProjectIndexes
from lambda_pack.model.selection import Selection

__all__ = ["project_indexes"]


def project_indexes(manifest: Manifest, selection: Selection, environ: Mapping[str, str]) -> ProjectIndexes | None:
    """The indexes of the manifest; None where it names none and says nothing about them.

    Where sections of several tools name indexes, those of uv count, then poetry's, then pdm's.

    Raises:
        UsageError: a dependency names an index that the manifest does not have, or a strategy is unknown.
    """
    sources = sources_of(manifest.content, environ)
    shared = _workspace_content(manifest)
    if shared is not None:
        manifest = replace(manifest, content=_with_workspace(manifest.content, shared))
        # uv asks the indexes of the workspace's root; those of a member only have names.
        own_names = [replace(source, is_explicit=True, is_default=False) for source in sources if source.tool == "uv"]
        others = [source for source in sources if source.tool != "uv"]
        sources = (*own_names, *(one for one in sources_of(shared, environ) if one.tool == "uv"), *others)
    for tool, read in (("uv", _of_uv), ("poetry", _of_poetry), ("pdm", _of_pdm)):
        own = [source for source in sources if source.tool == tool]
        section = manifest.content.get("tool", {}).get(tool, {})
        if own or (tool == "uv" and ("index-strategy" in section or _names_index(section))):
            return read(manifest, own, selection, environ)
    return None


def _names_index(section: Mapping[str, Any]) -> bool:
    """Whether a row of `[tool.uv.sources]` names an index, which a variable may have."""
    sources = section.get("sources", {}).values()
    return any("index" in row for value in sources for row in (value if isinstance(value, list) else [value]))


def _workspace_content(manifest: Manifest) -> Mapping[str, Any] | None:
    """The pyproject.toml of the workspace's root, for a member that is not the root."""
    folder = manifest.path.absolute().parent
    root = workspace_root(folder) if manifest.path.name == "pyproject.toml" else None
    return None if root is None or root == folder else read_toml(root / "pyproject.toml", what_now="correct it")


def _with_workspace(content: Mapping[str, Any], shared: Mapping[str, Any]) -> dict[str, Any]:
    """The member's content with uv's section of the root; sources of the member are louder."""
    tool, root = content.get("tool", {}), shared.get("tool", {}).get("uv", {})
    sources = {**root.get("sources", {}), **tool.get("uv", {}).get("sources", {})}
    return {**content, "tool": {**tool, "uv": {**root, "sources": sources}}}


def _of_uv(
    manifest: Manifest, sources: Sequence[Source], selection: Selection, environ: Mapping[str, str]
) -> ProjectIndexes:
    """The variables' indexes replace those of the same name, as in uv."""
    section = manifest.content["tool"]["uv"]
    named = named_indexes(environ)
    kept = [source for source in sources if source.name not in named]
    general = [source for source in kept if not source.is_explicit]
    chosen = section.get("index-strategy")
    if chosen is not None and chosen not in STRATEGIES:
        raise UsageError(
            f"{_where(manifest)}: {chosen!r} for index-strategy is unknown; choose one of: {', '.join(STRATEGIES)}"
        )
    return ProjectIndexes(
        "uv",
        default_url=next((source.url for source in general if source.is_default), None),
        urls=tuple(source.url for source in general if not source.is_default),
        scopes=tuple(_scopes_of_uv(manifest, {**_by_name(sources), **named}, selection)),
        flat_urls=frozenset(source.url for source in kept if source.is_flat),
        strategy=STRATEGIES.get(chosen, IndexStrategy.FIRST_INDEX),
        is_chosen=chosen is not None,
    )


def _scopes_of_uv(manifest: Manifest, urls: Mapping[str, str], selection: Selection) -> Iterator[IndexScope]:
    """One for each row of `[tool.uv.sources]` that names an index; uv heeds those of direct dependencies alone."""
    direct, extras = _direct_names(manifest), extras_asked_for(manifest, selection)
    for name, value in manifest.content["tool"]["uv"].get("sources", {}).items():
        if canonicalize_name(name) not in direct:
            continue
        rows = [row for row in (value if isinstance(value, list) else [value]) if "index" in row]
        selected = [row for row in rows if _is_selected(row, selection, extras)]
        # uv locks all extras and groups at once: where they do not conflict, the source that one of them names is that
        # of the package wherever it is asked for.
        is_one = len({row["index"] for row in rows}) == 1
        for row in selected or (rows if is_one else ()):
            marker = Marker(row["marker"]) if row.get("marker") else None
            yield _scope(manifest, name, row["index"], urls, marker)


def _is_selected(row: Mapping[str, Any], selection: Selection, extras: frozenset[NormalizedName]) -> bool:
    extra, group = row.get("extra"), row.get("group")
    is_extra = extra is None or canonicalize_name(extra) in extras
    return is_extra and (group is None or canonicalize_name(group) in selection.all_groups)


def _of_poetry(manifest: Manifest, sources: Sequence[Source], _: Selection, __: Mapping[str, str]) -> ProjectIndexes:
    """All primary ones are merged; a supplemental one is asked for what those before it do not have."""
    section = manifest.content["tool"]["poetry"]
    rows = section.get("source", ())
    public = next((_priority(row) for row in rows if "url" not in row), None)
    primary = [source.url for source in sources if source.priority in {"default", "primary"}]
    merged = [*primary, *(source.url for source in sources if source.priority == "secondary")]
    supplemental = [row["name"] for row in rows if _priority(row) == "supplemental"]
    urls = _by_name(sources)
    # The public index is asked unless a primary source takes its place; a row of its own says otherwise.
    is_public = public == "primary" or (public is None and not primary)
    return ProjectIndexes(
        "poetry",
        default_url=None if is_public or not merged else merged[0],
        urls=tuple(merged if is_public else merged[1:]),
        supplemental_urls=tuple(urls.get(name, PUBLIC_INDEX) for name in supplemental),
        scopes=tuple(_scopes_of_poetry(manifest, urls)),
    )


def _priority(row: Mapping[str, Any]) -> str:
    return str(row.get("priority", "primary")).lower()


def _scopes_of_poetry(manifest: Manifest, urls: Mapping[str, str]) -> Iterator[IndexScope]:
    section = manifest.content["tool"]["poetry"]
    tables = [section.get("dependencies", {}), section.get("dev-dependencies", {})]
    tables += [group.get("dependencies", {}) for group in section.get("group", {}).values()]
    for table in tables:
        for name, value in table.items():
            for row in value if isinstance(value, list) else [value]:
                if isinstance(row, dict) and "source" in row:
                    public = {"PyPI": PUBLIC_INDEX, "pypi": PUBLIC_INDEX}
                    yield _scope(manifest, name, row["source"], {**public, **urls}, marker_of(row))


def _of_pdm(manifest: Manifest, sources: Sequence[Source], _: Selection, __: Mapping[str, str]) -> ProjectIndexes:
    """All are merged, by patterns of names; with `respect-source-order` an earlier one is enough."""
    resolution = manifest.content["tool"]["pdm"].get("resolution", {})
    urls = [source.url for source in sources]
    default = next((source.url for source in sources if source.is_default), None)
    scopes = (IndexScope(source.url, source.only, source.never) for source in sources if source.only or source.never)
    flat = frozenset(source.url for source in sources if source.is_flat)
    if not resolution.get("respect-source-order"):
        others = tuple(url for url in urls if url != default)
        return ProjectIndexes("pdm", default, others, scopes=tuple(scopes), flat_urls=flat)
    # pdm puts the public index first, unless the manifest gives it another place.
    place = urls.index(default) if default is not None else 0
    before, after = urls[:place], urls[place + (default is not None) :]
    return ProjectIndexes(
        "pdm", default, tuple(before), tuple(after), tuple(scopes), flat, IndexStrategy.FIRST_MATCH, is_chosen=True
    )


def _scope(manifest: Manifest, package: str, index: str, urls: Mapping[str, str], marker: Marker | None) -> IndexScope:
    if index not in urls:
        known = ", ".join(map(repr, urls)) or "none"
        raise UsageError(
            f"{_where(manifest)}: {package!r} is to come from the index {index!r}, which is not there "
            f"(there: {known}); correct the name"
        )
    return IndexScope(urls[index], only=(canonicalize_name(package),), marker=marker)


def _direct_names(manifest: Manifest) -> frozenset[NormalizedName]:
    lines = [
        *manifest.main,
        *(line for table in (manifest.extras, manifest.groups) for rows in table.values() for line in rows),
    ]
    return frozenset(line.name for line in lines if line.name is not None)


def _by_name(sources: Sequence[Source]) -> dict[str, str]:
    """The first of a name counts."""
    return {source.name: source.url for source in reversed(sources) if source.name}


def _where(manifest: Manifest) -> str:
    return repr(shown(manifest.path).as_posix())
