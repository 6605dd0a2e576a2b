"""Where to look for packages, as pip and uv are already told on this machine.

The loudest wins: command line, requirements file, PIP_* variables, UV_* variables, pip.conf, uv.toml, defaults.
uv's settings of the project stand between UV_* and pip.conf.
As in pip, three rules go beyond that:

- `find-links`, `trusted-host` and `constraint` of the command line and of the requirements file add to what the
  loudest of the other four says;
- `--index-url` in a requirements file puts aside the extra indexes of pip's settings;
- `no-binary` and `only-binary` are applied from the quietest to the loudest, each taking names out of the other.

Which indexes are asked, in which order and by whose rule, is decided in `index_rules`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TypeVar
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import replace

from lambda_pack.errors import UsageError
from lambda_pack.inputs.cooldowns import read_cooldown
from lambda_pack.inputs.index_rules import IndexOrder, IndexPlaces, index_order, section_of
from lambda_pack.inputs.pip_settings import read_pip_files, read_pip_variables
from lambda_pack.inputs.requirements import RequirementsFile
from lambda_pack.inputs.resolution_settings import with_prereleases
from lambda_pack.inputs.setting_values import number, truth
from lambda_pack.inputs.uv_settings import STRATEGIES, read_uv_files, read_uv_variables
from lambda_pack.model.choices import IndexStrategy
from lambda_pack.model.given import Given, GivenSettings
from lambda_pack.model.indexes import PUBLIC_INDEX, IndexScope, IndexSettings, ProjectIndexes
from lambda_pack.model.requirements import FileChoice
from lambda_pack.model.urls import masked

__all__ = ["IndexConfiguration", "Setting", "read_index_settings"]

Value = TypeVar("Value")

_ADDED = ("find-links", "trusted-host", "constraint")
_STRATEGIES = MappingProxyType({**{strategy.value: strategy for strategy in IndexStrategy}, **STRATEGIES})
_KEYRINGS = MappingProxyType({"disabled": False, "auto": True, "import": True, "subprocess": True})


class Setting(Struct, frozen=True):
    """A setting that somebody made, for people: its value has no credentials."""

    name: str
    value: str
    source: str


class IndexConfiguration(Struct, frozen=True):
    """Everything that was said about indexes and files; `settings` says by whom, in the order of their names.

    `constraints` are paths or URLs of constraints files. `found` has each setting as it was written, logins included.
    `warnings` say what was decided where settings contradict.
    """

    indexes: IndexSettings
    files: FileChoice
    constraints: tuple[str, ...]
    require_hashes: bool
    settings: tuple[Setting, ...]
    warnings: tuple[str, ...] = ()
    found: GivenSettings = MappingProxyType({})

    def paths(self, name: str) -> tuple[Path, ...]:
        """Return the files that a setting names."""
        return tuple(Path(text) for text in _values(self.found, name))


def read_index_settings(
    environ: Mapping[str, str],
    *,
    home: Path,
    overrides: GivenSettings = MappingProxyType({}),
    written: RequirementsFile | None = None,
    project: GivenSettings = MappingProxyType({}),
) -> IndexConfiguration:
    """The settings that apply, from every place that may hold some.

    `overrides` are the command line's, `written` is what the requirements files say, `project` what uv's settings of
    the project say.

    Raises:
        UsageError: a file cannot be parsed, or a value has no meaning.
    """
    from_file = _of_file(written) if written else {}
    manifest = written.indexes if written else None
    pip = (read_pip_variables(environ), read_pip_files(environ, home=home))
    uv = (read_uv_variables(environ), project, read_uv_files(environ, home=home))
    if "index-url" in from_file:
        pip = (_without_extra_indexes(pip[0]), _without_extra_indexes(pip[1]))
    quiet: tuple[GivenSettings, ...] = (pip[0], uv[0], uv[1], pip[1], uv[2], _certificate_variables(environ))
    found = _merged(overrides, from_file, quiet)
    order = index_order(
        IndexPlaces(overrides, from_file, manifest, pip, uv), _strategy((overrides, uv[0]), manifest, found)
    )
    for name in ("index-url", "extra-index-url", "index-strategy", "flat-index"):
        found.pop(name, None)
    found.update(order.settings)
    places = (overrides, from_file, *quiet)
    files = _file_choice(places, found)
    replaced = next((one["index-url"].values[-1] for one in places if "index-url" in one), PUBLIC_INDEX)
    indexes = _with_project(_index_settings(found, home, order), manifest, replaced)
    return IndexConfiguration(
        indexes=replace(indexes, cooldown=read_cooldown(found, places)),
        files=files,
        constraints=_values(found, "constraint"),
        require_hashes=_requires_hashes(found, written),
        settings=(*(_setting(name, found[name]) for name in sorted(found)), *_scope_settings(manifest)),
        warnings=(order.warning,) if order.warning else (),
        found=found,
    )


def _without_extra_indexes(settings: GivenSettings) -> GivenSettings:
    return {name: given for name, given in settings.items() if name != "extra-index-url"}


def _strategy(
    louder: Iterable[GivenSettings], project: ProjectIndexes | None, found: Mapping[str, Given]
) -> Given | None:
    """Return the `index-strategy` that was set, as it was written; the manifest's counts where no other sets one."""
    name = "index-strategy"
    said = next((settings[name] for settings in louder if name in settings), None)
    if said is None and project is not None and project.is_chosen:
        return Given((project.strategy.value,), section_of(project))
    return said or found.get(name)


