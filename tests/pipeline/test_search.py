"""Laws of the search of step 3 (`lambda_pack.pipeline.compatible_wheels`), over generated indexes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct, field
from msgspec.structs import replace
from packaging.pylock import Pylock
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from lambda_pack.errors import UnmetDependencies
from lambda_pack.files.open_wheels import OpenWheels
from lambda_pack.model.binaries import BinaryFile
from lambda_pack.model.choices import AuditMode
from lambda_pack.model.exclusions import NO_EXCLUSIONS, Conflict, Exclusions
from lambda_pack.model.findings import BundleAudit, Concern, Finding, Severity, WheelAudit
from lambda_pack.model.packages import Pin, Sdist, Wheel
from lambda_pack.model.requirements import Origin, Requested, Requirements
from lambda_pack.model.stock import Stock
from lambda_pack.model.targets import Target
from lambda_pack.model.verdicts import Fits, judge
from lambda_pack.pipeline.audits import Auditing
from lambda_pack.pipeline.closure import stock_of
from lambda_pack.pipeline.compatible_wheels import find_compatible_wheels
from lambda_pack.ports import Ports
from tests.support.fake_resolver import FakeResolver
from tests.support.fakes import FakeBuilder, FakeIndex, FakeRefiner, RecordingNarrator, Release, Shelf

NAMES = ("ant", "bee", "cat", "dog")
VERSIONS = ("1.0", "2.0", "3.0", "4.0", "5.0rc1")
SPECIFIERS = ("", "", "<3", "<4", ">=2", ">=3", "!=3.0", "==2.0")
TARGET = Target.parse("python3.11")
FITS, BY_TAG, SOURCE = "py3-none-any.whl", "cp311-cp311-manylinux_2_28_x86_64.whl", "tar.gz"


class World(Struct, frozen=True):
    """An index, what is asked of it, and what audits find: by pin, and in pairs."""

    releases: tuple[Release, ...]
    asked: tuple[str, ...]
    bad_contents: frozenset[Pin] = frozenset()
    conflicts: frozenset[tuple[Pin, str]] = frozenset()

    @property
    def shelf(self) -> Shelf:
        return Shelf(Path("nowhere"), self.releases)

    @property
    def requirements(self) -> Requirements:
        lines = tuple(Requested(Origin("r.txt", place), Requirement(line)) for place, line in enumerate(self.asked, 1))
        return Requirements(Path("nowhere"), lines)

    def misfits(self) -> frozenset[Pin]:
        """What an index that hides misfits would not show."""
        fitting = {
            release.pin
            for release in self.releases
            for file in release.files
            if file.endswith(".whl") and isinstance(judge(Wheel.parse(f"https://x/{file}"), TARGET), Fits)
        }
        return (frozenset(release.pin for release in self.releases) - fitting) | self.bad_contents

    def errors(self, pin: Pin, bundle: Collection[Pin]) -> list[str | None]:
        """What is wrong with a version beside others: None, or what would have to lie beside it."""
        others = {one.name: one.version for one in bundle}
        found: list[str | None] = [None] if pin in self.bad_contents else []
        for _, line in (one for one in self.conflicts if one[0] == pin):
            requirement = Requirement(line)
            version = others.get(canonicalize_name(requirement.name))
            if version is not None and not requirement.specifier.contains(version, prereleases=True):
                found.append(line)
        return found


class CountingResolver(Struct):
    """A resolver that remembers what it was asked."""

    resolver: FakeResolver
    asked: list[Exclusions] = field(default_factory=list)

    def resolve(
        self, target: Target, *, exclusions: Exclusions = NO_EXCLUSIONS, without: Collection[NormalizedName] = ()
    ) -> Pylock:
        assert not without
        self.asked.append(exclusions)
        assert len(self.asked) < 1000, "the search does not end"
        return self.resolver.resolve(target, exclusions=exclusions, without=without)


class TableAuditor(Struct):
    """Finds what the world says, and remembers what it was shown, and which downloads were begun ahead."""

    world: World
    audited: set[Pin] = field(default_factory=set)
    begun: list[Pin] = field(default_factory=list)

    def fetch(self, files: Sequence[Wheel | Sdist]) -> Mapping[Wheel | Sdist, Path]:
        return {file: Path(file.filename) for file in files}

    def begin(self, files: Iterable[Wheel | Sdist]) -> None:
        self.begun.extend(file.pin for file in files)

    def audit(self, wheels: Mapping[Wheel, Path], target: Target, own: Sequence[BinaryFile] = ()) -> BundleAudit:
        assert (target, own) == (TARGET, ())
        bundle = {wheel.pin for wheel in wheels}
        self.audited |= bundle
        return BundleAudit({wheel: WheelAudit(1, None, self._findings(wheel.pin, bundle)) for wheel in wheels})

    def _findings(self, pin: Pin, bundle: Collection[Pin]) -> tuple[Finding, ...]:
        return tuple(
            Finding("x.so", Concern.MISSING, Severity.ERROR, "lacks", "it", "help it", goes_with=line)
            for line in self.world.errors(pin, bundle)
        )


class NoMetadata(FakeIndex):
    """An index that has no METADATA: the fake resolver asks for none."""

    def metadata(self, wheels: Iterable[Wheel]) -> Mapping[Wheel, bytes]:
        return dict.fromkeys(wheels, b"")


class Ending(Struct, frozen=True):
    """What a search found and what it took."""

    stock: Stock
    resolver: CountingResolver
    auditor: TableAuditor


def search(world: World) -> Ending:
    """Step 3 over the world, from the newest closure.

    Raises:
        UnmetDependencies: what is asked contradicts itself, with nothing excluded.
    """
    shelf, auditor = world.shelf, TableAuditor(world)
    resolver = CountingResolver(FakeResolver(world.requirements, shelf))
    ports = Ports(
        resolver=resolver,
        index=NoMetadata(shelf),
        downloads=auditor,
        auditor=auditor,
        builder=FakeBuilder(Path("nowhere"), ()),
        narrator=RecordingNarrator(),
        wheels=OpenWheels(),
        refiner=FakeRefiner(),
    )
    newest = stock_of(resolver.resolve(TARGET), world.requirements, TARGET)
    stock = replace(newest, resolver_runs=1)
    auditing = Auditing(AuditMode.ERROR)
    stock = find_compatible_wheels(stock, world.requirements, ports, may_hold_back=True, auditing=auditing)
    return Ending(stock, resolver, auditor)


def versions_of(lock: Pylock) -> dict[str, str]:
    return {package.name: str(package.version) for package in lock.packages}


@st.composite
def worlds(draw: st.DrawFn, *, oldest_fits: bool) -> World:
    """A few packages that ask for each other, with misfits of every kind; no build of any of them."""
    releases: list[Release] = []
    bad, conflicts = set(), set()
    for name in NAMES:
        versions = sorted(draw(st.sets(st.sampled_from(VERSIONS), min_size=1)))
        for version in versions:
            pin = Pin.parse(name, version)
            is_base = oldest_fits and version == versions[0]
            kinds = {FITS} if is_base else draw(st.sets(st.sampled_from((FITS, FITS, BY_TAG, SOURCE)), min_size=1))
            files = tuple(f"{name}-{version}{'.' if kind == SOURCE else '-'}{kind}" for kind in sorted(kinds))
            others = st.builds(str.__add__, st.sampled_from(NAMES), st.sampled_from(SPECIFIERS))
            requires = [line for line in draw(st.lists(others, max_size=2)) if not line.startswith(name)]
            if not is_base and draw(st.sampled_from((False, False, True))):
                bad.add(pin)
            if not is_base and draw(st.sampled_from((False, False, True))):
                # What is compiled for another package declares it, too.
                other = draw(st.sampled_from([one for one in NAMES if one != name]))
                requires.append(other)
                conflicts.add((pin, other + draw(st.sampled_from(("<2", "<3", ">=2", ">=4")))))
            releases.append(Release(files=files, requires=tuple(requires), promises=False))
    asked = draw(st.lists(st.builds(str.__add__, st.sampled_from(NAMES), st.sampled_from(SPECIFIERS)), min_size=1))
    return World(tuple(releases), tuple(asked[:3]), frozenset(bad), frozenset(conflicts))


def bound(world: World) -> int:
    """The number in the docstring of the search."""
    n, v, c = len(NAMES), len(world.releases), len(world.conflicts)
    return 1 + v + c + n * (3 * n + 10)


LAW = settings(deadline=None, max_examples=40)


@given(worlds(oldest_fits=False) | worlds(oldest_fits=True))
@LAW
def test_the_search_ends_and_asks_nothing_twice(world: World) -> None:
    try:
        ending = search(world)
    except UnmetDependencies:
        return
    asked = ending.resolver.asked
    assert len(asked) == len(set(asked)) == ending.stock.resolver_runs
    assert len(asked) <= bound(world)


@given(worlds(oldest_fits=False) | worlds(oldest_fits=True))
@LAW
def test_nothing_that_does_not_fit_is_chosen(world: World) -> None:
    try:
        stock = search(world).stock
    except UnmetDependencies:
        return
    chosen = [wheel.pin for wheel, _ in stock.chosen]
    assert not [pin for pin in chosen if world.errors(pin, chosen)]


@given(worlds(oldest_fits=True))
@LAW
def test_what_is_found_is_the_newest_that_fits(world: World) -> None:
    """It is what the resolver would say if the index had nothing but what fits."""
    pre_releases = {release.pin for release in world.releases if release.pin.version.is_prerelease}  # type: ignore[union-attr]
    pairs = frozenset(Conflict(pin, line, "") for pin, line in world.conflicts)
    resolver = FakeResolver(world.requirements, world.shelf)
    try:
        ending = search(world)
        best = versions_of(resolver.resolve(TARGET, exclusions=Exclusions(world.misfits() | pre_releases, pairs)))
    except UnmetDependencies:
        return
    stock = ending.stock
    if any(pin in pre_releases for pin in stock.closure) or any(stock.source(pin) for pin in stock.unmet):
        return
    assert {pin.name: str(pin.version) for pin in stock.closure} == best
    assert not stock.unmet


def test_the_next_version_is_fetched_while_the_resolver_runs() -> None:
    releases = tuple(Release(files=(f"ant-{number}.0-{FITS}",), promises=False) for number in range(1, 6))
    bad = frozenset(Pin.parse("ant", f"{number}.0") for number in (3, 4, 5))
    ending = search(World(releases, ("ant",), bad))
    assert [str(pin) for pin in ending.auditor.begun] == ["ant==4.0", "ant==3.0", "ant==2.0", "ant==2.0", "ant==1.0"]
    # One version at most is fetched in vain.
    assert set(ending.auditor.begun) - ending.auditor.audited == {Pin.parse("ant", "1.0")}


@given(st.integers(1, 60), st.data())
@LAW
def test_of_many_versions_the_newest_that_fits_is_found(count: int, data: st.DataObject) -> None:
    good = data.draw(st.sets(st.integers(1, count), max_size=3))
    pins = {number: Pin.parse("ant", f"{number}.0") for number in range(1, count + 1)}
    bad = frozenset(pin for number, pin in pins.items() if number not in good)
    releases = tuple(Release(files=(f"ant-{number}.0-{FITS}",), promises=False) for number in pins)
    ending = search(World(releases, ("ant",), bad))
    (pin,) = ending.stock.closure
    if 1 in good or (good and count <= 8):
        assert pin == pins[max(good)]
        assert not ending.stock.unmet
    elif not good:
        assert pin == pins[count]
        assert ending.stock.unmet == (pin,)
        # Eight, then one in two, four, eight, …, and the oldest.
        assert len(ending.auditor.audited) <= 8 + max(0, count - 8).bit_length() + 1
    else:
        assert pin in {pins[max(good)], pins[count]}
