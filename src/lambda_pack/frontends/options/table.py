"""The one table of options: the command line, `[tool.lambda-pack]` and the help are made from it."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from types import MappingProxyType

from msgspec.structs import replace

from lambda_pack.frontends.options.building import BUILDING
from lambda_pack.frontends.options.bundle import BUNDLE
from lambda_pack.frontends.options.delivery import DELIVERY
from lambda_pack.frontends.options.glue import GLUE
from lambda_pack.frontends.options.indexes import INDEXES
from lambda_pack.frontends.options.inputs import INPUTS
from lambda_pack.frontends.options.option import Kind, Option
from lambda_pack.frontends.options.own_code import OWN_CODE
from lambda_pack.frontends.options.slimming import EXCLUSIONS, SLIMMING
from lambda_pack.frontends.options.wheelhouse import WHEELHOUSE

__all__ = ["GROUPS", "OPTIONS", "TARGETS", "add_audit_options", "add_delivery_options", "add_options"]

GROUPS = (INPUTS, BUNDLE, OWN_CODE, EXCLUSIONS, SLIMMING, BUILDING, WHEELHOUSE, INDEXES, DELIVERY, GLUE)

OPTIONS: Mapping[str, Option] = MappingProxyType(
    {name: option for group in GROUPS for name, option in group.options.items()}
)

TARGETS = ("runtime", "architecture")
"""The options that say where a bundle must load; where there may be several targets, each takes several values."""


def add_options(parser: argparse.ArgumentParser, *, is_pack: bool, targets: bool = False) -> None:
    """Give a subcommand its options; what the user does not say stays absent, so that a default is said only once.

    With `targets` there may be several runtimes and architectures.
    """
    for group in GROUPS:
        if group.only_pack and not is_pack:
            continue
        shown = parser.add_argument_group(group.title)
        for name, option in group.options.items():
            is_many = targets and name in TARGETS
            _add(shown, replace(option, kind=Kind.MANY) if is_many else option)


def add_delivery_options(parser: argparse.ArgumentParser) -> None:
    """Give a subcommand the options that say where an archive goes."""
    shown = parser.add_argument_group(DELIVERY.title)
    for option in DELIVERY.options.values():
        _add(shown, option)


def add_audit_options(parser: argparse.ArgumentParser) -> None:
    """Give a subcommand what it takes to judge bundles that are there."""
    group = parser.add_argument_group("what to audit, and for where")
    group.add_argument("archives", nargs="+", metavar="ZIP|DIR|WHEEL", help="what lies on Lambda together")
    for name in TARGETS:
        _add(group, OPTIONS[name])
    group.add_argument("--json", action="store_true", help="print the verdict on each file as JSON")
    group.add_argument("--sarif", metavar="FILE", help="write the findings for GitHub code scanning")


def _add(group: argparse._ArgumentGroup, option: Option) -> None:
    spellings = [f"--{option.name}"] if not option.short else [f"-{option.short}", f"--{option.name}"]
    match option.kind:
        case Kind.SWITCH:
            group.add_argument(*spellings, dest=option.name, action="store_true", help=option.help)
        case Kind.MANY:
            text = option.help + _listed(option)
            group.add_argument(*spellings, dest=option.name, action="append", metavar=option.metavar, help=text)
        case Kind.ONE:
            _add_one(group, spellings, option)


def _add_one(group: argparse._ArgumentGroup, spellings: list[str], option: Option) -> None:
    default = f" (default: {option.default})" if option.default else ""
    metavar = option.metavar or option.name.upper()
    group.add_argument(*spellings, dest=option.name, metavar=metavar, help=f"{option.help}{default}{_listed(option)}")


def _listed(option: Option) -> str:
    """Values are judged where they are parsed (`Target.parse`), with a better message than argparse has."""
    return f": {', '.join(option.choices)}" if option.choices else ""
