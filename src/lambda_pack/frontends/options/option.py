"""What an option is, and a group of them that the help shows together."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from types import MappingProxyType

from msgspec import Struct

from lambda_pack.model.request import DEFAULTS

__all__ = ["Group", "Kind", "Option", "default_of", "values_of"]


class Kind(Enum):
    """How often an option may be given, and what follows it."""

    ONE = "one value"
    MANY = "several values"
    SWITCH = "true or false"


class Option(Struct, frozen=True):
    """One option by its long name without dashes; `default` is shown in the help and comes from `PackRequest`."""

    name: str
    help: str
    kind: Kind = Kind.ONE
    short: str = ""
    metavar: str = ""
    choices: tuple[str, ...] = ()
    default: str = ""

    def below(self, folder: Path, text: str) -> str:
        """A value written in a file of this folder, where relative paths begin; what is no path stays as it is."""
        is_path = self.is_path and "://" not in text and not text.startswith("~")
        return str(folder / text) if is_path else text

    @property
    def is_path(self) -> bool:
        """Whether its values are files or folders, or may be."""
        return self.metavar.startswith(("DIR", "FILE", "PLACE"))


class Group(Struct, frozen=True):
    """Options by name, under one title; those of `only_pack` are about what only a pack writes."""

    title: str
    options: Mapping[str, Option]
    only_pack: bool

    @classmethod
    def of(cls, title: str, *options: Option, only_pack: bool = False) -> Group:
        """The group of these options, in their order."""
        return cls(title, MappingProxyType({option.name: option for option in options}), only_pack)


def values_of(choices: type[Enum]) -> tuple[str, ...]:
    """What users write for these choices."""
    return tuple(choice.value for choice in choices)


def default_of(field: str) -> str:
    """The default of a field of `PackRequest`, as users write it."""
    value = DEFAULTS[field]
    return str(value.value if isinstance(value, Enum) else value)
