"""The bundle: every file that will be on Lambda, by path, before anything is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from msgspec import Struct

from lambda_pack.files.collisions import Overridden, lay
from lambda_pack.files.entries import Entry, Owner, chunks
from lambda_pack.files.folding import fold
from lambda_pack.files.wheel import WheelArchive
from lambda_pack.model.choices import Collision, DistInfo
from lambda_pack.model.slimming import Saving, Slimming

__all__ = ["Bundle", "PathFile", "compose"]


class PathFile(Struct, frozen=True):
    """A `.pth` file: Python does not process it on Lambda. `runs_code`: it has lines that Python would execute."""

    path: str
    owner: Owner
    runs_code: bool


class Bundle(Struct, frozen=True):
    """Files by path, what was overridden on the way, the `.pth` files that will do nothing, and what was left out.

    `metadata_readers` are the owners of what reads metadata, or is found by it, where metadata was left out.
    `shared` are the paths of files that a second owner brings with the same bytes, each with that owner.
    `layer` is the name of the layer that it is, where a function was divided; see `lambda_pack.files.division`.
    """

    entries: tuple[Entry, ...]
    overridden: tuple[Overridden, ...] = ()
    path_files: tuple[PathFile, ...] = ()
    savings: tuple[Saving, ...] = ()
    metadata_readers: tuple[Owner, ...] = ()
    shared: tuple[tuple[str, Owner], ...] = ()
    layer: str | None = None

    @property
    def unzipped_size(self) -> int:
        """The bytes of all files, as Lambda counts them."""
        return sum(entry.size for entry in self.entries)

    @property
    def sizes(self) -> tuple[tuple[Owner, int], ...]:
        """The bytes each owner brings, the largest first; a file that several bring counts for the first."""
        sizes: dict[Owner, int] = {}
        for entry in self.entries:
            sizes[entry.owner] = sizes.get(entry.owner, 0) + entry.size
        return tuple(sorted(sizes.items(), key=lambda pair: (-pair[1], str(pair[0]))))


def compose(
    wheels: Sequence[WheelArchive],
    own: Sequence[Entry] = (),
    *,
    prefix: str = "",
    on_collision: Collision = Collision.ERROR,
    slimming: Slimming | None = None,
) -> Bundle:
    """Compose a bundle of the files of these wheels and the user's own ones, all below `prefix` ('' or 'python/').

    Files that `slimming` leaves out are gone before anybody asks whose a path is.

    Nothing is unpacked: the bundle is valid as long as the wheels are open. It does not depend on their order unless
    `on_collision` is `LAST`: then the later wheel wins. Own files always win.

    Raises:
        IntegrityError: a wheel is damaged or hostile.
        UsageError: two wheels bring different files of one path, and `on_collision` is `ERROR`.
    """
    ordered = wheels if on_collision is Collision.LAST else sorted(wheels, key=lambda wheel: str(wheel.pin))
    parts = [fold(wheel, prefix) for wheel in ordered]
    parts.append(tuple(Entry(prefix + one.path, one.content, one.mode, one.owner, one.size) for one in own))
    savings: tuple[Saving, ...] = ()
    readers: tuple[Owner, ...] = ()
    if slimming is not None and slimming.leaves_out_files:
        from lambda_pack.files.slimming import metadata_readers, slimmed

        parts, savings, whole = *slimmed(parts, slimming, prefix), parts
        readers = metadata_readers(whole, parts, prefix) if slimming.dist_info is DistInfo.DROP else ()
    entries, overridden, shared = lay(parts, on_collision)
    return Bundle(entries, overridden, tuple(_path_files(entries, prefix)), savings, readers, shared)


def _path_files(entries: Sequence[Entry], prefix: str) -> Iterator[PathFile]:
    """Only those at the top mean something: `site` looks nowhere else."""
    for entry in entries:
        if entry.path.endswith(".pth") and "/" not in entry.path.removeprefix(prefix):
            lines = b"".join(chunks(entry)).splitlines()
            runs_code = any(line.startswith((b"import ", b"import\t")) for line in lines)
            yield PathFile(entry.path, entry.owner, runs_code)
