"""The user's own code: which files of a folder belong in the bundle."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from lambda_pack.errors import UsageError
from lambda_pack.files.entries import EXECUTABLE, OWN, PLAIN, Entry
from lambda_pack.model.globs import GlobRules, check_stars
from lambda_pack.model.input_limits import FILE_SIZE
from lambda_pack.model.product import SCRATCH_PREFIX
from lambda_pack.model.targets import Architecture

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

    from lambda_pack.model.own_code import OwnCode
    from lambda_pack.model.request import PackRequest

__all__ = [
    "DEFAULT_EXCLUDES",
    "IGNORE_FILE",
    "LEFT_OUT",
    "LeftOut",
    "check_source",
    "patterns_for",
    "read_own",
    "read_source",
    "settings_left_out",
]

IGNORE_FILE: Final = ".lambdapackignore"


class LeftOut(Struct, frozen=True):
    """Files that are not packed unless they are asked for: a row of the table in docs/own-code.md.

    `tools` are those that leave them out as well: SAM (aws-lambda-builders 1.67.0, EXCLUDED_FILES of python_pip and
    python_uv), Serverless (serverless 3.40.0, defaultExcludes in package-service.js). The CDK (aws-lambda-python-alpha
    2.269.0) leaves out `*.pyc`, and with uv `.python-version`. All read 2026-11-28.
    """

    what: str
    patterns: tuple[str, ...]
    tools: str = ""


LEFT_OUT: Final = (
    LeftOut("files with settings and secrets", (".env", ".env.*", ".envrc"), "SAM; Serverless with useDotenv"),
    LeftOut(
        "version control",
        (".git", ".gitignore", ".gitattributes", ".gitmodules", ".hg", ".svn"),
        "SAM, Serverless",
    ),
    LeftOut("virtual environments, by these names or by a pyvenv.cfg", (".venv/", "venv/"), "SAM"),
    LeftOut("packages: what the bundle needs of them, the requirements say", ("node_modules/", "*.egg-info/")),
    LeftOut(
        "what installers leave behind",
        (".Python", ".eggs/", "*.egg", "pip-log.txt", "pip-delete-this-directory.txt", ".uv-cache/", "uv.lock.bak"),
        "SAM",
    ),
    # Compiled files carry the time of the checkout.
    LeftOut("compiled files", ("__pycache__/", "*.py[co]"), "SAM; the CDK"),
    LeftOut(
        "what tests and checks leave behind",
        (
            ".tox/",
            ".nox/",
            ".cache/",
            ".pytest_cache/",
            ".mypy_cache/",
            ".dmypy.json",
            ".pyre/",
            ".ruff_cache/",
            ".hypothesis/",
            ".coverage",
            ".coverage.*",
            "htmlcov/",
        ),
        "SAM",
    ),
    LeftOut("the version of Python for pyenv and uv", (".python-version",), "SAM; the CDK with uv"),
    LeftOut("editors", (".idea/", ".vscode/"), "SAM"),
    LeftOut(
        "build folders of other tools", (".aws-sam/", ".chalice/", ".serverless/", ".serverless_plugins/", "cdk.out/")
    ),
    LeftOut("logs of npm and yarn", ("npm-debug.log", "yarn-*.log"), "Serverless"),
    LeftOut("what operating systems leave behind", (".DS_Store", "Thumbs.db", "desktop.ini", "__MACOSX/", "._*")),
    LeftOut(
        "our own output and settings",
        ("/dist/*.zip", "/dist/*.report.json", "/dist/*.pylock.toml", f"{SCRATCH_PREFIX}*", IGNORE_FILE),
    ),
)

DEFAULT_EXCLUDES: Final = tuple(pattern for row in LEFT_OUT for pattern in row.patterns)


# Of each bundle, in the output folder.
_WRITTEN: Final = (".zip", ".gluewheels.zip", ".report.json", ".pylock.toml")

# What a pattern of .gitignore would not take literally.
_SPECIAL: Final = re.compile(r"[\\*?\[ ]")

# No program reads these.
_EXAMPLES: Final = frozenset({".example", ".sample", ".template", ".dist"})


def check_source(place: Path) -> None:
    """Refuse what is neither a folder nor a file, before anything is done for the bundle that it would be part of.

    Raises:
        UsageError: it is not there, or something else.
    """
    if not place.is_dir() and not place.is_file():
        raise UsageError(f"{str(place)!r} is neither a folder nor a file; give the folder of your own code")


def read_own(source: OwnCode, request: PackRequest) -> tuple[Entry, ...]:
    """Return the files of one of a request's own sources by path, without what a run before has written among them.

    Raises:
        UsageError: see `read_source`.
    """
    outputs = _outputs_in(source.path, request.output)
    return read_source(
        source.path, excludes=(*outputs, *request.excludes), includes=request.includes, rules=source.rules
    )


def _outputs_in(place: Path, output: Path) -> Iterator[str]:
    """Yield patterns for the archives, reports and locks in the output folder, of any target, where that is inside."""
    for below in patterns_for(output, place):
        for architecture in Architecture:
            for kind in _WRITTEN:
                yield f"{below.rstrip('/')}/*-python3.*-{architecture.value}{kind}"


def patterns_for(path: Path, place: Path) -> tuple[str, ...]:
    """Return the pattern that means one file or folder below the folder `place`, and nothing where it is elsewhere."""
    try:
        below = path.resolve().relative_to(place.resolve()).as_posix()
    except ValueError:
        return ()
    return ("/",) if below == "." else ("/" + _SPECIAL.sub(r"\\\g<0>", below),)


def read_source(
    place: Path, *, excludes: Sequence[str] = (), includes: Sequence[str] = (), rules: GlobRules | None = None
) -> tuple[Entry, ...]:
    """The files of a folder that are not excluded, by path; or the one file that was named, whatever is excluded.

    Contents are read when the bundle is written.

    Patterns are those of .gitignore, and later ones win: `DEFAULT_EXCLUDES`, the folder's `.lambdapackignore`,
    `excludes`, then `includes` as if each began with `!`. As in Git, nothing inside an excluded folder is looked at: to
    have a file of it, re-include the folder first. Symbolic links are followed, and stand for what they lead to.

    `rules` decide last, about files. What the patterns leave out, they take in only where they name it: `.env` or
    `node_modules/left-pad/**` do, `**` does not. A folder with a pyvenv.cfg is left out, whatever its name.

    Raises:
        UsageError: the folder cannot be read, a pattern is not valid, or a link leads out of the folder or in a circle.
    """
    check_source(place)
    if place.is_file():
        return (_entry(place.name, place.resolve(), _status(place)),)
    walk = _Walk(place.resolve(), _patterns(place, excludes, includes), rules or GlobRules(()))
    return tuple(sorted(walk.files(walk.root, "", (walk.root,)), key=lambda entry: entry.path))


def settings_left_out(place: Path, *, excludes: Sequence[str] = (), includes: Sequence[str] = ()) -> tuple[str, ...]:
    """Return the names of files such as `.env` in a folder that nothing but our defaults leaves out, sorted.

    Examples such as `.env.example` are not among them.

    Raises:
        UsageError: a pattern is not valid.
    """
    if not place.is_dir():
        return ()
    patterns = _patterns(place, excludes, includes)
    rows = [DEFAULT_EXCLUDES.index(pattern) for pattern in LEFT_OUT[0].patterns]
    return tuple(
        path.name
        for path in sorted(place.iterdir())
        if path.name.startswith(".env")
        and path.suffix not in _EXAMPLES
        and path.is_file()
        and patterns.check_file(path.name).index in rows
    )


def _patterns(folder: Path, excludes: Sequence[str], includes: Sequence[str]) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec

    try:
        written = _read_ignore_file(folder / IGNORE_FILE).splitlines()
    except FileNotFoundError:
        written = []
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{str(folder / IGNORE_FILE)!r} cannot be read ({error}); save it as UTF-8 text") from error
    lines = (*DEFAULT_EXCLUDES, *written, *excludes, *(f"!{pattern}" for pattern in includes))
    check_stars(lines)
    try:
        return GitIgnoreSpec.from_lines(lines)
    except ValueError as error:
        raise UsageError(
            f"a pattern for {str(folder)!r} is not one that .gitignore could hold: {error}; correct it"
        ) from error


def _read_ignore_file(path: Path) -> str:
    """Return its text; a named pipe is not waited for."""
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise UsageError(f"{str(path)!r} is not a regular file; remove it")
    if status.st_size > FILE_SIZE.most:
        raise UsageError(f"{str(path)!r} {FILE_SIZE.refusal()}; write fewer patterns")
    return path.read_text("utf-8-sig")


class _Walk(Struct, frozen=True):
    """A walk below `root`, which has no symbolic link in it."""

    root: Path
    patterns: GitIgnoreSpec
    rules: GlobRules

    def files(self, folder: Path, prefix: str, above: tuple[Path, ...], *, left_out: bool = False) -> Iterator[Entry]:
        """The entries of one folder and those below; `above` are the real folders on the way, itself included.

        Of a folder that is `left_out` only those files are packed that a rule takes in.
        """
        try:
            with os.scandir(folder) as scanned:
                found = sorted(scanned, key=lambda item: item.name)
        except OSError as error:
            raise UsageError(
                f"{str(folder)!r} cannot be read ({error.strerror}); make it readable or exclude it"
            ) from error
        for item in found:
            path = prefix + item.name
            # A link is excluded by its own name, before anybody asks where it leads.
            is_folder = _is_folder(item)
            excluded = left_out or self._leaves_out(path, item, is_folder=is_folder)
            if excluded and not (left_out or self.rules.names_inside(path)):
                continue
            if not is_folder and not self.rules.keeps(path, kept=not excluded):
                continue
            real = self._real(Path(item.path)) if item.is_symlink() else Path(item.path)
            status = _status(real)
            if stat.S_ISREG(status.st_mode):
                yield _entry(path, real, status)
            elif not stat.S_ISDIR(status.st_mode):
                raise UsageError(f"{item.path!r} is neither a file nor a folder; exclude it")
            elif real in above:
                raise UsageError(f"{item.path!r} is a symbolic link to a folder above it; exclude it")
            else:
                yield from self.files(real, f"{path}/", (*above, real), left_out=excluded)

    def _leaves_out(self, path: str, item: os.DirEntry[str], *, is_folder: bool) -> bool:
        if not is_folder:
            return self.patterns.match_file(path)
        return self.patterns.match_file(f"{path}/") or (
            self.patterns.check_file(f"{path}/").include is None and (Path(item.path) / "pyvenv.cfg").is_file()
        )

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
