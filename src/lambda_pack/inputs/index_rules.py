"""One rule for all the indexes of a run, whichever tools they were set for.

- pip's indexes are merged (PIP_*, pip.conf, requirements files, and the options of lambda-pack, which are pip's).
- As soon as one that is asked was set for uv (UV_*, uv.toml, `[[tool.uv.index]]`), uv's rule counts for all: the first
  index that knows a package has all of it. Those of the command line are asked first, then uv's, then a project's and
  a requirements file's, then pip's, and the default index last.
- poetry's and pdm's are merged, supplemental ones aside.
- `index-strategy`, wherever it is set, counts for all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec import Struct

from lambda_pack.model.choices import IndexStrategy
from lambda_pack.model.given import Given, GivenSettings
from lambda_pack.model.indexes import ProjectIndexes

__all__ = ["IndexOrder", "IndexPlaces", "index_order", "section_of"]

_MAIN, _EXTRA, _FLAT = "index-url", "extra-index-url", "flat-index"


class IndexPlaces(Struct, frozen=True):
    """What each place says about indexes; `pip` and `uv` have variables first and the machine's files last."""

    command: GivenSettings
    written: GivenSettings
    project: ProjectIndexes | None
    pip: tuple[GivenSettings, GivenSettings]
    uv: tuple[GivenSettings, ...]


class IndexOrder(Struct, frozen=True):
    """The settings about indexes that count; `warning` says where one tool's rule was applied to another's indexes."""

    settings: Mapping[str, Given]
    flat_urls: frozenset[str] = frozenset()
    warning: str | None = None


def index_order(places: IndexPlaces, strategy: Given | None) -> IndexOrder:
    """Decide which indexes are asked, and by which rule; `strategy` is the `index-strategy` that was set, if any."""
    main = _main(places)
    for_uv, for_others = _extras(places)
    extra = [*for_others[:1], *for_uv, *for_others[1:]]
    settings: dict[str, Given] = {}
    if main is not None:
        settings[_MAIN] = main
    urls = tuple(dict.fromkeys(url for given in extra for url in given.values))
    if urls:
        settings[_EXTRA] = Given(urls, " and ".join(given.source for given in extra if given.values))
    rule, warning = _rule(places, main, for_uv, for_others) if strategy is None else (strategy, None)
    if rule is not None:
        settings["index-strategy"] = rule
    flat = (given.values for source in places.uv if (given := source.get(_FLAT)))
    own = places.project.flat_urls if places.project else frozenset()
    return IndexOrder(settings, own | {url for values in flat for url in values}, warning)


def _main(places: IndexPlaces) -> Given | None:
    """The index in the public one's place, from the loudest place; uv's variables are louder than its own manifest."""
    variables, *between, files = places.uv
    project = places.project
    of_uv = [variables] if project is not None and project.tool == "uv" else []
    own: GivenSettings = (
        {_MAIN: Given((project.default_url,), section_of(project))} if project and project.default_url else {}
    )
    order = (places.command, *of_uv, own, places.written, places.pip[0], variables, *between, places.pip[1], files)
    return next((settings[_MAIN] for settings in order if _MAIN in settings), None)


def _extras(places: IndexPlaces) -> tuple[list[Given], list[Given]]:
    """Further indexes: those that were set for uv, and all others, the command line's first (it may be empty)."""
    project, nothing = places.project, Given((), "")
    own = [Given(project.urls, section_of(project))] if project is not None and project.urls else []
    is_uv = project is not None and project.tool == "uv"
    of_uv = [settings.get(_EXTRA) for settings in places.uv]
    for_uv = [of_uv[0], *(own if is_uv else ()), *of_uv[1:]]
    # A variable of pip's puts its files aside; uv adds its files to its variables.
    of_pip = next((settings[_EXTRA] for settings in places.pip if _EXTRA in settings), None)
    others = [*(() if is_uv else own), places.written.get(_EXTRA), of_pip]
    command = places.command.get(_EXTRA, nothing)
    return [given for given in for_uv if given], [command, *(given for given in others if given)]


def _rule(
    places: IndexPlaces, main: Given | None, for_uv: Sequence[Given], for_others: Sequence[Given]
) -> tuple[Given | None, str | None]:
    """The strategy that follows from where the indexes were set; None where there is only one to ask."""
    others = [given for given in for_others if given.values]
    is_main_uv = main is not None and _is_for_uv(main, places)
    if not for_uv and not (is_main_uv and others):
        project = places.project
        if project is not None and project.strategy is not IndexStrategy.FIRST_INDEX:
            return Given((project.strategy.value,), section_of(project)), None
        return None, None
    because = for_uv[0].source if for_uv else main.source if main else ""
    rule = Given((IndexStrategy.FIRST_INDEX.value,), f"uv's rule, because of {because}")
    if not others:
        return rule, None
    theirs = " and ".join(given.source for given in others)
    return rule, (
        f"indexes are set for uv ({because}) and for another tool ({theirs}): uv's rule counts for all of them, so the "
        "first index that knows a package has all of it; choose another with --index-strategy"
    )


def _is_for_uv(main: Given, places: IndexPlaces) -> bool:
    project = places.project
    is_projects = project is not None and project.tool == "uv" and main.values == (project.default_url,)
    return is_projects or any(settings.get(_MAIN) == main for settings in places.uv)


def section_of(project: ProjectIndexes) -> str:
    """Return the name of the place that a project's indexes come from."""
    return f"the project's {project.tool} section"
