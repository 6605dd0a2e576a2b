"""Short ways to the values that these tests are about."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Never

from lambda_pack.files.archive import write_zip
from lambda_pack.files.bundle import Bundle, compose
from lambda_pack.files.entries import OWN, PLAIN, Entry, chunks
from lambda_pack.files.open_wheels import OpenWheels
from lambda_pack.files.records import with_records
from lambda_pack.model.choices import Collision
from lambda_pack.model.packages import Pin, Wheel
from lambda_pack.model.slimming import Slimming

__all__ = ["bundle_of", "composed", "contents", "interrupted", "made", "pinned", "unzipped"]


def made(path: str, content: bytes = b"", *, mode: int = PLAIN) -> Entry:
    """An entry of the user's own with this content."""
    return Entry(path, content, mode, OWN, len(content))


def bundle_of(files: Mapping[str, bytes]) -> Bundle:
    """A bundle of nothing but own files."""
    return Bundle(tuple(made(path, files[path]) for path in sorted(files)))


def pinned(wheel: Path) -> tuple[Pin, Path]:
    """The pin that the file name says, and the file."""
    return Wheel.parse(wheel.as_uri()).pin, wheel


@contextmanager
def composed(
    *wheels: Path,
    own: Iterable[Entry] = (),
    prefix: str = "",
    on_collision: Collision = Collision.ERROR,
    slimming: Slimming | None = None,
    records: bool = False,
) -> Iterator[Bundle]:
    """The bundle of these wheels, with their RECORD files where `records` says so."""
    pairs = [pinned(wheel) for wheel in wheels]
    with OpenWheels() as opened:
        archives = [opened.open(path, pin) for pin, path in pairs]
        bundle = compose(archives, tuple(own), prefix=prefix, on_collision=on_collision, slimming=slimming)
        yield with_records(bundle, archives, prefix=prefix) if records else bundle


def contents(bundle: Bundle) -> dict[str, bytes]:
    """Path and content of every entry."""
    return {entry.path: b"".join(chunks(entry)) for entry in bundle.entries}


def unzipped(bundle: Bundle, folder: Path) -> dict[str, tuple[bytes, int]]:
    """Content and mode of each member of the bundle's zip, read and tested by the standard library."""
    write_zip(bundle, folder / "out.zip")
    with zipfile.ZipFile(folder / "out.zip") as archive:
        assert archive.testzip() is None
        return {info.filename: (archive.read(info), info.external_attr >> 16) for info in archive.infolist()}


class _Interrupting(type(Path())):  # type: ignore[misc]  # the class of this system's paths is known when it runs
    """A file during the reading of which the user presses Ctrl-C."""

    __slots__ = ()

    def open(self, *_arguments: object, **_options: object) -> Never:
        raise KeyboardInterrupt


def interrupted(before: bytes = b"") -> Bundle:
    """A bundle whose first file can be read, and whose second is never finished."""
    return Bundle((made("a", before), Entry("b", _Interrupting("b"), PLAIN, OWN, 1)))
