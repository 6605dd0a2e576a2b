"""The user's own code."""

from __future__ import annotations

from lambda_pack.frontends.options.option import Group, Kind, Option

__all__ = ["OWN_CODE"]

OWN_CODE = Group.of(
    "your own code",
    Option("source", "folder with your own code, or a module", Kind.MANY, metavar="DIR[:FOLDER]"),
    Option("project", "project of your own: what its wheel holds is packed", Kind.MANY, metavar="DIR"),
    Option("exclude", "gitignore pattern of own code to leave out", Kind.MANY, metavar="PATTERN"),
    Option("include", "gitignore pattern of own code to keep", Kind.MANY, metavar="PATTERN"),
    Option("handler", "look whether it is there, as MODULE.FUNCTION", metavar="HANDLER"),
    only_pack=True,
)
