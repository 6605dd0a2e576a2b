"""Several files that appear together or not at all: staged beside their place, then renamed."""

from __future__ import annotations

import os
from contextlib import ExitStack, contextmanager, suppress

from lambda_pack.errors import LambdaPackError
from lambda_pack.files.leftovers import sweep
from lambda_pack.files.whole import scratch_folder, writing_to
from lambda_pack.model.product import SCRATCH_PREFIX

TYPE_CHECKING = False  # `typing` costs 8 ms, half of what this takes in all
if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["publish", "staging_beside"]

_LAST = ".zip"


@contextmanager
def staging_beside(parent: str) -> Iterator[str]:
    """A hidden folder in `parent`, so that a rename brings what is in it to its place; no trace of it is left.

    `parent` is made where it is missing, and gone again where nothing came into it. What runs that were killed have
    left in it is removed.

    Raises:
        LambdaPackError: it cannot be written to.
    """
    missing = []
    folder = os.path.abspath(parent)
    while not os.path.lexists(folder):
        missing.append(folder)
        folder = os.path.dirname(folder)
    with writing_to(parent):
        os.makedirs(parent, exist_ok=True)
    sweep(parent, SCRATCH_PREFIX)
    try:
        with scratch_folder(parent) as staging:
            try:
                yield staging
            except LambdaPackError as error:
                # The hidden folder is gone when the error is read; the place is what the user named.
                error.args = (str(error).replace(staging, str(parent)),)
                raise
    finally:
        for folder in missing:
            # Only a folder that we made, and that nothing was put into.
            with suppress(OSError):
                os.rmdir(folder)


def publish(staging: str, output: str) -> None:
    """Rename everything into `output`, a bundle last: who waits for it finds the others there.

    Each file takes the place of an older one in one step: killed at any moment, there is a whole file of each name. A
    set of files from two runs shows in the report's digests, and the next run mends it. Where one file cannot be
    renamed, all are taken back, and what was there before is there again.

    Raises:
        LambdaPackError: one cannot be.
    """
    names = sorted(
        os.listdir(staging), key=lambda name: (os.path.isdir(f"{staging}/{name}") or name.endswith(_LAST), name)
    )
    old = os.path.join(staging, "old")
    with writing_to(output), ExitStack() as moves:
        os.mkdir(old)
        for name in names:
            staged, place, aside = (os.path.join(folder, name) for folder in (staging, output, old))
            number = os.stat(staged).st_ino
            # Each move back is noted before the move is made: a signal may come in between.
            if os.path.isfile(staged) and os.path.isfile(place) and _linked(place, aside):
                moves.callback(_restore, place, number, aside)
                os.replace(staged, place)
                continue
            # A folder cannot take the place of another one, nor a file where the system has no second names for files.
            if os.path.isfile(place) or (os.path.isdir(staged) and os.path.isdir(place)):
                moves.callback(_put_back, aside, place)
                os.rename(place, aside)
            moves.callback(_take_back, place, number, staged)
            os.rename(staged, place)
        moves.pop_all()


def _linked(place: str, aside: str) -> bool:
    """Give a file a second name, by which it outlives being replaced; whether the system could."""
    try:
        os.link(place, aside)
    except OSError:
        return False
    return True


def _restore(place: str, number: int, aside: str) -> None:
    """Put the older file back, unless another run has put its own there since; `number` is the inode of ours."""
    with suppress(OSError):
        if os.stat(place).st_ino == number:
            os.replace(aside, place)


def _take_back(place: str, number: int, to: str) -> None:
    """Unless another run has put its own there since; `number` is the inode of ours."""
    with suppress(OSError):
        if os.stat(place).st_ino == number:
            os.rename(place, to)


def _put_back(path: str, to: str) -> None:
    with suppress(OSError):
        if not os.path.lexists(to):
            os.rename(path, to)
