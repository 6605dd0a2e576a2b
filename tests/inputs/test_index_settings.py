from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from lambda_pack.errors import UsageError
from lambda_pack.inputs.index_settings import IndexConfiguration, read_index_settings
from lambda_pack.inputs.pip_settings import configuration_files
from lambda_pack.inputs.requirements import RequirementsFile
from lambda_pack.model.choices import IndexStrategy
from lambda_pack.model.given import Given
from lambda_pack.model.indexes import PUBLIC_INDEX, IndexScope, IndexSettings, ProjectIndexes
from lambda_pack.model.requirements import FileChoice

CLI = "the command line"


@pytest.fixture
def alone(tmp_path: Path) -> dict[str, str]:
    """An environment that hides this machine's own files."""
    return {"XDG_CONFIG_DIRS": str(tmp_path / "xdg"), "VIRTUAL_ENV": str(tmp_path / "venv")}


def read(
    environ: Mapping[str, str],
    home: Path,
    *,
    cli: Mapping[str, str] | None = None,
    written: RequirementsFile | None = None,
) -> IndexConfiguration:
    overrides = {name: Given((value,), CLI) for name, value in (cli or {}).items()}
    # PIP_CONFIG_FILE hides /etc/pip.conf, which the tests cannot move.
    return read_index_settings(
        {"PIP_CONFIG_FILE": os.devnull, **environ}, home=home, overrides=overrides, written=written
    )


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_without_settings_everything_is_the_default(tmp_path: Path, alone: dict[str, str]) -> None:
    found = read(alone, tmp_path)
    assert (found.indexes, found.files, found.settings) == (IndexSettings(), FileChoice(), ())


@pytest.mark.parametrize(
    ("variable", "value", "field", "expected"),
    [
        ("PIP_INDEX_URL", "https://x.example", "index_url", "https://x.example"),
        ("PIP_EXTRA_INDEX_URL", " https://a.example\nhttps://b.example ", "extra_index_urls", 2),
        ("PIP_FIND_LINKS", "/a ~/b", "find_links", 2),
        ("PIP_NO_INDEX", "yes", "no_index", True),
        ("PIP_NO_INDEX", "0", "no_index", False),
        ("PIP_NO_INDEX", "", "no_index", False),
        ("PIP_TRUSTED_HOST", "a.example b.example:81", "trusted_hosts", ("a.example", "b.example:81")),
        ("PIP_CERT", "/c.pem", "certificates", "/c.pem"),
        ("PIP_CLIENT_CERT", "/c.pem", "client_certificate", "/c.pem"),
        ("PIP_PROXY", "http://p.example:3128", "proxy", "http://p.example:3128"),
        ("PIP_DEFAULT_TIMEOUT", "180", "timeout", 180.0),
        ("PIP_TIMEOUT", "7.5", "timeout", 7.5),
        ("PIP_RETRIES", "9", "retries", 9),
        ("PIP_KEYRING_PROVIDER", "subprocess", "keyring", True),
        ("PIP_KEYRING_PROVIDER", "disabled", "keyring", False),
        ("UV_INDEX_URL", "https://x.example", "index_url", "https://x.example"),
        ("UV_DEFAULT_INDEX", "corp=https://x.example", "index_url", "https://x.example"),
        ("UV_EXTRA_INDEX_URL", "https://a.example https://b.example", "extra_index_urls", 2),
        ("UV_INDEX", "one=https://a.example https://b.example?q=1", "extra_index_urls", 2),
        ("UV_FIND_LINKS", "/a,/b", "find_links", ("/a", "/b")),
        ("UV_NO_INDEX", "1", "no_index", True),
        ("UV_INSECURE_HOST", "a.example b.example", "trusted_hosts", ("a.example", "b.example")),
        ("UV_KEYRING_PROVIDER", "subprocess", "keyring", True),
        ("UV_INDEX_STRATEGY", "first-index", "strategy", IndexStrategy.FIRST_INDEX),
        ("UV_INDEX_STRATEGY", "unsafe-best-match", "strategy", IndexStrategy.MERGE),
        ("UV_HTTP_TIMEOUT", "60", "timeout", 60.0),
        ("UV_HTTP_RETRIES", "2", "retries", 2),
        ("SSL_CERT_FILE", "/c.pem", "certificates", "/c.pem"),
        ("REQUESTS_CA_BUNDLE", "/c.pem", "certificates", "/c.pem"),
        ("SSL_CLIENT_CERT", "/c.pem", "client_certificate", "/c.pem"),
    ],
)
def test_each_variable_is_heard(  # noqa: PLR0913  # fixtures and a row of the table
    tmp_path: Path, alone: dict[str, str], variable: str, value: str, *, field: str, expected: object
) -> None:
    found = getattr(read({**alone, variable: value}, tmp_path).indexes, field)
    assert (len(found) if isinstance(found, tuple) and isinstance(expected, int) else found) == expected


