"""Globs as the Serverless Framework reads them: micromatch's, for paths of files, hidden ones included.

wcmatch and pathspec read several of them otherwise (`**.py`, `[!a]`, `(a|b)`, `a/**` for `a` itself): in a comparison
with micromatch 4.0.8 over 1,096 patterns wcmatch 12.0.1 differed in 144. tests/model/test_globs.py compares this one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

from msgspec import Struct

from lambda_pack.errors import UsageError
from lambda_pack.model.input_limits import PATTERN_FOLDERS, PATTERN_STARS

__all__ = ["GlobRules", "check_stars", "ends_with_name", "fixed_part", "glob_pattern"]

_MAGIC: Final = re.compile(r"[*?\[{(!+@\\]")
# What micromatch would read in ways that are not worth copying; such a pattern is refused instead of misread.
_REFUSED: Final = re.compile(r"!\(|\{[^{},]*\.\.[^{},]*\}|\[\[:|\(\?")
_REPEATED: Final = re.compile(r"(?:(?<=/)|\A)(?:\*\*/)+(?=\*\*(?:/|\Z))")
_STAR, _ANYTHING = r"[^/]*?", r".*?"
_QUANTIFIERS: Final = {"@(": "", "+(": "+", "*(": "*", "?(": "?"}


class GlobRules(Struct, frozen=True):
    """Globs in the order in which they count: the last one that matches a file decides; `!` leaves it out.

    `below` is put in front of a path before it is matched: the globs are relative to a folder above, as in 'src/'.
    """

    globs: tuple[str, ...]
    below: str = ""

    def keeps(self, path: str, *, kept: bool) -> bool:
        """Return whether a file is packed, given whether it would be `kept` without these rules."""
        whole = self.below + path
        for glob in self.globs:
            takes_in = not glob.startswith("!")
            if takes_in is not kept and glob_pattern(glob.removeprefix("!")).fullmatch(whole):
                kept = takes_in
        return kept

    def names_inside(self, path: str) -> bool:
        """Return whether a glob takes in something at or below this path by its name, not by a wildcard alone."""
        whole = self.below + path.rstrip("/")
        fixed = [fixed_part(glob) for glob in self.globs if not glob.startswith("!")]
        return any(part == whole or part.startswith(f"{whole}/") for part in fixed)


def fixed_part(glob: str) -> str:
    """Return the folders that a glob begins with, or all of it where it has no wildcard.

    >>> fixed_part("./node_modules/left-pad/**/*.js"), fixed_part(".env"), fixed_part("**/x")
    ('node_modules/left-pad', '.env', '')
    """
    parts = glob.removeprefix("./").split("/")
    first = next((number for number, part in enumerate(parts) if _MAGIC.search(part)), len(parts))
    return "/".join(parts[:first])


def ends_with_name(glob: str) -> bool:
    """Return whether the last part of a glob is a name, or several in braces; it is empty after a slash at the end.

    >>> ends_with_name("**/tests"), ends_with_name("{docs,tests}"), ends_with_name("src/*"), ends_with_name("docs/")
    (True, True, False, False)
    """
    return fixed_part(re.sub(r"[{},]", "", glob.rpartition("/")[2])) != ""


def check_stars(patterns: Iterable[str]) -> None:
    """Refuse patterns that take ages to match.

    Each star in a part multiplies the time by the length of a name, and each part `**` by the depth of the folders.

    Raises:
        UsageError: one has too many stars in one part, or too many parts `**`.
    """
    for pattern in patterns:
        parts = pattern.split("/")
        counted = [(max(len(re.findall(r"\*+", part)) for part in parts), PATTERN_STARS)]
        counted += [(sum(part == "**" for part in parts), PATTERN_FOLDERS)]
        for count, limit in counted:
            if count > limit.most:
                raise UsageError(f"the pattern {pattern[:80]!r} {limit.refusal()}; write fewer")


@lru_cache(maxsize=512)
def glob_pattern(glob: str) -> re.Pattern[str]:
    """Return the regular expression for whole paths.

    Raises:
        UsageError: the glob has an unusual part that is not understood here.

    >>> [bool(glob_pattern("src/**/*.{py,txt}").fullmatch(path)) for path in ("src/a.py", "src/a/.b/c.txt", "a.py")]
    [True, True, False]
    """
    if found := _REFUSED.search(glob):
        raise UsageError(
            f"the pattern {glob!r} has {found[0]!r}, which is not understood here; write it in another way"
        )
    check_stars((glob,))
    try:
        return re.compile("".join(_parts(_REPEATED.sub("", glob.removeprefix("./")))), re.DOTALL)
    except re.error as error:
        raise UsageError(f"the pattern {glob!r} cannot be read: {error}; correct it") from error


def _parts(glob: str) -> Iterator[str]:
    at, closers = 0, list[str]()
    while at < len(glob):
        rest = glob[at:]
        text, length = _stars(glob, at) or _group(rest, closers) or _plain(rest, grouped=bool(closers))
        yield text
        at += length


def _stars(glob: str, at: int) -> tuple[str, int] | None:
    """Return the expression for the wildcards at this place and their length, None if there are none."""
    rest, begins_segment = glob[at:], at == 0 or glob[at - 1] == "/"
    if rest == "/**" and at > 0:
        # `a/**` is `a` as well, and `a*/**` is not `a`.
        return (f"/{_ANYTHING}" if glob[at - 1] == "*" else f"(?:/{_ANYTHING})?"), 3
    if rest.startswith("**/") and begins_segment:
        return f"(?:{_ANYTHING}/)?", 3
    if begins_segment and (rest == "**" or (at == 0 and re.fullmatch(r"\*\*\.\w+", rest))):
        return _ANYTHING, 2
    if rest[0] == "*" and rest[:2] not in _QUANTIFIERS:
        length = len(rest) - len(rest.lstrip("*"))
        if rest[length : length + 1] == "(" and ")" in rest:
            length -= 1
        return ("(?=[^/])" if begins_segment else "") + _STAR, length
    return None


def _group(rest: str, closers: list[str]) -> tuple[str, int] | None:
    """Return the expression for a bracket and its length, None if there is none; `closers` are those still open."""
    if rest[:2] in _QUANTIFIERS and ")" in rest:
        closers.append(f"){_QUANTIFIERS[rest[:2]]}")
        return "(?:", 2
    if rest[0] == "[" and "]" in rest[2:]:
        return _class(rest)
    if (rest[0] == "{" and "," in rest and "}" in rest) or (rest[0] == "(" and ")" in rest):
        closers.append(")")
        return "(?:", 1
    if rest[0] in "})" and closers:
        return closers.pop(), 1
    return None


def _class(rest: str) -> tuple[str, int]:
    end = rest.index("]", 2)
    inside = rest[1:end].replace("\\", "\\\\").replace("[", "\\[")
    # `!` does not negate here, and no class matches a slash.
    return (f"[^/{inside[1:]}]" if inside.startswith("^") else f"[{inside}]"), end + 1


def _plain(rest: str, *, grouped: bool) -> tuple[str, int]:
    match rest[0]:
        case "?":
            return "[^/]", 1
        case "," | "|" if grouped:
            return "|", 1
        case "\\" if len(rest) > 1:
            return re.escape(rest[1]), 2
        case character:
            return re.escape(character), 1
