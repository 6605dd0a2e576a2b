"""What is slow, remote or somebody else's, as the pipeline sees it. Fakes implement these in the tests."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from lambda_pack.model.exclusions import NO_EXCLUSIONS, Exclusions

if TYPE_CHECKING:
    # Every command begins with the ports, and uses a few of them.
    from packaging.pylock import Pylock
    from packaging.utils import NormalizedName

    from lambda_pack.files.open_wheels import OpenWheels
    from lambda_pack.model.binaries import BinaryFile
    from lambda_pack.model.delivery import Delivered, Delivery, Parcel
    from lambda_pack.model.findings import BundleAudit
    from lambda_pack.model.glue import JobChange
    from lambda_pack.model.loading import Answered, Failed, Invocation, Loaded, Rooms, Skipped
    from lambda_pack.model.packages import Offer, Sdist, Source, Wheel
    from lambda_pack.model.stock import Accepted, Attempt
    from lambda_pack.model.targets import Target

__all__ = [
    "Auditor",
    "Builder",
    "Downloads",
    "Index",
    "Jobs",
    "Loader",
    "Narrator",
    "Ports",
    "Refiner",
    "Resolver",
    "Store",
]


class Narrator(Protocol):
    """Hears the story while it happens; decides alone how, and whether, to tell it."""

    def step(self, number: int, sentence: str) -> None:
        """One of the nine steps begins."""

    def note(self, text: str) -> None:
        """A detail for whoever asked for them."""

    def warn(self, text: str) -> None:
        """Something the user should change or know."""

    def working(self, text: str) -> None:
        """Show what a step that takes its time does now; the next such text, or the next step, takes its place."""

    def progress(self, label: str, done: int, total: int) -> None:
        """`done` of `total` bytes of a transfer are done; `done == total` ends the label."""

    def span(self, label: str) -> AbstractContextManager[object]:
        """A block, in any thread, that takes its time for what the label names."""


class Resolver(Protocol):
    """Turns the requirements it was made with into pinned packages."""

    def resolve(
        self, target: Target, *, exclusions: Exclusions = NO_EXCLUSIONS, without: Collection[NormalizedName] = ()
    ) -> Pylock:
        """The closure for the target, its markers evaluated there, each package with the files the resolver knows.

        Paths in the lock are absolute.

        No version in `exclusions` may be chosen, and no pair that they forbid. Packages in `without` are left out of
        the closure wherever they are asked for, with all that only they ask for.

        Raises:
            UnmetDependencies: no set of versions satisfies the requirements.
            IndexUnavailable: the index did not answer.
        """


class Index(Protocol):
    """What the package indexes offer."""

    def files(self, names: Iterable[NormalizedName]) -> Sequence[Offer]:
        """Every wheel and sdist of every version of these packages; names unknown to all indexes yield nothing.

        Raises:
            IndexUnavailable: an index did not answer.
        """

    def metadata(self, wheels: Iterable[Wheel]) -> Mapping[Wheel, bytes]:
        """The METADATA files of these wheels, fetched without their wheels where the index allows.

        Raises:
            IndexUnavailable: one could not be had.
            IntegrityError: one is not what was promised.
        """

    def sizes(self, wheels: Iterable[Wheel]) -> Mapping[Wheel, int | None]:
        """What each of these wheels has unpacked, in bytes; None where that cannot be had without the whole of it."""

    def split(self, names: Iterable[NormalizedName]) -> frozenset[NormalizedName]:
        """Those of these packages whose versions may have files in several places that are merged.

        Raises:
            IndexUnavailable: a place did not answer.
        """

    def places(self, files: Iterable[Wheel | Sdist]) -> Mapping[Wheel | Sdist, str]:
        """The index, or the `--find-links` place, of each of these files, without credentials, where it is known.

        Raises:
            IndexUnavailable: an index did not answer.
        """

    def promised(self, names: Iterable[NormalizedName]) -> frozenset[str]:
        """The names of those files of these packages for which the indexes promise a digest.

        Raises:
            IndexUnavailable: an index did not answer.
        """


class Downloads(Protocol):
    """Brings files here, each one's digest checked before anybody sees it."""

    def fetch(self, files: Sequence[Wheel | Sdist]) -> Mapping[Wheel | Sdist, Path]:
        """The local path of each file, all in parallel. The paths stay valid until the run ends.

        Raises:
            IntegrityError: a file is not what its hash says.
            IndexUnavailable: a file could not be fetched.
        """

    def begin(self, files: Iterable[Wheel | Sdist]) -> None:
        """Begin to fetch files that are likely to be asked for next, and return at once.

        What goes wrong is told by `fetch`, should it be asked for the file; one that is never asked for does no harm.
        """