@pytest.mark.parametrize(
    ("environ", "files"),
    [
        ({"PIP_PRE": "1"}, FileChoice(all_releases=frozenset({":all:"}))),
        ({"PIP_PREFER_BINARY": "true"}, FileChoice(prefer_binary=True)),
        ({"PIP_NO_BINARY": "A.b,c"}, FileChoice(no_binary=frozenset({"a-b", "c"}))),
        ({"PIP_ONLY_BINARY": ":all:"}, FileChoice(only_binary=frozenset({":all:"}))),
        ({"UV_PRERELEASE": "allow"}, FileChoice(all_releases=frozenset({":all:"}))),
        ({"UV_NO_BUILD": "1"}, FileChoice(only_binary=frozenset({":all:"}))),
        ({"UV_NO_BINARY_PACKAGE": "a b"}, FileChoice(no_binary=frozenset({"a", "b"}))),
        (
            {"UV_NO_BUILD": "true", "PIP_NO_BINARY": "a"},
            FileChoice(no_binary=frozenset({"a"}), only_binary=frozenset({":all:"})),
        ),
    ],
)
def test_each_choice_of_files_is_heard(
    tmp_path: Path, alone: dict[str, str], environ: dict[str, str], files: FileChoice
) -> None:
    assert read({**alone, **environ}, tmp_path).files == files


def test_the_loudest_place_wins(tmp_path: Path, alone: dict[str, str]) -> None:
    """Each place in turn is the loudest of those that are left."""
    write(tmp_path / ".config/uv/uv.toml", 'index-url = "https://uv-toml.example"')
    write(tmp_path / "xdg/pip/pip.conf", "[global]\nindex-url = https://pip-conf.example\n")
    environ = {
        **alone,
        "UV_INDEX_URL": "https://uv.example",
        "UV_DEFAULT_INDEX": "https://uv-new.example",
        "PIP_INDEX_URL": "https://pip.example",
    }
    cli = {"index-url": "https://cli.example"}
    written = RequirementsFile(index_url="https://file.example")

    def source(found: IndexConfiguration) -> tuple[str | None, str]:
        (setting,) = (setting for setting in found.settings if setting.name == "index-url")
        return found.indexes.index_url, setting.source

    assert source(read(environ, tmp_path, cli=cli, written=written)) == ("https://cli.example", CLI)
    assert source(read(environ, tmp_path, written=written)) == ("https://file.example", "the requirements file")
    assert source(read(environ, tmp_path)) == ("https://pip.example", "PIP_INDEX_URL")
    del environ["PIP_INDEX_URL"]
    assert source(read(environ, tmp_path)) == ("https://uv-new.example", "UV_DEFAULT_INDEX")
    del environ["UV_DEFAULT_INDEX"], environ["UV_INDEX_URL"]
    assert source(read_index_settings(environ, home=tmp_path)) == (
        "https://pip-conf.example",
        str(tmp_path / "xdg/pip/pip.conf"),
    )
    uv_toml = str(tmp_path / ".config/uv/uv.toml")
    assert source(read(environ, tmp_path)) == ("https://uv-toml.example", uv_toml)


def test_lists_add_up_as_in_pip(tmp_path: Path, alone: dict[str, str]) -> None:
    environ = {**alone, "PIP_FIND_LINKS": "/pip", "UV_FIND_LINKS": "/uv", "PIP_EXTRA_INDEX_URL": "https://pip.example"}
    written = RequirementsFile(find_links=("/file",))
    found = read(
        environ, tmp_path, cli={"find-links": "/cli", "extra-index-url": "https://cli.example"}, written=written
    )
    assert found.indexes.find_links == ("/pip", "/file", "/cli")
    assert found.indexes.extra_index_urls == ("https://cli.example", "https://pip.example")


