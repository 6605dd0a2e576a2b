"""The user's own code: which files of a folder belong in the bundle."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from lambda_pack.errors import UsageError
from lambda_pack.files.entries import EXECUTABLE, OWN, PLAIN, Entry
from lambda_pack.looks import listed, seen
from lambda_pack.model.product import SCRATCH_PREFIX

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

__all__ = ["DEFAULT_EXCLUDES", "IGNORE_FILE", "check_source", "read_source"]

IGNORE_FILE: Final = ".lambdapackignore"

DEFAULT_EXCLUDES: Final = (
    # version control
    ".git",
    ".hg",
    ".svn",
    # environments and other packages: what the bundle needs of them, the requirements say
    ".venv/",
    "venv/",
    "node_modules/",
    "*.egg-info/",
    ".tox/",
    ".nox/",
    # what tools leave behind; compiled files carry the time of the checkout
    "__pycache__/",
    "*.py[co]",
    ".pytest_cache/",
    ".mypy_cache/",
    ".ruff_cache/",
    ".hypothesis/",
    ".coverage",
    ".idea/",
    ".vscode/",
    ".aws-sam/",
    ".DS_Store",
    "Thumbs.db",
    "desktop.ini",
    "__MACOSX/",
    "._*",
    # our own output and settings
    "/dist/*.zip",
    "/dist/*.report.json",
    "/dist/*.pylock.toml",
    f"{SCRATCH_PREFIX}*",
    IGNORE_FILE,
)


def check_source(place: Path) -> None:
    """Refuse what is neither a folder nor a file, before anything is done for the bundle that it would be part of.

    Raises:
        UsageError: it is not there, or something else.
    """
    if not seen(place).is_dir() and not place.is_file():
        raise UsageError(f"{str(place)!r} is neither a folder nor a file; give the folder of your own code")


def read_source(place: Path, *, excludes: Sequence[str] = (), includes: Sequence[str] = ()) -> tuple[Entry, ...]:
    """The files of a folder that are not excluded, by path; or the one file that was named, whatever is excluded.

    Contents are read when the bundle is written.

    Patterns are those of .gitignore, and later ones win: `DEFAULT_EXCLUDES`, the folder's `.lambdapackignore`,
    `excludes`, then `includes` as if each began with `!`. As in Git, nothing inside an excluded folder is looked at: to
    have a file of it, re-include the folder first. Symbolic links are followed, and stand for what they lead to.

    Raises:
        UsageError: the folder cannot be read, a pattern is none, or a link leads out of the folder or in a circle.
    """
    check_source(place)
    if place.is_file():
        return (_entry(place.name, seen(place.resolve()), _status(place)),)
    walk = _Walk(place.resolve(), _patterns(place, excludes, includes))
    return tuple(sorted(walk.files(walk.root, "", (walk.root,)), key=lambda entry: entry.path))


def _patterns(folder: Path, excludes: Sequence[str], includes: Sequence[str]) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec

    try:
        written = seen(folder / IGNORE_FILE).read_text("utf-8-sig").splitlines()
    except FileNotFoundError:
        written = []
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{str(folder / IGNORE_FILE)!r} cannot be read ({error}); save it as UTF-8 text") from error
    lines = (*DEFAULT_EXCLUDES, *written, *excludes, *(f"!{pattern}" for pattern in includes))
    try:
        return GitIgnoreSpec.from_lines(lines)
    except ValueError as error:
        raise UsageError(
            f"a pattern for {str(folder)!r} is not one that .gitignore could hold: {error}; correct it"
        ) from error


class _Walk(Struct, frozen=True):
    """A walk below `root`, which has no symbolic link in it."""

    root: Path
    patterns: GitIgnoreSpec

    def files(self, folder: Path, prefix: str, above: tuple[Path, ...]) -> Iterator[Entry]:
        """The entries of one folder and those below; `above` are the real folders on the way, itself included."""
        try:
            with os.scandir(listed(folder)) as scanned:
                found = sorted(scanned, key=lambda item: item.name)
        except OSError as error:
            raise UsageError(
                f"{str(folder)!r} cannot be read ({error.strerror}); make it readable or exclude it"
            ) from error
        for item in found:
            path = prefix + item.name
            # A link is excluded by its own name, before anybody asks where it leads.
            if self.patterns.match_file(f"{path}/" if _is_folder(item) else path):
                continue
            real = self._real(seen(Path(item.path))) if item.is_symlink() else Path(item.path)
            status = _status(real)
            if stat.S_ISREG(status.st_mode):
                yield _entry(path, seen(real), status)
            elif not stat.S_ISDIR(status.st_mode):
                raise UsageError(f"{item.path!r} is neither a file nor a folder; exclude it")
            elif real in above:
                raise UsageError(f"{item.path!r} is a symbolic link to a folder above it; exclude it")
            else:
                yield from self.files(real, f"{path}/", (*above, real))

    def _real(self, link: Path) -> Path:
        """Where a link leads."""
        try:
            real = link.resolve(strict=True)
        except (OSError, RuntimeError) as error:
            raise UsageError(f"{str(link)!r} is a symbolic link that leads nowhere; mend or exclude it") from error
        if not real.is_relative_to(self.root):
            raise UsageError(
                f"{str(link)!r} is a symbolic link out of {str(self.root)!r}; copy what it leads to, or exclude it"
            )
        return real


def _is_folder(item: os.DirEntry[str]) -> bool:
    """Whether it is a folder or leads to one; a link in a circle does not."""
    try:
        return item.is_dir()
    except OSError:
        return False


def _status(path: Path) -> os.stat_result:
    try:
        return path.stat()
    except OSError as error:
        raise UsageError(f"{str(path)!r} cannot be read ({error.strerror}); make it readable or exclude it") from error


def _entry(path: str, real: Path, status: os.stat_result) -> Entry:
    try:
        path.encode("utf-8")
    except UnicodeEncodeError as error:
        raise UsageError(f"{path!r} has a name that is not UTF-8; rename or exclude it") from error
    if "\\" in path:
        raise UsageError(f"{path!r} has a backslash in its name, which is a folder on other systems; rename it")
    mode = EXECUTABLE if status.st_mode & 0o111 else PLAIN
    return Entry(path, real, mode, OWN, status.st_size)
