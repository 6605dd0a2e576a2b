"""Builds from source."""

from __future__ import annotations

from lambda_pack.frontends.options.option import Group, Kind, Option, values_of
from lambda_pack.model.building import Building
from lambda_pack.model.choices import BuilderName, BuildNetwork

__all__ = ["BUILDING"]

_BUILDING = Building()
BUILDING = Group.of(
    "building from source (docs/building.md)",
    Option(
        "builder",
        "where builds run; auto: here, and in a container what does not fit then",
        choices=values_of(BuilderName),
        default=_BUILDING.builder.value,
    ),
    Option("python", "interpreter for builds (default: one of the runtime's version)", metavar="FILE"),
    Option("python-install", "let uv install an interpreter that is missing", Kind.SWITCH),
    Option("config-settings", "KEY=VALUE for build backends", Kind.MANY, short="C", metavar="KEY=VALUE"),
    Option("build-constraint", "constraints file for what builds require", Kind.MANY, metavar="FILE"),
    Option(
        "no-build-isolation",
        "build these with what the interpreter has installed; :all: for all",
        Kind.MANY,
        metavar="NAMES",
    ),
    Option("build-timeout", "limit for each build (default: none)", metavar="SECONDS"),
    Option("build-image", "image for container builds (default: AWS's for the target)", metavar="IMAGE"),
    Option("before-build", "run in the container first, as root", Kind.MANY, metavar="COMMAND"),
    Option(
        "build-network",
        "what container builds reach; none keeps builds off this machine, too",
        choices=values_of(BuildNetwork),
        default=_BUILDING.network.value,
    ),
    Option("no-build", "no code of packages runs, not even to resolve", Kind.SWITCH),
    Option("only-build", "code of these packages alone may run", Kind.MANY, metavar="NAMES"),
    Option("no-build-package", "code of these packages does not run", Kind.MANY, metavar="NAMES"),
    Option("rebuild", "build again what the cache has, and compare", Kind.SWITCH),
)
