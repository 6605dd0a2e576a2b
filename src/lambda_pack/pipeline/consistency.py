"""A last look at the whole bundle: does it have what the metadata of its own wheels asks for?

A resolver decides by metadata that may not be that of the wheel which is packed: uv takes all wheels of a version to
have the same, a source can say another thing under each Python, and a lock or an environment may have been changed by
hand. Without this check, the first import would be the first to fail.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from lambda_pack.errors import UnmetDependencies
from lambda_pack.files.wheel import WheelArchive
from lambda_pack.model.chains import headers_of, with_names
from lambda_pack.model.packages import Pin
from lambda_pack.model.requirements import Requested, Requirements
from lambda_pack.model.stock import Stock
from lambda_pack.model.targets import Target
from lambda_pack.ports import Narrator

__all__ = ["check_consistency"]

_MOST_NAMED = 5
_REQUIRES = re.compile(rb"^Requires-Dist:[ \t]*(.+?)[ \t\r]*$", re.MULTILINE | re.IGNORECASE)
# Most lines of most packages are below an extra that nothing asks for: those are not parsed.
_EXTRA = re.compile(rb"\bextra\b")


class _Gap(Struct, frozen=True):
    """A requirement of a packed wheel that the bundle does not meet; `found` is the version there is, if any."""

    parent: Pin
    line: Requirement
    found: Version | None = None

    def __str__(self) -> str:
        has = f", and the bundle has {self.found}" if self.found else ""
        return f"{self.parent} requires {self.line.name}{self.line.specifier}{has}"


def check_consistency(
    stock: Stock, requirements: Requirements, wheels: Iterable[WheelArchive], narrator: Narrator, *, allow_unmet: bool
) -> None:
    """Warn of what packed wheels require and the bundle does not have, or has in a version that they do not allow.

    What the user left out, excluded or overrode is passed over, and so are the user's own projects. Where a resolver
    chose the packages for this run, a missing one is refused unless `allow_unmet`: a lock or an environment is packed
    as it is, and what an own project needs may be left to another place.

    Raises:
        UnmetDependencies: a package is missing that the resolver should have known of.
        IntegrityError: a wheel has no readable metadata.
    """
    archives = tuple(wheels)
    there = {wheel.pin.name: wheel.pin.version for wheel in archives}
    passed_over = {pin.name for pin in stock.left_out} | {*requirements.left_out, *requirements.excludes}
    passed_over |= {line.name for line in requirements.overrides if line.name is not None}
    passed_over |= {pin.name for pin in stock.unmet} | {folder.pin.name for folder in requirements.local}
    mine = {project.pin.name for project in requirements.projects}
    lines = with_names(requirements.requested or requirements.lineage.direct, stock.offers)
    gaps = [
        gap
        for gap in _gaps(archives, lines, there, stock.target)
        if canonicalize_name(gap.line.name) not in passed_over
    ]
    missing = [gap for gap in gaps if gap.found is None]
    decided = [gap for gap in missing if gap.parent.name not in mine]
    if decided and requirements.requested and not allow_unmet:
        names = sorted({canonicalize_name(gap.line.name) for gap in decided})
        raise UnmetDependencies(
            f"the bundle would lack {', '.join(names)}: {_several(decided)}, which the resolver did not see when it "
            f"chose the versions; add {'it' if len(names) == 1 else 'them'} to the requirements, or leave "
            f"{'it' if len(names) == 1 else 'them'} out on purpose with --exclude-package"
        )
    if missing:
        narrator.warn(
            f"these dependencies are not in the bundle: {_several(missing)}; add them to the requirements or the lock"
        )
    others = [gap for gap in gaps if gap.found is not None]
    if others:
        narrator.warn(f"some versions are not allowed by other packages in the bundle: {_several(others)}")


def _several(gaps: list[_Gap]) -> str:
    more = f", and {len(gaps) - _MOST_NAMED} more" if len(gaps) > _MOST_NAMED else ""
    return "; ".join(map(str, gaps[:_MOST_NAMED])) + more


def _gaps(
    wheels: tuple[WheelArchive, ...],
    lines: Iterable[Requested],
    there: Mapping[NormalizedName, Version | None],
    target: Target,
) -> Iterator[_Gap]:
    metadata = {wheel.pin: wheel.metadata() for wheel in wheels}
    extras: dict[NormalizedName, frozenset[str]] = {}
    for own in lines:
        if own.requirement is not None and own.name is not None and own.counts_on(target):
            extras[own.name] = extras.get(own.name, frozenset()) | own.requirement.extras
    active: dict[Pin, tuple[Requirement, ...]] = {}
    waiting = set(metadata)
    while waiting:
        # An extra that is asked for brings requirements, which may ask for extras themselves.
        asked = dict(extras)
        for pin in waiting:
            active[pin] = tuple(_active(metadata[pin], extras.get(pin.name, frozenset()), target))
            for line in active[pin]:
                name = canonicalize_name(line.name)
                asked[name] = asked.get(name, frozenset()) | line.extras
        waiting = {pin for pin in metadata if asked.get(pin.name, frozenset()) != extras.get(pin.name, frozenset())}
        extras = asked
    for pin in sorted(active, key=str):
        for line in active[pin]:
            name = canonicalize_name(line.name)
            if name not in there:
                yield _Gap(pin, line)
            elif (version := there[name]) is not None and not line.specifier.contains(version, prereleases=True):
                yield _Gap(pin, line, version)


def _active(metadata: bytes, extras: frozenset[str], target: Target) -> Iterator[Requirement]:
    """The requirements of a METADATA file that count on the target, for a package that is asked for with extras."""
    for text in _REQUIRES.findall(headers_of(metadata)):
        if not extras and _EXTRA.search(text):
            continue
        try:
            line = Requirement(text.decode("utf-8", "replace"))
        except InvalidRequirement:
            # Installers pass over what they cannot read here.
            continue
        if target.satisfies(line.marker, extras):
            yield line
