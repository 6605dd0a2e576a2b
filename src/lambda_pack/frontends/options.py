"""The one table of options: the command line, `[tool.lambda-pack]` and the help are made from it."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from types import MappingProxyType

from lambda_pack.model.building import Building
from lambda_pack.model.choices import (
    AuditMode,
    BuilderName,
    BuildNetwork,
    Collision,
    IfExists,
    IndexStrategy,
    Layout,
    Preference,
    ResolverName,
)
from lambda_pack.model.limits import LOADING_TIME
from lambda_pack.model.request import DEFAULTS
from lambda_pack.model.targets import DEFAULT_ARCHITECTURE, RUNTIMES, Architecture

__all__ = [
    "OPTIONS",
    "Kind",
    "Option",
    "add_audit_options",
    "add_delivery_options",
    "add_options",
    "add_verify_options",
]


class Kind(Enum):
    """How often an option may be given, and what follows it."""

    ONE = "one value"
    MANY = "several values"
    SWITCH = "true or false"


@dataclass(frozen=True, slots=True)
class Option:
    """One option by its long name without dashes.

    `default` is shown in the help and comes from `PackRequest`. `is_pip` marks the options about indexes and files that
    pip has, too, with its meaning; `is_s3` those about delivery, `is_build` those about builds.
    """

    name: str
    help: str
    kind: Kind = Kind.ONE
    short: str = ""
    metavar: str = ""
    choices: tuple[str, ...] = ()
    default: str = ""
    is_pip: bool = False
    only_pack: bool = False
    is_s3: bool = False
    is_build: bool = False


def _values(choices: type[Enum]) -> tuple[str, ...]:
    return tuple(choice.value for choice in choices)


def _default(field: str) -> str:
    """The default of a field of `PackRequest`, as users write it."""
    value = DEFAULTS[field]
    return str(value.value if isinstance(value, Enum) else value)


_BUILDING = Building()
_ALL = (
    Option("requirements", "requirements file, or any other input", Kind.MANY, short="r", metavar="FILE"),
    Option("input", "the lock, manifest or script that counts, in PROJECT", metavar="FILE"),
    Option("group", "dependency group to pack, too", Kind.MANY, metavar="NAME"),
    Option("only-group", "dependency group to pack, without the main dependencies", Kind.MANY, metavar="NAME"),
    Option("extra", "extra of the project to pack, too", Kind.MANY, metavar="NAME"),
    Option("locked", "fail where there is no lock, or one that its manifest has left behind", Kind.SWITCH),
    Option("runtime", "Lambda runtime (required)", choices=tuple(RUNTIMES)),
    Option("architecture", "instruction set", choices=_values(Architecture), default=DEFAULT_ARCHITECTURE.value),
    Option("name", "name of the bundle (default: the project's, or its folder's)", metavar="NAME"),
    Option(
        "output-dir",
        "folder for zip, report and lock",
        short="o",
        metavar="DIR",
        default=_default("output"),
        only_pack=True,
    ),
    Option("to-dir", "write the tree here instead of a zip", metavar="DIR", only_pack=True),
    Option(
        "layout",
        "where files lie in the archive",
        choices=_values(Layout),
        default=_default("layout"),
        only_pack=True,
    ),
    Option("source", "folder with your own code", Kind.MANY, metavar="DIR", only_pack=True),
    Option("exclude", "gitignore pattern of own code to leave out", Kind.MANY, metavar="PATTERN", only_pack=True),
    Option("include", "gitignore pattern of own code to keep", Kind.MANY, metavar="PATTERN", only_pack=True),
    Option("resolver", "who decides on versions", choices=_values(ResolverName), default=_default("resolver")),
    Option(
        "prefer",
        "newest version without a wheel: older one, or build it",
        choices=_values(Preference),
        default=_default("prefer"),
    ),
    Option(
        "on-collision",
        "two packages own one path",
        choices=_values(Collision),
        default=_default("on_collision"),
        only_pack=True,
    ),
    Option(
        "audit",
        "a wheel's files will not load: take another, warn, or do not look",
        choices=_values(AuditMode),
        default=_default("audit"),
        only_pack=True,
    ),
    Option("allow-unmet", "write the bundle without what is unmet (still exit code 3)", Kind.SWITCH, only_pack=True),
    Option("allow-oversize", "write a bundle larger than Lambda takes", Kind.SWITCH, only_pack=True),
    Option(
        "builder",
        "where builds run; auto: here, and in a container what does not fit then",
        choices=_values(BuilderName),
        default=_BUILDING.builder.value,
        is_build=True,
    ),
    Option("python", "interpreter for builds (default: one of the runtime's version)", metavar="FILE", is_build=True),
    Option("python-install", "let uv install an interpreter that is missing", Kind.SWITCH, is_build=True),
    Option("config-settings", "KEY=VALUE for build backends", Kind.MANY, short="C", metavar="KEY=VALUE", is_build=True),
    Option("build-constraint", "constraints file for what builds require", Kind.MANY, metavar="FILE", is_build=True),
    Option(
        "no-build-isolation",
        "build these with what the interpreter has installed; :all: for all",
        Kind.MANY,
        metavar="NAMES",
        is_build=True,
    ),
    Option("build-timeout", "limit for each build (default: none)", metavar="SECONDS", is_build=True),
    Option("build-image", "image for container builds (default: AWS's for the target)", metavar="IMAGE", is_build=True),
    Option("before-build", "run in the container first, as root", Kind.MANY, metavar="COMMAND", is_build=True),
    Option(
        "build-network",
        "what container builds reach; none keeps builds off this machine, too",
        choices=_values(BuildNetwork),
        default=_BUILDING.network.value,
        is_build=True,
    ),
    Option("no-build", "no code of packages runs, not even to resolve", Kind.SWITCH, is_build=True),
    Option("only-build", "code of these packages alone may run", Kind.MANY, metavar="NAMES", is_build=True),
    Option("no-build-package", "code of these packages does not run", Kind.MANY, metavar="NAMES", is_build=True),
    Option("rebuild", "build again what the cache has, and compare", Kind.SWITCH, is_build=True),
    Option("cache-dir", "folder for downloads (default: the user's cache)", metavar="DIR"),
    Option("no-cache", "keep nothing between runs", Kind.SWITCH),
    Option("index-url", "main index (default: the public one)", short="i", metavar="URL", is_pip=True),
    Option("extra-index-url", "further index", Kind.MANY, metavar="URL", is_pip=True),
    Option("index-strategy", "what several indexes mean", choices=_values(IndexStrategy), is_pip=True),
    Option("find-links", "folder or page with files", Kind.MANY, short="f", metavar="PLACE", is_pip=True),
    Option("no-index", "ask no index", Kind.SWITCH, is_pip=True),
    Option("trusted-host", "host whose certificate is not checked", Kind.MANY, metavar="HOST", is_pip=True),
    Option("constraint", "constraints file", Kind.MANY, short="c", metavar="FILE", is_pip=True),
    Option("no-binary", "build these from source", Kind.MANY, metavar="NAMES", is_pip=True),
    Option("only-binary", "never build these", Kind.MANY, metavar="NAMES", is_pip=True),
    Option("pre", "allow pre-releases", Kind.SWITCH, is_pip=True),
    Option("prefer-binary", "prefer older wheels to newer source", Kind.SWITCH, is_pip=True),
    Option("require-hashes", "every requirement must have a hash", Kind.SWITCH, is_pip=True),
    Option("cert", "file with certificate authorities", metavar="FILE", is_pip=True),
    Option("client-cert", "client certificate and key", metavar="FILE", is_pip=True),
    Option("proxy", "proxy for all requests", metavar="URL", is_pip=True),
    Option("timeout", "seconds to wait for the index", metavar="SECONDS", is_pip=True),
    Option("retries", "how often a passing fault is retried", metavar="COUNT", is_pip=True),
    Option("keyring-provider", "where credentials are looked up", choices=("disabled", "subprocess"), is_pip=True),
    Option("s3-uri", "upload the zip to s3://BUCKET/KEY; see --s3-key", metavar="URI", only_pack=True, is_s3=True),
    Option("s3-bucket", "upload the zip to this bucket", metavar="BUCKET", only_pack=True, is_s3=True),
    Option(
        "s3-key",
        "key, in which {name} {runtime} {architecture} {sha256} {sha256:12} {version} stand for the zip's; a folder "
        "with a slash at its end (default: the file's name)",
        metavar="KEY",
        only_pack=True,
        is_s3=True,
    ),
    Option(
        "s3-if-exists",
        "the key holds other bytes (default: overwrite; the same bytes are never sent again)",
        choices=_values(IfExists),
        only_pack=True,
        is_s3=True,
    ),
    Option("s3-kms-key-id", "encrypt with this KMS key", metavar="KEY", only_pack=True, is_s3=True),
    Option("s3-tag", "tag of the object", Kind.MANY, metavar="KEY=VALUE", only_pack=True, is_s3=True),
    Option("s3-storage-class", "storage class of the object", metavar="CLASS", only_pack=True, is_s3=True),
    Option("s3-bucket-owner", "account that must own the bucket", metavar="ACCOUNT", only_pack=True, is_s3=True),
    Option("s3-endpoint-url", "another place that speaks S3", metavar="URL", only_pack=True, is_s3=True),
    Option("s3-region", "region of the bucket (default: AWS's settings)", metavar="REGION", only_pack=True, is_s3=True),
)

_VERIFY_MANY = (
    ("layer", "ZIP", "layer of the function, in its order"),
    ("env", "NAME=VALUE", "variable that the function is configured with; it sees nothing else of yours"),
    ("skip", "MODULE", "do not import this one"),
)
_VERIFY_ONE = (
    ("runtime", "RUNTIME", f"Lambda runtime (default: what its report or its name says): {', '.join(RUNTIMES)}"),
    ("architecture", "ARCHITECTURE", f"instruction set of the runtime named: {', '.join(_values(Architecture))}"),
    ("python", "FILE", "interpreter of this machine (default: one of the runtime's version)"),
    ("handler", "NAME", "call this handler, for example app.handler"),
    ("event", "FILE", "JSON to call it with (default: {})"),
    ("with", "MEANS", "what loads it (default: auto, whatever is there): auto, host, container, qemu"),
    ("image", "IMAGE", "container image (default: AWS's of the runtime)"),
    ("cache-dir", "DIR", "folder for downloads and sysroots (default: the user's cache)"),
    ("sysroot", "DIR", "root folder of another architecture's system, with its Python, for qemu"),
    (
        "timeout",
        "SECONDS",
        f"how long the imports, and the handler, may take (default: {LOADING_TIME:g})",
    ),
)

OPTIONS: Mapping[str, Option] = MappingProxyType({option.name: option for option in _ALL})


def add_options(parser: argparse.ArgumentParser, *, is_pack: bool, targets: bool = False) -> None:
    """Give a subcommand its options; what the user does not say stays absent, so that a default is said only once.

    With `targets` there may be several runtimes and architectures.
    """
    own = parser.add_argument_group("what to pack, and how")
    building = parser.add_argument_group("building from source (docs/building.md)")
    index = parser.add_argument_group("indexes and files, as in pip")
    for option in OPTIONS.values():
        if option.only_pack and not is_pack:
            continue
        if not option.is_s3:
            is_many = targets and option.name in {"runtime", "architecture"}
            group = index if option.is_pip else building if option.is_build else own
            _add(group, replace(option, kind=Kind.MANY) if is_many else option)
    if is_pack:
        add_delivery_options(parser)


def add_delivery_options(parser: argparse.ArgumentParser) -> None:
    """Give a subcommand the options that say where an archive goes."""
    group = parser.add_argument_group("delivery to S3, with AWS's own settings and credentials")
    for option in OPTIONS.values():
        if option.is_s3:
            _add(group, option)


def add_audit_options(parser: argparse.ArgumentParser) -> None:
    """Give a subcommand what it takes to judge bundles that are there."""
    group = parser.add_argument_group("what to audit, and for where")
    group.add_argument("archives", nargs="+", metavar="ZIP|DIR|WHEEL", help="what lies on Lambda together")
    for name in ("runtime", "architecture"):
        _add(group, OPTIONS[name])
    group.add_argument("--json", action="store_true", help="print the verdict on each file as JSON")
    group.add_argument("--sarif", metavar="FILE", help="write the findings for GitHub code scanning")


def add_verify_options(parser: argparse.ArgumentParser) -> None:
    """Give a subcommand the options of `verify`, of which no project has settings."""
    parser.add_argument("archive", metavar="ZIP", help="the zip: a function's, or a layer's")
    for name, metavar, text in _VERIFY_MANY:
        parser.add_argument(f"--{name}", dest=name, action="append", default=[], metavar=metavar, help=text)
    for name, metavar, text in _VERIFY_ONE:
        parser.add_argument(f"--{name}", dest=name, metavar=metavar, help=text)
    parser.add_argument("--json", action="store_true", help="print the outcomes as JSON")


def _add(group: argparse._ArgumentGroup, option: Option) -> None:
    spellings = [f"--{option.name}"] if not option.short else [f"-{option.short}", f"--{option.name}"]
    match option.kind:
        case Kind.SWITCH:
            group.add_argument(*spellings, dest=option.name, action="store_true", help=option.help)
        case Kind.MANY:
            group.add_argument(*spellings, dest=option.name, action="append", metavar=option.metavar, help=option.help)
        case Kind.ONE:
            _add_one(group, spellings, option)


def _add_one(group: argparse._ArgumentGroup, spellings: list[str], option: Option) -> None:
    default = f" (default: {option.default})" if option.default else ""
    # Values are judged where they are parsed (`Target.parse`), with a better message than argparse has.
    listed = f": {', '.join(option.choices)}" if option.choices else ""
    metavar = option.metavar or option.name.upper()
    group.add_argument(*spellings, dest=option.name, metavar=metavar, help=f"{option.help}{default}{listed}")