def _with_project(indexes: IndexSettings, project: ProjectIndexes | None, public: str) -> IndexSettings:
    """With what only manifests can say; `public` is what the machine's settings have in the public index's place."""
    if project is None:
        return indexes
    supplemental = (public if url == PUBLIC_INDEX else url for url in project.supplemental_urls)
    scopes = (replace(one, url=public) if one.url == PUBLIC_INDEX else one for one in project.scopes)
    return replace(indexes, supplemental_urls=tuple(supplemental), scopes=tuple(scopes))


def _scope_settings(project: ProjectIndexes | None) -> Iterable[Setting]:
    if project is None:
        return
    for scope in project.scopes:
        if scope.only:
            yield Setting(f"index of {', '.join(scope.only)}", _shown(scope), section_of(project))
        if scope.never:
            yield Setting(f"not the index of {', '.join(scope.never)}", _shown(scope), section_of(project))


def _shown(scope: IndexScope) -> str:
    return masked(scope.url) or "the public index"


def _certificate_variables(environ: Mapping[str, str]) -> GivenSettings:
    """What OpenSSL, requests (so pip) and uv read beside their own settings."""
    settings: dict[str, Given] = {}
    for variable, name in (
        ("CURL_CA_BUNDLE", "cert"),
        ("SSL_CERT_FILE", "cert"),
        ("REQUESTS_CA_BUNDLE", "cert"),
        ("SSL_CLIENT_CERT", "client-cert"),
    ):
        if environ.get(variable):
            settings[name] = Given((environ[variable],), variable)
    return settings


def _of_file(written: RequirementsFile) -> GivenSettings:
    said: Iterable[tuple[str, Sequence[str]]] = (
        ("index-url", (written.index_url,) if written.index_url else ()),
        ("extra-index-url", written.extra_index_urls),
        ("find-links", written.find_links),
        ("trusted-host", written.trusted_hosts),
        ("no-index", ("true",) if written.no_index else ()),
        ("require-hashes", ("true",) if written.demands_hashes else ()),
        ("no-require-hashes", ("true",) if written.no_require_hashes else ()),
        ("all-releases", sorted(written.files.all_releases)),
        ("only-final", sorted(written.files.only_final)),
        ("prefer-binary", ("true",) if written.files.prefer_binary else ()),
        ("no-binary", sorted(written.files.no_binary)),
        ("only-binary", sorted(written.files.only_binary)),
    )
    return {name: Given(tuple(values), "the requirements file") for name, values in said if values}


def _merged(overrides: GivenSettings, from_file: GivenSettings, quiet: Sequence[GivenSettings]) -> dict[str, Given]:
    found: dict[str, Given] = {}
    for settings in reversed((overrides, from_file, *quiet)):
        found.update(settings)
    for name in _ADDED:
        base = next((settings[name] for settings in quiet if name in settings), None)
        parts = [given for given in (base, from_file.get(name), overrides.get(name)) if given]
        if parts:
            values = dict.fromkeys(value for given in parts for value in given.values)
            found[name] = Given(tuple(values), " and ".join(given.source for given in parts))
    return found


def _index_settings(found: Mapping[str, Given], home: Path, order: IndexOrder) -> IndexSettings:
    default = IndexSettings()
    for name in ("index-url", "extra-index-url", "proxy"):
        for text in _values(found, name):
            _check_url(text, found[name])
    links = (str(home / link[2:]) if link.startswith("~/") else link for link in _values(found, "find-links"))
    return IndexSettings(
        index_url=_text(found, "index-url"),
        extra_index_urls=_values(found, "extra-index-url"),
        find_links=tuple(links),
        no_index=_switch(found, "no-index"),
        trusted_hosts=_values(found, "trusted-host"),
        strategy=_choice(found, "index-strategy", _STRATEGIES, default.strategy),
        certificates=_text(found, "cert"),
        client_certificate=_text(found, "client-cert"),
        proxy=_text(found, "proxy"),
        timeout=number(found["timeout"], "timeout") if "timeout" in found else default.timeout,
        retries=int(number(found["retries"], "retries")) if "retries" in found else default.retries,
        keyring=_choice(found, "keyring-provider", _KEYRINGS, default.keyring),
        flat_urls=order.flat_urls,
    )


def _file_choice(places: Sequence[GivenSettings], found: Mapping[str, Given]) -> FileChoice:
    files = FileChoice(prefer_binary=_switch(found, "prefer-binary"))
    for settings in reversed(places):
        files = with_prereleases(files, settings)
        files = files.without_wheels(",".join(_values(settings, "no-binary")))
        files = files.without_sdists(",".join(_values(settings, "only-binary")))
    return files


def _requires_hashes(found: Mapping[str, Given], written: RequirementsFile | None) -> bool:
    """As in pip: hashes at some lines demand them of all, unless the user says that they do not."""
    demanded = written is not None and written.require_hashes and not _switch(found, "no-require-hashes")
    return demanded or _switch(found, "require-hashes")


def _setting(name: str, given: Given) -> Setting:
    return Setting(name, masked(" ".join(given.values)), given.source)


def _check_url(text: str, given: Given) -> None:
    try:
        urlsplit(text).port  # noqa: B018  # reading it is what fails
    except ValueError:
        raise UsageError(f"{masked(text)!r} in {given.source} is not a URL; correct it") from None


def _values(found: GivenSettings, name: str) -> tuple[str, ...]:
    return found[name].values if name in found else ()


def _text(found: Mapping[str, Given], name: str) -> str | None:
    return found[name].values[-1] if name in found else None


def _switch(found: Mapping[str, Given], name: str) -> bool:
    return name in found and truth(found[name], name)


def _choice(found: Mapping[str, Given], name: str, choices: Mapping[str, Value], default: Value) -> Value:
    if name not in found:
        return default
    text = found[name].values[-1]
    if text not in choices:
        raise UsageError(f"{text!r} for {name} in {found[name].source} is unknown; choose one of: {', '.join(choices)}")
    return choices[text]
