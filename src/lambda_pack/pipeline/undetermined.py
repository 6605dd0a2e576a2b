"""Warnings about what chosen packages require of Python's patch level, and of the kernel."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from lambda_pack.errors import IndexUnavailable
from lambda_pack.model.chains import dependencies_in, headers_of, with_names
from lambda_pack.model.packages import Wheel
from lambda_pack.model.requirements import Requirements
from lambda_pack.model.stock import Stock
from lambda_pack.model.undetermined import about_requirements, about_requires_python
from lambda_pack.ports import Index, Narrator

__all__ = ["metadata_of", "tell_undetermined"]

# Parsing the metadata of every package takes longer than looking for these words in it, which few have.
_REQUIRES_PYTHON = re.compile(rb"^Requires-Python:[ \t]*([^\r\n]+)", re.MULTILINE | re.IGNORECASE)
_WORDS = re.compile(rb"python_full_version|implementation_version|platform_release|platform_version")


def tell_undetermined(
    stock: Stock, requirements: Requirements, read: Callable[[], Mapping[Wheel, bytes]], narrator: Narrator
) -> None:
    """Warn of each requirement of chosen wheels whose marker the target does not determine, and of Requires-Python.

    `read` returns their metadata. It is not called for a lock, which was looked at when it was read.
    """
    if not requirements.requested:
        return
    metadata = read()
    for wheel, text in metadata.items():
        required = _requires_python(text) or wheel.requires_python
        if (warning := about_requires_python(str(wheel.pin), required, stock.target)) is not None:
            narrator.warn(warning)
    if not any(_WORDS.search(text) for text in metadata.values()):
        return
    requires = {wheel.pin.name: dependencies_in(text) for wheel, text in metadata.items()}
    lines = with_names(requirements.requested, stock.offers)
    roots = (line.requirement for line in lines if line.requirement is not None)
    for warning in about_requirements(roots, requires, stock.target):
        narrator.warn(warning)


def _requires_python(metadata: bytes) -> SpecifierSet | None:
    header = _REQUIRES_PYTHON.search(headers_of(metadata))
    try:
        return SpecifierSet(header[1].decode()) if header else None
    except (InvalidSpecifier, UnicodeDecodeError):
        # Installers pass over what they cannot read here.
        return None


def metadata_of(stock: Stock, index: Index) -> Mapping[Wheel, bytes]:
    """The metadata of the chosen wheels; nothing where an index fails, which costs the warnings alone."""
    try:
        return index.metadata([wheel for wheel, _ in stock.chosen])
    except IndexUnavailable:
        return {}