def test_an_index_in_the_requirements_file_puts_pips_extra_ones_aside(tmp_path: Path, alone: dict[str, str]) -> None:
    environ = {**alone, "PIP_EXTRA_INDEX_URL": "https://pip.example", "UV_INDEX": "https://uv.example"}
    written = RequirementsFile(index_url="https://file.example", extra_index_urls=("https://more.example",))
    found = read(environ, tmp_path, written=written)
    assert found.indexes.extra_index_urls == ("https://uv.example", "https://more.example")
    assert found.indexes.strategy is IndexStrategy.FIRST_INDEX


@pytest.mark.parametrize(
    ("platform", "environ", "places"),
    [
        (
            "linux",
            {"XDG_CONFIG_DIRS": "/one:/two"},
            ["/one/pip/pip.conf", "/two/pip/pip.conf", "/etc/pip.conf", "H/.pip/pip.conf", "H/.config/pip/pip.conf"],
        ),
        (
            "linux",
            {"XDG_CONFIG_HOME": "/config"},
            ["/etc/xdg/pip/pip.conf", "/etc/pip.conf", "H/.pip/pip.conf", "/config/pip/pip.conf"],
        ),
        (
            "darwin",
            {},
            ["/Library/Application Support/pip/pip.conf", "H/.pip/pip.conf", "H/.config/pip/pip.conf"],
        ),
        (
            "win32",
            {"PROGRAMDATA": "C:/Data", "APPDATA": "C:/Roaming"},
            ["C:/Data/pip/pip.ini", "H/pip/pip.ini", "C:/Roaming/pip/pip.ini"],
        ),
    ],
)
def test_pips_places(tmp_path: Path, platform: str, environ: dict[str, str], places: list[str]) -> None:
    found = configuration_files({**environ, "VIRTUAL_ENV": "/venv"}, home=tmp_path, platform=platform)
    name = "pip.ini" if platform == "win32" else "pip.conf"
    assert [path.as_posix().replace(tmp_path.as_posix(), "H") for path in found] == [*places, f"/venv/{name}"]


def test_a_file_that_pip_config_file_names_replaces_the_users(tmp_path: Path, alone: dict[str, str]) -> None:
    write(tmp_path / "my.conf", "[global]\nretries = 1\n")
    found = configuration_files(
        {**alone, "PIP_CONFIG_FILE": str(tmp_path / "my.conf")}, home=tmp_path, platform="linux"
    )
    assert not any(path.is_relative_to(tmp_path / ".config") for path in found)
    assert found[-1] == tmp_path / "my.conf"


def test_sections_and_files_of_pip_override_in_its_order(tmp_path: Path, alone: dict[str, str]) -> None:
    write(
        tmp_path / "xdg/pip/pip.conf",
        "[install]\nretries = 1\n[global]\ntimeout = 1\nproxy = http://global.example\n[list]\ntimeout = 99\n",
    )
    write(
        tmp_path / ".config/pip/pip.conf",
        "[global]\nretries = 2\n--Default_Timeout = 2\n[download]\nno-index = true\nextra-index-url =\n  a://a\n  b://b\n",
    )
    write(tmp_path / "venv/pip.conf", "[global]\ntimeout = 3\n")
    found = read_index_settings(alone, home=tmp_path).indexes
    assert (found.retries, found.timeout, found.proxy, found.no_index) == (1, 3.0, "http://global.example", True)
    assert found.extra_index_urls == ("a://a", "b://b")


def test_uv_toml(tmp_path: Path, alone: dict[str, str]) -> None:
    write(tmp_path / "xdg/uv/uv.toml", 'keyring-provider = "subprocess"\nindex-strategy = "first-index"\n')
    write(
        tmp_path / ".config/uv/uv.toml",
        """
        allow-insecure-host = ["a.example"]
        no-build-package = ["b"]
        find-links = ["links"]
        index-strategy = "unsafe-first-match"
        [[index]]
        name = "my-corp"
        url = "https://corp.example/simple"
        default = true
        [[index]]
        url = "https://more.example/simple"
        [[index]]
        name = "only-where-named"
        url = "https://explicit.example/simple"
        explicit = true
        [[index]]
        url = "https://flat.example/"
        format = "flat"
        [pip]
        no-binary = ["c"]
        """,
    )
    environ = {**alone, "UV_INDEX_MY_CORP_USERNAME": "me", "UV_INDEX_MY_CORP_PASSWORD": "p@ss"}
    found = read(environ, tmp_path)
    assert found.indexes == IndexSettings(
        index_url="https://me:p%40ss@corp.example/simple",
        extra_index_urls=("https://more.example/simple", "https://flat.example/"),
        find_links=(str(tmp_path / ".config/uv/links"),),
        trusted_hosts=("a.example",),
        keyring=True,
        strategy=IndexStrategy.FIRST_MATCH,
        flat_urls=frozenset({"https://flat.example/"}),
    )
    assert found.files == FileChoice(no_binary=frozenset({"c"}), only_binary=frozenset({"b"}))
    assert read({**environ, "UV_NO_CONFIG": "1"}, tmp_path).indexes == IndexSettings()


