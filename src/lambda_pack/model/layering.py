"""How a bundle is divided into a function and its layers, as users say it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TypeAlias

from msgspec import Struct
from packaging.utils import InvalidName, NormalizedName, canonicalize_name

from lambda_pack.errors import UsageError
from lambda_pack.model.limits import MOST_LAYERS
from lambda_pack.model.requirements import Requested

__all__ = ["BySize", "Evenly", "Layering", "Named", "NamedLayer", "parse_layering"]

_SPELLINGS = "'size', a number, NAME for all packages that are left, or NAME=PACKAGE,group:GROUP"
_GROUP = "group:"


class BySize(Struct, frozen=True):
    """As few layers as it takes for each to be uploaded directly."""


class Evenly(Struct, frozen=True):
    """So many layers, of much the same size."""

    count: int


class NamedLayer(Struct, frozen=True):
    """A layer for these packages, and those that these groups of the project ask for, with all that they need.

    Without any it takes what is left. `asked` are the lines of the groups, once the project was read.
    """

    name: str
    packages: tuple[NormalizedName, ...] = ()
    groups: tuple[str, ...] = ()
    asked: tuple[Requested, ...] = ()

    @property
    def takes_the_rest(self) -> bool:
        """Whether it names nothing, and so takes what no other layer does."""
        return not (self.packages or self.groups)


class Named(Struct, frozen=True):
    """Layers by name; a package that several want is in the first of them."""

    layers: tuple[NamedLayer, ...]


Layering: TypeAlias = BySize | Evenly | Named


def parse_layering(texts: Sequence[str]) -> Layering | None:
    """What the values of `--layers` mean; None where there are none.

    >>> parse_layering(["data=pandas,group:jobs"])
    Named(layers=(NamedLayer(name='data', packages=('pandas',), groups=('jobs',), asked=()),))
    >>> parse_layering(["2"]), parse_layering(["size"])
    (Evenly(count=2), BySize())

    Raises:
        UsageError: one cannot be understood, they exclude each other, or a function may not have so many.
    """
    if not texts:
        return None
    if len(texts) == 1 and texts[0] == "size":
        return BySize()
    if len(texts) == 1 and texts[0].isdecimal():
        count = int(texts[0])
        if not 1 <= count <= MOST_LAYERS:
            raise UsageError(f"{texts[0]!r} is not a number of layers; a function has 1 to {MOST_LAYERS}")
        return Evenly(count)
    layers = tuple(map(_named, texts))
    for taken in ("size", *(text for text in texts if text.isdecimal())):
        if taken in texts:
            raise UsageError(f"--layers {taken} divides all packages; leave out the other layers")
    _check(layers)
    return Named(layers)


def _check(layers: Sequence[NamedLayer]) -> None:
    names = [layer.name for layer in layers]
    if len(set(names)) < len(names):
        raise UsageError(f"two layers have one name in --layers {' '.join(names)}; give each its own")
    if len(layers) > MOST_LAYERS:
        raise UsageError(f"{len(layers)} layers are too many: a function has at most {MOST_LAYERS}")
    if len([layer for layer in layers if layer.takes_the_rest]) > 1:
        raise UsageError("several layers would take all packages that are left; say what is in all of them but one")


def _named(text: str) -> NamedLayer:
    name, separator, listed = text.partition("=")
    words = [word for part in listed.split(",") if (word := part.strip())]
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", name) or (separator and not words):
        raise UsageError(f"{text!r} cannot be understood as layers; write {_SPELLINGS}")
    try:
        packages = [canonicalize_name(word, validate=True) for word in words if not word.startswith(_GROUP)]
    except InvalidName as error:
        raise UsageError(f"--layers {text}: {error}; write {_SPELLINGS}") from error
    groups = [word.removeprefix(_GROUP) for word in words if word.startswith(_GROUP)]
    return NamedLayer(name, tuple(packages), tuple(groups))
