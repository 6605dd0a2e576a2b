"""requirements.txt in pip's syntax, with everything it includes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from lambda_pack.errors import UsageError
from lambda_pack.inputs.documents import shown
from lambda_pack.inputs.requirement_line import Include, Option, parse_line
from lambda_pack.inputs.whole_files import read_whole
from lambda_pack.model.indexes import ProjectIndexes
from lambda_pack.model.input_limits import INCLUDED_FILES, LINE_LENGTH, NESTING
from lambda_pack.model.requirements import FileChoice, Origin, Requested

__all__ = ["RequirementsFile", "read_constraints", "read_requirements"]


class RequirementsFile(Struct, frozen=True):
    """What one requirements file and its includes say; `None` and empty mean that they do not say.

    `index_url` and the other places may hold credentials. `indexes` are those that a manifest names. Hashes are
    required where the file `demands_hashes` with its option, or where some line has one, unless it says
    `no_require_hashes`.
    """

    requested: tuple[Requested, ...] = ()
    constraints: tuple[Requested, ...] = ()
    index_url: str | None = None
    extra_index_urls: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    trusted_hosts: tuple[str, ...] = ()
    no_index: bool = False
    require_hashes: bool = False
    demands_hashes: bool = False
    no_require_hashes: bool = False
    files: FileChoice = field(default_factory=FileChoice)
    indexes: ProjectIndexes | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is asked for: a no-op, not an error."""
        return not self.requested


def read_requirements(paths: Iterable[Path], environ: Mapping[str, str]) -> RequirementsFile:
    """The union of several files, each with its `-r` and `-c` includes; `environ` answers `${VARIABLES}`.

    Raises:
        UsageError: a file is missing, includes itself, or a line is not in pip's syntax.
    """
    reader = _Reader(environ)
    for path in paths:
        reader.read(path, constraint=False, parents=())
    found = reader.found
    hashed = any(line.hashes for line in (*found.requested, *found.constraints)) and not found.no_require_hashes
    return replace(found, require_hashes=found.demands_hashes or hashed)


def read_constraints(paths: Iterable[Path], environ: Mapping[str, str]) -> tuple[Requested, ...]:
    """The lines of constraints files named outside of any requirements file.

    Raises:
        UsageError: as `read_requirements`.
    """
    reader = _Reader(environ)
    for path in paths:
        reader.read(path, constraint=True, parents=())
    return reader.found.constraints


