"""The bundle: where it goes, how its files lie, what may be wrong with it."""

from __future__ import annotations

from lambda_pack.frontends.options.option import Group, Kind, Option, default_of, values_of
from lambda_pack.model.choices import AuditMode, Collision, Layout

__all__ = ["BUNDLE"]

BUNDLE = Group.of(
    "the bundle",
    Option(
        "output-dir",
        "folder for zip, report and lock",
        short="o",
        metavar="DIR",
        default=default_of("output"),
    ),
    Option("to-dir", "write the tree here instead of a zip", metavar="DIR"),
    Option(
        "layout",
        "what the bundle is to be",
        choices=values_of(Layout),
        default=default_of("layout"),
    ),
    Option(
        "layers",
        "put packages into layers of the function: all of them (NAME), these with what they need (NAME=PACKAGE,..., or "
        "group:GROUP), into so many (a number), or into as few as can be uploaded directly (size); docs/layouts.md",
        Kind.MANY,
        metavar="LAYERS",
    ),
    Option(
        "on-collision",
        "two packages own one path",
        choices=values_of(Collision),
        default=default_of("on_collision"),
    ),
    Option(
        "audit",
        "a wheel's files will not load: take another, warn, or do not look",
        choices=values_of(AuditMode),
        default=default_of("audit"),
    ),
    Option("allow-unmet", "write the bundle without what is unmet (still exit code 3)", Kind.SWITCH),
    Option("force", "pack although nothing has changed since the last time", Kind.SWITCH),
    Option("profile", "write where the time went, as a trace for Chrome or Perfetto", metavar="FILE"),
    Option("allow-oversize", "write a bundle larger than Lambda takes", Kind.SWITCH),
    only_pack=True,
)