def test_a_relative_place_in_uv_toml_is_beside_it(tmp_path: Path, alone: dict[str, str]) -> None:
    write(tmp_path / "my/uv.toml", 'find-links = ["links"]')
    found = read({**alone, "UV_CONFIG_FILE": str(tmp_path / "my/uv.toml")}, tmp_path)
    assert found.indexes.find_links == (str(tmp_path / "my/links"),)


def test_no_value_shown_has_credentials(tmp_path: Path, alone: dict[str, str]) -> None:
    environ = {
        **alone,
        "PIP_EXTRA_INDEX_URL": "https://me:topsecret@a.example https://token12@b.example",
        "UV_INDEX_URL": "https://me:topsecret@c.example",
        "PIP_PROXY": "http://me:topsecret@p.example",
    }
    shown = str(read(environ, tmp_path).settings)
    assert "topsecret" not in shown
    assert "token12" not in shown
    assert "https://****@a.example" in shown


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PIP_NO_INDEX", "perhaps"),
        ("PIP_TIMEOUT", "soon"),
        ("PIP_RETRIES", "-1"),
        ("PIP_TIMEOUT", "nan"),
        ("PIP_KEYRING_PROVIDER", "gnome"),
        ("UV_INDEX_STRATEGY", "best"),
        ("PIP_INDEX_URL", "https://x.example:port/"),
    ],
)
def test_a_value_without_meaning_names_itself_and_its_place(
    tmp_path: Path, alone: dict[str, str], variable: str, value: str
) -> None:
    with pytest.raises(UsageError, match=f"'{value}'.*{variable}"):
        read({**alone, variable: value}, tmp_path)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("xdg/pip/pip.conf", "index-url = https://me:topsecret@a.example"),
        (".config/uv/uv.toml", "index-url = https://me:topsecret@a.example"),
    ],
)
def test_a_damaged_file_is_said_without_what_is_in_it(
    tmp_path: Path, alone: dict[str, str], path: str, text: str
) -> None:
    write(tmp_path / path, text)
    with pytest.raises(UsageError, match="cannot be read") as caught:
        read_index_settings(alone, home=tmp_path)
    assert path in str(caught.value)
    assert "topsecret" not in str(caught.value)


def test_a_uv_config_file_that_is_missing_is_said(tmp_path: Path, alone: dict[str, str]) -> None:
    with pytest.raises(UsageError, match="UV_CONFIG_FILE"):
        read({**alone, "UV_CONFIG_FILE": str(tmp_path / "none.toml")}, tmp_path)


PIP_PAIR = {"PIP_INDEX_URL": "https://pip.example", "PIP_EXTRA_INDEX_URL": "https://more.example"}