class Auditor(Protocol):
    """Looks into wheels."""

    def audit(self, wheels: Mapping[Wheel, Path], target: Target, own: Sequence[BinaryFile] = ()) -> BundleAudit:
        """What the binaries of these wheels say, with all of them in one bundle, and the user's own ones with them.

        Raises:
            IntegrityError: a wheel is damaged, hostile, or another package than its pin.
        """


class Builder(Protocol):
    """Makes wheels from source. Runs package code."""

    def build(self, sources: Sequence[Source], target: Target, *, compiler: bool) -> Sequence[Accepted | Attempt]:
        """The outcomes of each source, in order: what went wrong, and the wheel that loads on the target, if any.

        A source has no outcome where the last step's would come again.

        Raises:
            IntegrityError: a source is not what its hash says.
            IndexUnavailable: a source could not be fetched.
        """

    def as_pure(self, wheel: Wheel) -> Wheel:
        """A wheel that was built here and holds nothing of any platform, under tags that say so."""


class Refiner(Protocol):
    """Makes files of a bundle smaller, or quicker to load. Runs no code of packages."""

    def strip(self, content: bytes, target: Target) -> bytes | None:
        """A library of the target's without symbols and debug data; None where it cannot be had of this one.

        Raises:
            LambdaPackError: nothing here can strip for the target.
        """

    def compile(self, sources: Mapping[str, bytes], target: Target) -> Mapping[str, bytes]:
        """The `.pyc` file of each source for the target's Python, by the path that tracebacks will name.

        What is no Python of that version has none.

        Raises:
            UsageError: there is no interpreter of that version.
            LambdaPackError: it failed.
        """


class Store(Protocol):
    """Takes finished archives, each one whole or not at all."""

    def deliver(self, parcel: Parcel, delivery: Delivery) -> Delivered:
        """Put the archive into its place, unless the very same bytes are there already.

        Raises:
            UsageError: the key cannot be told from what is known of the archive.
            DeliveryError: it could not be delivered; nothing half-sent is left.
        """


class Jobs(Protocol):
    """Knows the jobs of AWS Glue."""

    def change(self, name: str, change: JobChange) -> None:
        """Set what the change says in the job of this name, and nothing else.

        Raises:
            DeliveryError: there is no such job, or it could not be changed.
        """


class Loader(Protocol):
    """An interpreter of the target's version that sees a bundle and the standard library. Runs the bundle's code."""

    @property
    def description(self) -> str:
        """Which interpreter it is, and where it comes from."""

    def imports(self, modules: Sequence[str], rooms: Rooms) -> Iterable[Loaded | Skipped | Failed]:
        """One outcome for each module, in order; whatever a module does, the others are imported all the same.

        Raises:
            LambdaPackError: the interpreter does not start.
        """

    def invoke(self, invocation: Invocation, rooms: Rooms) -> Answered | Failed:
        """Call a handler through the runtime's own bootstrap.

        Raises:
            LambdaPackError: the interpreter does not start, or there is no bootstrap for it.
        """


class Ports(Struct, frozen=True):
    """Everything the nine steps talk to; `wheels` are opened once for all who look into them."""

    resolver: Resolver
    index: Index
    downloads: Downloads
    auditor: Auditor
    builder: Builder
    narrator: Narrator
    wheels: OpenWheels
    refiner: Refiner
