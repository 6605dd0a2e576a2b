"""What is packed, for which target, and how versions are chosen."""

from __future__ import annotations

from lambda_pack.frontends.options.option import Group, Kind, Option, default_of, values_of
from lambda_pack.model.choices import Preference, ResolverName
from lambda_pack.model.targets import DEFAULT_ARCHITECTURE, RUNTIMES, Architecture

__all__ = ["INPUTS"]

INPUTS = Group.of(
    "what to pack, and how",
    Option("requirements", "requirements file, or any other input", Kind.MANY, short="r", metavar="FILE"),
    Option("input", "the lock, manifest or script that counts, in PROJECT", metavar="FILE"),
    Option("group", "dependency group to pack, too", Kind.MANY, metavar="NAME"),
    Option("only-group", "dependency group to pack, without the main dependencies", Kind.MANY, metavar="NAME"),
    Option("extra", "extra of the project to pack, too", Kind.MANY, metavar="NAME"),
    Option("locked", "fail where there is no lock, or one that its manifest has left behind", Kind.SWITCH),
    Option("runtime", "Lambda runtime (required)", choices=tuple(RUNTIMES)),
    Option("architecture", "instruction set", choices=values_of(Architecture), default=DEFAULT_ARCHITECTURE.value),
    Option("name", "name of the bundle (default: the project's, or its folder's)", metavar="NAME"),
    Option("resolver", "who decides on versions", choices=values_of(ResolverName), default=default_of("resolver")),
    Option(
        "prefer",
        "newest version without a wheel: older one, or build it",
        choices=values_of(Preference),
        default=default_of("prefer"),
    ),
    Option("cache-dir", "folder for downloads (default: the user's cache)", metavar="DIR"),
    Option("no-cache", "keep nothing between runs", Kind.SWITCH),
)
