"""Resolving where a source does not say what it needs with today's build requirements: it is built, and its wheel says.

A resolver asks a source for its metadata by running its build backend, with today's build requirements. Where that
fails the `Builder` can do more (the build requirements of the source's day, the target's Python, a container). What it
builds is kept for step 4.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace
from packaging.pylock import Pylock
from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import InvalidVersion

from lambda_pack.errors import UnmetDependencies
from lambda_pack.model.exclusions import NO_EXCLUSIONS, Exclusions
from lambda_pack.model.forbidden import direct_source, source_at, without_forbidden
from lambda_pack.model.old_builds import cause_of, fails_before_compiling, without_hints
from lambda_pack.model.packages import Checkout, Folder, Pin, Sdist, Source, Wheel, place_of
from lambda_pack.model.permissions import permitted
from lambda_pack.model.requirements import Requested, Requirements
from lambda_pack.model.stock import Accepted, Attempt
from lambda_pack.model.targets import Target
from lambda_pack.model.urls import path_of
from lambda_pack.ports import Builder, Index, Resolver
from lambda_pack.tools.network.wheel_metadata import read_metadata

__all__ = ["BuiltMetadata", "BuiltMetadataResolver", "InformedResolver", "SourceMetadata"]

_VERSION = re.compile(r"(?P<name>[A-Za-z0-9._-]+)==(?P<version>\S+)")
_PLACE = re.compile(r"(?P<name>[A-Za-z0-9._-]+)(?:\[[^]]*\])? @ (?P<url>\S+)")


class BuiltMetadata(Struct, frozen=True):
    """METADATA of a source that was built: `text` is the file, `pin` has the version that it says."""

    source: Source
    pin: Pin
    text: bytes


class SourceMetadata(Struct, frozen=True):
    """What a resolver takes for sources: metadata that was built for some; it leaves out `dropped`, which gave none."""

    built: tuple[BuiltMetadata, ...] = ()
    dropped: tuple[Source, ...] = ()

    def requested(self, requirements: Requirements) -> Iterator[Requested]:
        """The lines of the requirements: those of built sources by name, without those of dropped ones."""
        for line in requirements.requested:
            source = direct_source(line, requirements.folder)
            if source is None or line.requirement is not None:
                yield line
            elif place_of(source) not in map(place_of, self.dropped):
                known = next((one for one in self.built if place_of(source) == place_of(one.source)), None)
                yield line.named(known.pin.name, requirements.folder) if known else line


class InformedResolver(Resolver, Protocol):
    """A resolver that need not ask every source itself.

    It raises UnmetDependencies with `sources` where a source did not say its metadata: as `name==version`,
    `name @ url`, or nothing for one that has no name yet.
    """

    def informed(self, metadata: SourceMetadata) -> InformedResolver:
        """The same resolver that knows this metadata."""


class BuiltMetadataResolver:
    """The port `Resolver` over another one."""

    def __init__(
        self,
        resolver: InformedResolver,
        requirements: Requirements,
        *,
        builder: Builder,
        index: Index,
        note: Callable[[str], object],
    ) -> None:
        """`note` is called with each source that is built for its metadata."""
        self._resolver = resolver
        self._requirements = without_forbidden(requirements)
        self._builder = builder
        self._index = index
        self._note = note
        self._known: dict[Source, BuiltMetadata] = {}
        self._failures: dict[Source, tuple[Attempt, ...]] = {}

    def resolve(
        self, target: Target, *, exclusions: Exclusions = NO_EXCLUSIONS, without: Collection[NormalizedName] = ()
    ) -> Pylock:
        """See `lambda_pack.ports.Resolver`.

        Raises:
            UnmetDependencies: also where a source cannot be built; `failed` has each with its attempts.
        """
        while True:
            try:
                return self._informed(without).resolve(target, exclusions=exclusions, without=without)
            except UnmetDependencies as refusal:
                # Each turn has learnt about at least one more source, so the turns end.
                self._learn(refusal, target, without)

    def _informed(self, without: Collection[NormalizedName]) -> Resolver:
        dropped = tuple(source for source in self._failures if source.pin.name in without)
        if not self._known and not dropped:
            return self._resolver
        return self._resolver.informed(SourceMetadata(tuple(self._known.values()), dropped))

    def _learn(self, refusal: UnmetDependencies, target: Target, without: Collection[NormalizedName]) -> None:
        """Build what the resolver got no metadata of.

        Raises:
            UnmetDependencies: nothing of it is new, or something of it cannot be built.
        """
        if refusal.sources is None:
            raise refusal
        found = [source for source in self._sources(refusal.sources, without) if source not in self._known]
        for source in found:
            if source not in self._failures:
                self._note(f"{source.pin}: its metadata could not be read, so it is built now")
                self._build(source, target)
        failed = tuple((source, self._failures[source]) for source in found if source in self._failures)
        if failed or not found:
            cause = cause_of(refusal.log)
            because = f"{refusal}: {cause}; {cause.way_out(target.runtime.python)}" if cause else str(refusal)
            raise UnmetDependencies(because, log=without_hints(refusal.log), failed=failed, sources=()) from refusal

    def _sources(self, named: Sequence[str], without: Collection[NormalizedName]) -> tuple[Source, ...]:
        lines = [(line, direct_source(line, self._requirements.folder)) for line in self._requirements.requested]
        direct = [self._held(source) for line, source in lines if source is not None and line.requirement is None]
        found = [source for text in named if text and (source := self._source(text)) is not None]
        if len(found) < len(named) or not named:
            # One that has no name yet is a line of the user's own.
            found += [source for source in direct if source.pin.name not in without]
        allowed = permitted(dict.fromkeys(found), self._requirements)
        usable = (one for one in allowed if not isinstance(one, Wheel) and one.refused is None)
        # What a branch or a tag names may have moved when it is built.
        return tuple(one for one in usable if not isinstance(one, Checkout) or one.is_fixed)

    def _source(self, text: str) -> Source | None:
        """What the resolver named; None where that is nothing we know."""
        if place := _PLACE.fullmatch(text):
            return self._placed(canonicalize_name(place["name"]), place["url"])
        version = _VERSION.fullmatch(text)
        if version is None:
            return None
        try:
            pin = Pin.parse(version["name"], version["version"])
        except InvalidVersion:
            return None
        return next(iter(self._listed(pin.name, lambda sdist: sdist.pin == pin)), None)

    def _placed(self, name: NormalizedName, url: str) -> Source | None:
        listed = self._listed(name, lambda sdist: sdist.url.partition("#")[0] == url.partition("#")[0])
        if listed:
            return listed[0]
        lines = (line for line in self._requirements.requested if line.name == name)
        direct = (direct_source(line, self._requirements.folder) for line in lines)
        # The user's own line may have a login, which a log has not.
        return self._held(next((source for source in direct if source is not None), source_at(url, name)))

    def _listed(self, name: NormalizedName, matches: Callable[[Sdist], bool]) -> list[Sdist]:
        offers = permitted(self._index.files([name]), self._requirements)
        found = [offer for offer in offers if isinstance(offer, Sdist) and offer.refused is None and matches(offer)]
        return sorted(found, key=lambda sdist: (sdist.filename, sdist.url))

    def _held(self, source: Source) -> Source:
        """The source as `permitted` would have it: an archive must have one of the user's own hashes."""
        if isinstance(source, Sdist):
            return replace(source, hashes=self._requirements.hashes(source.pin.name))
        return source

    def _build(self, source: Source, target: Target) -> None:
        outcomes: Sequence[Accepted | Attempt] = self._builder.build([source], target, compiler=True)
        made = next((one.wheel.pin for one in outcomes if one.wheel and one.wheel.pin.name != one.pin.name), None)
        if made is not None and isinstance(source, Folder | Checkout):
            # The line has no name, and the guessed one was wrong.
            outcomes = self._builder.build([replace(source, pin=Pin(made.name, None))], target, compiler=True)
        if not any(one.wheel for one in outcomes) and not any(
            fails_before_compiling(one.log) for one in outcomes if isinstance(one, Attempt)
        ):
            # What may do without a compiler says its metadata without one, too.
            outcomes = [*outcomes, *self._builder.build([source], target, compiler=False)]
        wheels = [one.wheel for one in outcomes if one.wheel is not None and one.pin.is_met_by(one.wheel.pin)]
        if not wheels:
            self._failures[source] = tuple(one for one in outcomes if isinstance(one, Attempt))
            return
        # One that does not fit says the same; whether any fits is decided in steps 4 to 6.
        wheel = wheels[-1]
        self._known[source] = BuiltMetadata(source, wheel.pin, read_metadata(wheel, path_of(wheel.url)))