class _Reader:
    """Collects what files say; a file that several others include is read once."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self._options = RequirementsFile()
        self._requested: list[Requested] = []
        self._constraints: list[Requested] = []
        self._known: set[tuple[Path, bool]] = set()

    @property
    def found(self) -> RequirementsFile:
        """What the files said together."""
        return replace(self._options, requested=tuple(self._requested), constraints=tuple(self._constraints))

    def read(self, path: Path, *, constraint: bool, parents: tuple[Path, ...]) -> None:
        """Read a file and what it includes; `parents` lead to it, each resolved but the last, which is as written."""
        place = path.resolve()
        if place in parents[:-1]:
            raise UsageError(f"{path.as_posix()!r} includes itself; remove the -r or -c that closes the circle")
        if (place, constraint) in self._known and parents:
            return
        self._known.add((place, constraint))
        if len(self._known) > INCLUDED_FILES.most or len(parents) > NESTING.most:
            limit = INCLUDED_FILES if len(self._known) > INCLUDED_FILES.most else NESTING
            raise UsageError(f"{path.as_posix()!r}: what the files include {limit.refusal()}; include fewer")
        for number, text in _logical_lines(_text(path, parents[-1:]), path):
            origin = Origin(path.as_posix(), number)
            for value in parse_line(_expanded(text, self._environ), origin=origin, folder=path.absolute().parent):
                match value:
                    case Include(path=included, constraint=as_constraint):
                        inner = constraint or as_constraint
                        self.read(shown(included), constraint=inner, parents=(*parents[:-1], place, path))
                    case Option():
                        self._options = _EFFECTS[value.name](self._options, value.value)
                    case Requested() if constraint:
                        self._constraints.append(_checked_constraint(value))
                    case Requested():
                        self._requested.append(value)


def _text(path: Path, parents: tuple[Path, ...]) -> str:
    included = f", included by {parents[-1].as_posix()!r}" if parents else ""
    if "://" in path.as_posix() or re.match(r"https?:/", path.as_posix()):
        raise UsageError(f"{path.as_posix()!r}{included} is a URL; download the file and name it here")
    try:
        content = read_whole(path)
    except FileNotFoundError as error:
        raise UsageError(f"{path.as_posix()!r}{included} does not exist; name a requirements file with -r") from error
    except OSError as error:
        raise UsageError(
            f"{path.as_posix()!r}{included} cannot be read: {error.strerror}; name a readable file"
        ) from error
    try:
        return content.decode(_encoding(content))
    except (UnicodeError, LookupError) as error:
        raise UsageError(f"{path.as_posix()!r} is not text: {error}; save it as UTF-8") from error


def _encoding(content: bytes) -> str:
    """As pip decides: a byte order mark, then a coding line (PEP 263), then UTF-8."""
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    if content.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    for line in content.splitlines()[:2]:
        declared = re.match(rb"\s*#.*?coding[:=][ \t]*([-\w.]+)", line)
        if declared:
            return declared[1].decode("ascii")
    return "utf-8-sig"


def _logical_lines(text: str, path: Path) -> Iterator[tuple[int, str]]:
    """Yield lines joined at a trailing backslash, without comments, numbered by where they begin.

    Raises:
        UsageError: one is longer than any real one.
    """
    pending, begun = "", 0
    for number, line in enumerate([*text.splitlines(), ""], start=1):
        begun = begun or number
        is_comment = re.match(r"\s*#", line) is not None
        if line.endswith("\\") and not is_comment:
            # Not only the last one: pip takes all that stand at either end.
            pending += line.strip("\\")
            _check_length(pending, path, begun)
            continue
        # A comment line inside a continued requirement ends it, as in pip.
        _check_length(pending + line, path, begun)
        joined = re.sub(r"(?:^|(?<=\s))#.*$", "", pending + ("" if is_comment else line)).strip()
        if joined:
            yield begun, joined
        pending, begun = "", 0


def _check_length(line: str, path: Path, number: int) -> None:
    if len(line) > LINE_LENGTH.most:
        raise UsageError(f"{path.as_posix()}:{number}: the line {LINE_LENGTH.refusal()}; divide it")


def _expanded(text: str, environ: Mapping[str, str]) -> str:
    """`${NAME}` replaced where the variable is set, as pip does: upper case only, unknown ones left alone."""
    return re.sub(r"\$\{([A-Z0-9_]+)\}", lambda match: environ.get(match[1]) or match[0], text)


def _checked_constraint(line: Requested) -> Requested:
    if line.requirement is None:
        raise UsageError(f"{line.origin}: a constraint needs a name; write it as 'name @ URL'")
    if line.requirement.extras:
        raise UsageError(f"{line.origin}: a constraint cannot have extras; move them to the requirement")
    return line


# One row for each option of `requirement_line`: what it changes.
_EFFECTS: Mapping[str, Callable[[RequirementsFile, str], RequirementsFile]] = {
    "index-url": lambda found, url: replace(found, index_url=url),
    "extra-index-url": lambda found, url: replace(found, extra_index_urls=(*found.extra_index_urls, url)),
    "find-links": lambda found, place: replace(found, find_links=(*found.find_links, place)),
    "trusted-host": lambda found, host: replace(found, trusted_hosts=(*found.trusted_hosts, host)),
    "no-index": lambda found, _: replace(found, no_index=True),
    "require-hashes": lambda found, _: replace(found, demands_hashes=True),
    "no-require-hashes": lambda found, _: replace(found, no_require_hashes=True),
    # pip's experimental features: none of them changes what is chosen.
    "use-feature": lambda found, _: found,
    "pre": lambda found, _: replace(found, files=found.files.with_prereleases(":all:")),
    "all-releases": lambda found, words: replace(found, files=found.files.with_prereleases(words)),
    "only-final": lambda found, words: replace(found, files=found.files.without_prereleases(words)),
    "prefer-binary": lambda found, _: replace(found, files=replace(found.files, prefer_binary=True)),
    "no-binary": lambda found, words: replace(found, files=found.files.without_wheels(words)),
    "only-binary": lambda found, words: replace(found, files=found.files.without_sdists(words)),
}