@pytest.mark.parametrize(
    ("environ", "cli", "strategy", "urls"),
    [
        # pip's alone are merged, and uv's alone are not.
        (PIP_PAIR, {}, IndexStrategy.MERGE, ["https://more.example"]),
        ({"UV_INDEX": "https://uv.example"}, {}, IndexStrategy.FIRST_INDEX, ["https://uv.example"]),
        # As soon as one is uv's, its rule counts for all, and it is asked before pip's.
        (
            {**PIP_PAIR, "UV_INDEX": "https://uv.example"},
            {},
            IndexStrategy.FIRST_INDEX,
            ["https://uv.example", "https://more.example"],
        ),
        (
            {"UV_INDEX": "https://uv.example"},
            {"extra-index-url": "https://cli.example"},
            IndexStrategy.FIRST_INDEX,
            ["https://cli.example", "https://uv.example"],
        ),
        (
            {"UV_DEFAULT_INDEX": "https://uv.example", "PIP_EXTRA_INDEX_URL": "https://more.example"},
            {},
            IndexStrategy.FIRST_INDEX,
            ["https://more.example"],
        ),
        # One index leaves no choice.
        ({"UV_DEFAULT_INDEX": "https://uv.example"}, {}, IndexStrategy.MERGE, []),
        # A strategy that was set counts for all, the command line's before uv's.
        (
            {**PIP_PAIR, "UV_INDEX_STRATEGY": "first-index"},
            {},
            IndexStrategy.FIRST_INDEX,
            ["https://more.example"],
        ),
        (
            {"UV_INDEX": "https://uv.example", "UV_INDEX_STRATEGY": "first-index"},
            {"index-strategy": "merge"},
            IndexStrategy.MERGE,
            ["https://uv.example"],
        ),
    ],
)
def test_one_rule_for_all_indexes(  # noqa: PLR0913  # fixtures and a row of the table
    tmp_path: Path,
    alone: dict[str, str],
    *,
    environ: dict[str, str],
    cli: dict[str, str],
    strategy: IndexStrategy,
    urls: list[str],
) -> None:
    found = read({**alone, **environ}, tmp_path, cli=cli)
    assert (found.indexes.strategy, list(found.indexes.extra_index_urls)) == (strategy, urls)
    is_mixed = strategy is IndexStrategy.FIRST_INDEX and "UV_INDEX_STRATEGY" not in environ
    others = [name for name in ("PIP_EXTRA_INDEX_URL", "extra-index-url") if name in {**environ, **cli}]
    assert bool(found.warnings) is (is_mixed and bool(others))


def test_both_uv_toml_files_name_indexes(tmp_path: Path, alone: dict[str, str]) -> None:
    write(tmp_path / "xdg/uv/uv.toml", '[[index]]\nurl = "https://system.example"\n')
    write(tmp_path / ".config/uv/uv.toml", '[[index]]\nurl = "https://user.example"\n')
    found = read({**alone, "UV_INDEX": "https://variable.example"}, tmp_path).indexes
    assert found.extra_index_urls == ("https://variable.example", "https://user.example", "https://system.example")


def test_what_a_project_keeps_to_an_index_is_told(tmp_path: Path, alone: dict[str, str]) -> None:
    scopes = (
        IndexScope("https://me:secret@corp.example", only=("lib",)),
        IndexScope("https://x.example", never=("b*",)),
    )
    project = ProjectIndexes("pdm", supplemental_urls=(PUBLIC_INDEX,), scopes=scopes)
    environ = {**alone, "PIP_INDEX_URL": "https://mirror.example"}
    found = read(environ, tmp_path, written=RequirementsFile(indexes=project))
    told = [(setting.name, setting.value) for setting in found.settings[-2:]]
    assert told == [("index of lib", "https://****@corp.example"), ("not the index of b*", "https://x.example")]
    # The public index by name is whatever the machine has in its place.
    assert found.indexes.supplemental_urls == ("https://mirror.example",)


@pytest.mark.parametrize("place", ["command line", "requirements", "variable"])
def test_what_a_project_takes_from_the_public_index_comes_from_what_replaces_it(
    place: str, tmp_path: Path, alone: dict[str, str]
) -> None:
    mirror = "https://mirror.example"
    project = ProjectIndexes("poetry", scopes=(IndexScope(PUBLIC_INDEX, only=("lib",)),))
    written = RequirementsFile(indexes=project, index_url=mirror if place == "requirements" else None)
    environ = {**alone, "PIP_INDEX_URL": mirror} if place == "variable" else alone
    found = read(environ, tmp_path, cli={"index-url": mirror} if place == "command line" else {}, written=written)
    assert [scope.url for scope in found.indexes.scopes] == [mirror]


def test_the_default_index_of_uvs_manifest_brings_uvs_rule(tmp_path: Path, alone: dict[str, str]) -> None:
    project = ProjectIndexes("uv", default_url="https://project.example", strategy=IndexStrategy.FIRST_INDEX)
    environ = {**alone, "PIP_EXTRA_INDEX_URL": "https://more.example"}
    found = read(environ, tmp_path, written=RequirementsFile(indexes=project))
    assert found.indexes.strategy is IndexStrategy.FIRST_INDEX
    assert len(found.warnings) == 1
