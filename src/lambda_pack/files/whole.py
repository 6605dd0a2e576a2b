"""Output that appears whole or not at all: made beside its place, under a hidden name, then renamed."""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager
from io import FileIO

from lambda_pack.errors import LambdaPackError, UsageError
from lambda_pack.files.leftovers import claimed, claimed_folder
from lambda_pack.model.product import SCRATCH_PREFIX

TYPE_CHECKING = False  # `typing` and `pathlib` cost 15 ms
if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LONGEST = 255  # bytes in a name, on every usual file system

__all__ = ["scratch_folder", "whole_file", "writing_to"]


@contextmanager
def whole_file(into: Path) -> Iterator[FileIO]:
    """An unbuffered file that becomes `into` when the block ends well, and vanishes when it does not.

    Raises:
        LambdaPackError: the file cannot be written: no space, no permission, a folder in its place.
    """
    with writing_to(into):
        into.parent.mkdir(parents=True, exist_ok=True)
        beside = into.with_name(_scratch_name())
        try:
            with FileIO(beside, "x") as file, claimed(file.fileno()):
                yield file
            beside.replace(into)
        finally:
            beside.unlink(missing_ok=True)


@contextmanager
def scratch_folder(parent: str) -> Iterator[str]:
    """A hidden folder in `parent` that only we may enter, removed at the end whatever happens."""
    folder = os.path.join(parent, _scratch_name())
    try:
        with writing_to(parent):
            os.mkdir(folder, 0o700)
        with claimed_folder(folder):
            yield folder
    finally:
        if os.path.isdir(folder):
            _remove(folder)


def _remove(folder: str) -> None:
    try:
        os.rmdir(folder)  # mostly everything in it has found its place
    except OSError:
        from shutil import rmtree  # it loads every decompressor

        rmtree(folder)


@contextmanager
def writing_to(into: Path | str) -> Iterator[None]:
    """Turn the errors of the operating system into one that names the place."""
    try:
        yield
    except OSError as error:
        # It may be a file of the bundle, too, whose name is too long.
        if error.errno == errno.ENAMETOOLONG and any(
            len(os.fsencode(part)) > _LONGEST for part in str(into).split("/")
        ):
            raise UsageError(f"'{str(into)[:80]}…' is too long for a path; choose a shorter one") from error
        raise LambdaPackError(
            f"{str(into)!r} cannot be written ({error}) and is as it was; make room or choose another place"
        ) from error


def _scratch_name() -> str:
    return f"{SCRATCH_PREFIX}{os.urandom(8).hex()}"
