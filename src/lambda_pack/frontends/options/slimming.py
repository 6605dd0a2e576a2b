"""A smaller bundle: packages and files to leave out."""

from __future__ import annotations

from lambda_pack.frontends.options.option import Group, Kind, Option, values_of
from lambda_pack.model.choices import DistInfo, Part
from lambda_pack.model.slimming import Slimming

__all__ = ["EXCLUSIONS", "SLIMMING"]

EXCLUSIONS = Group.of(
    "packages to leave out (docs/slimming.md)",
    Option("exclude-package", "resolve it, and leave it out", Kind.MANY, metavar="NAMES"),
    Option("exclude-runtime-packages", "leave out what the runtime has itself, such as boto3", Kind.SWITCH),
)
SLIMMING = Group.of(
    "a smaller bundle (docs/slimming.md)",
    Option(
        "drop",
        "files to leave out, separated by commas",
        Kind.MANY,
        metavar="WHAT",
        choices=values_of(Part),
    ),
    Option(
        "dist-info",
        "how much of packages' metadata to pack",
        choices=values_of(DistInfo),
        default=Slimming().dist_info.value,
    ),
    Option("strip", "take symbols and debug data out of libraries", Kind.SWITCH),
    Option("compile", "add bytecode, made by an interpreter of the runtime's version", Kind.SWITCH),
    only_pack=True,
)
