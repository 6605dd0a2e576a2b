"""From what the user said to a request: every option arrives, from the command line and from the table alike."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from lambda_pack.errors import UsageError
from lambda_pack.frontends.options.glue import GLUE
from lambda_pack.frontends.options.indexes import INDEXES
from lambda_pack.frontends.options.option import Kind
from lambda_pack.frontends.options.table import GROUPS, OPTIONS, add_options
from lambda_pack.frontends.options.wheelhouse import WHEELHOUSE
from lambda_pack.frontends.requests import CONFIG_FILE, delivery_of, gather, request_of
from lambda_pack.model.building import Building, BuildPermission
from lambda_pack.model.choices import (
    AuditMode,
    BuilderName,
    BuildNetwork,
    Collision,
    DistInfo,
    IfExists,
    Layout,
    Part,
    Preference,
    ResolverName,
)
from lambda_pack.model.delivery import S3Target
from lambda_pack.model.given import Given
from lambda_pack.model.layering import BySize
from lambda_pack.model.own_code import OwnCode
from lambda_pack.model.request import PackRequest
from lambda_pack.model.selection import Selection
from lambda_pack.model.slimming import Slimming
from lambda_pack.model.targets import Target

RUNTIME = ("--runtime", "python3.13")

AB, C = canonicalize_name("a-b"), canonicalize_name("c")

# Option, what is said (None for a switch), the field of the request, and what arrives there.
OWN = [
    ("requirements", ["a.txt", "b/pylock.toml"], "requirements", (Path("a.txt"), Path("b/pylock.toml"))),
    ("input", "uv.lock", "requirements", (Path("uv.lock"),)),
    ("group", ["worker"], "selection", Selection(groups=("worker",))),
    ("only-group", ["worker", "docs"], "selection", Selection(only_groups=("worker", "docs"))),
    ("extra", ["fast"], "selection", Selection(extras=("fast",))),
    ("locked", None, "locked", True),
    ("runtime", "python3.12", "target", Target.parse("python3.12", "x86_64")),
    ("architecture", "arm64", "target", Target.parse("python3.13", "arm64")),
    ("name", "shop", "name", "shop"),
    ("output-dir", "out", "output", Path("out")),
    ("to-dir", "task", "to_dir", Path("task")),
    ("layout", "layer", "layout", Layout.LAYER),
    ("layers", ["size"], "layering", BySize()),
    ("source", ["src", "more:lib"], "sources", (OwnCode(Path("src")), OwnCode(Path("more"), "lib/"))),
    ("project", ["."], "projects", (Path(),)),
    ("handler", "app.handler", "handler", "app.handler"),
    ("exclude", ["*.md", "docs/"], "excludes", ("*.md", "docs/")),
    ("include", ["keep.md"], "includes", ("keep.md",)),
    ("resolver", "pip", "resolver", ResolverName.PIP),
    ("prefer", "newest", "prefer", Preference.NEWEST),
    ("audit", "warn", "audit", AuditMode.WARN),
    ("on-collision", "last", "on_collision", Collision.LAST),
    ("allow-unmet", None, "allow_unmet", True),
    ("allow-oversize", None, "allow_oversize", True),
    ("force", None, "force", True),
    ("profile", "trace.json", "profile", Path("trace.json")),
    ("python", "/opt/python", "interpreter", Path("/opt/python")),
    ("cache-dir", "cache", "cache", Path("cache")),
    ("no-cache", None, "use_cache", False),
    ("config-settings", ["a=b", "--c=d=e"], "config_settings", (("a", "b"), ("--c", "d=e"))),
    ("builder", "container", "building", Building(builder=BuilderName.CONTAINER)),
    ("build-image", "localhost/a:b", "building", Building(image="localhost/a:b")),
    ("before-build", ["dnf install -y a", "b"], "building", Building(before=("dnf install -y a", "b"))),
    ("build-network", "none", "building", Building(network=BuildNetwork.NONE)),
    ("build-timeout", "2.5", "building", Building(timeout=2.5)),
    ("build-constraint", ["a.txt"], "building", Building(constraints=(Path("a.txt"),))),
    ("no-build-isolation", ["A_b,c"], "building", Building(without_isolation=frozenset({"a-b", "c"}))),
    ("python-install", None, "building", Building(may_install_python=True)),
    ("rebuild", None, "building", Building(rebuild=True)),
    ("no-build", None, "building", Building(permission=BuildPermission(nothing=True))),
    ("only-build", ["A_b, c"], "building", Building(permission=BuildPermission(only=frozenset({AB, C})))),
    ("no-build-package", ["A.b", "c"], "building", Building(permission=BuildPermission(never=frozenset({AB, C})))),
    ("exclude-package", ["A_b,c"], "slimming", Slimming(packages=frozenset({AB, C}))),
    ("exclude-runtime-packages", None, "slimming", Slimming(without_runtime=True)),
    ("drop", ["tests,pyi"], "slimming", Slimming(parts=frozenset({Part.TESTS, Part.STUBS}))),
    ("dist-info", "minimal", "slimming", Slimming(dist_info=DistInfo.MINIMAL)),
    ("strip", None, "slimming", Slimming(strip=True)),
    ("compile", None, "slimming", Slimming(compile=True)),
]
PIP = sorted(INDEXES.options)


def parsed(
    arguments: Sequence[str], folder: Path, *, is_pack: bool = True, environ: Mapping[str, str] | None = None
) -> PackRequest:
    """The request of a command line in a folder."""
    parser = argparse.ArgumentParser(allow_abbrev=False, exit_on_error=False)
    add_options(parser, is_pack=is_pack)
    return request_of(gather(vars(parser.parse_args(arguments)), folder, environ or {}))


def words(name: str, value: str | list[str] | None) -> list[str]:
    """An option as it is typed."""
    if value is None:
        return [f"--{name}"]
    return [f"--{name}={one}" for one in ([value] if isinstance(value, str) else value)]


def line(name: str, value: str | list[str] | None) -> str:
    """An option as it is written in the table; JSON and TOML write these alike."""
    return f"{name} = {'true' if value is None else json.dumps(value)}\n"


def write_table(folder: Path, *lines: str) -> None:
    """The project's pyproject.toml."""
    (folder / "pyproject.toml").write_text("[tool.lambda-pack]\n" + "".join(lines), encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project."""
    (tmp_path / "requirements.txt").touch()
    return tmp_path


@pytest.mark.parametrize(("name", "value", "field", "expected"), OWN, ids=[row[0] for row in OWN])
def test_an_option_reaches_the_request(
    folder: Path, name: str, value: str | list[str] | None, field: str, expected: object
) -> None:
    typed = parsed([*RUNTIME, *words(name, value)], folder)
    runtime = "" if name == "runtime" else 'runtime = "python3.13"\n'
    write_table(folder, runtime, line(name, value))
    written = parsed([], folder)

    assert getattr(typed, field) == expected
    assert getattr(written, field) == expected
    assert typed == written


@pytest.mark.parametrize("name", PIP)
def test_an_option_of_pip_reaches_it_with_who_said_it(folder: Path, name: str) -> None:
    value = {Kind.ONE: "7", Kind.MANY: ["one", "two"], Kind.SWITCH: None}[OPTIONS[name].kind]
    expected = {Kind.ONE: ("7",), Kind.MANY: ("one", "two"), Kind.SWITCH: ("true",)}[OPTIONS[name].kind]

    typed = parsed([*RUNTIME, *words(name, value)], folder)
    write_table(folder, 'runtime = "python3.13"\n', line(name, value))
    written = parsed([], folder)

    assert typed.options == {name: Given(expected, "the command line")}
    assert written.options == {name: Given(expected, "[tool.lambda-pack]")}


S3: list[tuple[str, str | list[str], str, object]] = [
    ("s3-bucket", "other-bucket", "target", S3Target("other-bucket", "")),
    ("s3-key", "a/{name}.zip", "target", S3Target("my-bucket", "a/{name}.zip")),
    ("s3-if-exists", "fail", "if_exists", IfExists.FAIL),
    ("s3-kms-key-id", "alias/mine", "kms_key", "alias/mine"),
    ("s3-tag", ["a=b", "c="], "tags", (("a", "b"), ("c", ""))),
    ("s3-storage-class", "STANDARD_IA", "storage_class", "STANDARD_IA"),
    ("s3-bucket-owner", "123456789012", "bucket_owner", "123456789012"),
    ("s3-endpoint-url", "http://127.0.0.1:9", "endpoint", "http://127.0.0.1:9"),
    ("s3-region", "eu-central-1", "region", "eu-central-1"),
]


@pytest.mark.parametrize(("name", "value", "field", "expected"), S3, ids=[row[0] for row in S3])
def test_an_option_reaches_the_delivery(
    folder: Path, name: str, value: str | list[str], field: str, expected: object
) -> None:
    write_table(folder, 's3-bucket = "my-bucket"\n' if name != "s3-bucket" else "", line(name, value))
    delivery = delivery_of(gather({}, folder, {}))

    assert delivery is not None
    assert getattr(delivery, field) == expected


def test_a_place_in_s3_as_one_uri(folder: Path) -> None:
    assert delivery_of(gather({}, folder, {})) is None
    write_table(folder, 's3-uri = "s3://my-bucket/folder/"\n')
    delivery = delivery_of(gather({}, folder, {}))

    assert delivery is not None
    assert delivery.target == S3Target.parse("s3://my-bucket/folder/")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (['s3-key = "a"\n'], "without a place"),
        (['s3-uri = "s3://my-bucket/a"\n', 's3-bucket = "b-b-b"\n'], "says bucket and key already"),
        (['s3-uri = "https://x.example/a"\n'], "s3://"),
        (['s3-bucket = "my-bucket"\n', 's3-if-exists = "ask"\n'], "ask"),
    ],
)
def test_a_place_that_is_none(folder: Path, lines: list[str], message: str) -> None:
    write_table(folder, *lines)
    with pytest.raises(UsageError, match=message):
        delivery_of(gather({}, folder, {}))


def test_these_are_all_options_and_all_fields() -> None:
    known = {row[0] for row in OWN} | set(PIP) | {row[0] for row in S3} | {"s3-uri"}
    others = set(GLUE.options) | set(WHEELHOUSE.options)
    assert known | others == set(OPTIONS), "these are in test_glue_requests and test_wheelhouse_requests"
    by_front_ends = {"options", "glue", "keeps_report"}
    assert {row[2] for row in OWN} | by_front_ends == set(PackRequest.__struct_fields__)


@pytest.mark.parametrize("option", [option for option in OPTIONS.values() if option.short], ids=lambda one: one.name)
def test_short_spellings(folder: Path, option: object) -> None:
    name, short = getattr(option, "name", ""), getattr(option, "short", "")
    assert parsed([*RUNTIME, f"-{short}", "a=b"], folder) == parsed([*RUNTIME, f"--{name}", "a=b"], folder)


def test_what_nobody_says_has_the_default_of_the_request(folder: Path) -> None:
    expected = PackRequest(Target.parse("python3.13"), (Path(),))
    assert parsed(RUNTIME, folder) == expected
    assert parsed(RUNTIME, folder, is_pack=False) == expected


def test_the_command_line_is_louder(folder: Path) -> None:
    write_table(folder, 'runtime = "python3.12"\n', 'architecture = "arm64"\n', 'source = ["lib"]\n', "pre = true\n")

    request = parsed(["--runtime", "python3.13", "--source", "src"], folder)

    assert request.target == Target.parse("python3.13", "arm64")
    assert request.sources == (OwnCode(Path("src")),), "not mixed: one of them says all"
    assert request.options == {"pre": Given(("true",), "[tool.lambda-pack]")}


@pytest.fixture
def machine(tmp_path: Path) -> Mapping[str, str]:
    """The environment of a machine with settings of its own, as a container image has them."""
    file = tmp_path / "machine.toml"
    file.write_text('runtime = "python3.11"\narchitecture = "arm64"\nresolver = "pip"\n', encoding="utf-8")
    return {CONFIG_FILE: str(file)}


def test_the_machine_speaks_last(folder: Path, machine: Mapping[str, str]) -> None:
    assert parsed([], folder, environ=machine).target == Target.parse("python3.11", "arm64")

    write_table(folder, 'runtime = "python3.12"\n', 'resolver = "uv"\n')
    request = parsed(["--runtime", "python3.13"], folder, environ=machine)

    assert request.target == Target.parse("python3.13", "arm64")
    assert request.resolver is ResolverName.UV
    assert gather({}, folder, machine)["architecture"] == Given(("arm64",), machine[CONFIG_FILE])


@pytest.mark.parametrize(
    ("written", "message"),
    [
        (None, r"'.*machine\.toml' is not there; name another settings file, or none"),
        ("[tool.lambda-pack]\n", r"'tool' in '.*machine\.toml' is unknown"),
        ("runtime = 3\nname = []\n", r"'name' in '.*machine\.toml' takes one value"),
        ("runtime = \n", r"machine\.toml' is not TOML"),
    ],
)
def test_settings_of_a_machine_that_cannot_be_used(
    folder: Path, machine: Mapping[str, str], written: str | None, message: str
) -> None:
    file = Path(machine[CONFIG_FILE])
    file.unlink()
    if written is not None:
        file.write_text(written, encoding="utf-8")

    with pytest.raises(UsageError, match=message):
        gather({}, folder, machine)


def test_no_machine_is_asked_where_none_is_named(folder: Path) -> None:
    with pytest.raises(UsageError, match="which runtime"):
        parsed([], folder, environ={CONFIG_FILE: ""})


@pytest.mark.parametrize(
    ("written", "expected"),
    [('source = "src"', ("src",)), ("retries = 3", ("3",)), ("timeout = 2.5", ("2.5",)), ("pre = false", ("false",))],
)
def test_ways_to_write_a_value(folder: Path, written: str, expected: tuple[str, ...]) -> None:
    write_table(folder, f"{written}\n")
    assert gather({}, folder, {})[written.partition(" ")[0]].values == expected


def test_a_switch_that_is_written_as_off_is_off(folder: Path) -> None:
    write_table(folder, 'runtime = "python3.13"\n', "no-cache = false\n", "allow-unmet = false\n")
    request = parsed([], folder)
    assert (request.use_cache, request.allow_unmet) == (True, False)


@pytest.mark.parametrize(
    "written",
    ["source = 3", 'source = ["a", 1]', "no-cache = 1", 'pre = "true"', "name = ['a']", "retries = true", "cert = {}"],
)
def test_a_value_of_the_wrong_kind(folder: Path, written: str) -> None:
    write_table(folder, f"{written}\n")
    with pytest.raises(UsageError, match=rf"'{written.partition(' ')[0]}' in .*pyproject\.toml.* takes "):
        gather({}, folder, {})


@pytest.mark.parametrize(
    ("key", "advice"), [("index_url", "did you mean 'index-url'"), ("zzz", "see lambda-pack pack")]
)
def test_an_unknown_key(folder: Path, key: str, advice: str) -> None:
    write_table(folder, f"{key} = 'x'\n")
    with pytest.raises(
        UsageError, match=rf"'{key}' in \[tool.lambda-pack\] of '.*pyproject.toml' is unknown; {advice}"
    ):
        gather({}, folder, {})


def test_a_table_that_is_none(folder: Path) -> None:
    (folder / "pyproject.toml").write_text("[tool]\nlambda-pack = 3\n", encoding="utf-8")
    with pytest.raises(UsageError, match="is not a table"):
        gather({}, folder, {})


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "which runtime"),
        (("--runtime", "python2.7"), "'python2.7' is not a Lambda runtime"),
        ((*RUNTIME, "--architecture", "mips"), "'mips' is not a Lambda architecture"),
        (
            (*RUNTIME, "--layout", "flat"),
            (
                "'flat' is not a layout; choose one of: function, layer, layer-site-packages, "
                "oci-dir, glue-ray, glue-spark"
            ),
        ),
        ((*RUNTIME, "--resolver", "poetry"), "'poetry' is not a resolver; choose one of: uv, pip"),
        ((*RUNTIME, "--prefer", "oldest"), "'oldest' is not a prefer; choose one of: compatible, newest"),
        ((*RUNTIME, "--on-collision", "first"), "'first' is not a on-collision; choose one of: error, last"),
        ((*RUNTIME, "--config-settings", "a"), "'a' is not KEY=VALUE"),
        ((*RUNTIME, "--config-settings", "=b"), "'=b' is not KEY=VALUE"),
        ((*RUNTIME, "--builder", "vm"), "'vm' is not a builder; choose one of: auto, host, container"),
        ((*RUNTIME, "--build-timeout", "soon"), "'soon' is not a build-timeout"),
        ((*RUNTIME, "--build-timeout", "-1"), "'-1' is not a build-timeout"),
        ((*RUNTIME, "--only-build", "a b"), "--only-build"),
        ((*RUNTIME, "--no-build", "--only-build", "a"), "leave one of them out"),
        ((*RUNTIME, "--build-network", "none", "--builder", "host"), "needs a container"),
    ],
)
def test_what_cannot_be_understood(folder: Path, arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        parsed(arguments, folder)


def test_check_has_no_options_for_writing(folder: Path) -> None:
    for group in GROUPS:
        for name, option in group.options.items() if group.only_pack else ():
            with pytest.raises((SystemExit, argparse.ArgumentError)):
                parsed([*RUNTIME, *words(name, None if option.kind is Kind.SWITCH else "x")], folder, is_pack=False)
