"""A page of Markdown that strangers have a share in, and that never grows above its limit.

Foreign text stands in two places only. In HTML blocks, on one line and escaped: CommonMark reads no Markdown there, and
only a blank line ends them. And between fences longer than any run of backticks in the text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from html import escape

__all__ = ["Page", "code", "fenced", "table", "words"]

_LONGEST_CELL = 2_000
_MORE = '<tr><td colspan="9">… and {count} more</td></tr>'
_ESCAPE_SEQUENCE = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])")
# In the text of HTML, too, GitHub makes links of @names and #numbers, formulas of $…$ and pictures of :words:.
_SPECIAL = re.compile(r"[@#$]|:(?=[\w+-]+:)")
_INVISIBLE = "\u200b"  # zero width: it keeps what follows from being taken for a name


class Page:
    """Blocks in their order, as many as there is room for; `limit` is in bytes of UTF-8."""

    def __init__(self, limit: int, *, note: str) -> None:
        """`note` ends the page when something had to be left out."""
        self._note = note
        self._room = limit - _size(note)
        self._blocks: list[str] = []
        self._is_cut = False

    def add(self, block: str) -> None:
        """Add a block that is whole in itself, or nothing of it."""
        size = _size(block)
        if size > self._room:
            self._is_cut = True
        else:
            self._blocks.append(block)
            self._room -= size

    def add_table(self, heads: Sequence[str], rows: Iterable[Sequence[str]], *, fold: str = "") -> None:
        """Add a table, and as many of its rows as there is room for; the cells are HTML, and so is the fold's title."""
        made = [f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows]
        frame = _size(_folded(table(heads, []), fold)) + _size(_MORE.format(count=len(made)))
        room, taken = self._room - frame, 0
        for row in made:
            room -= _size(row)
            if room < 0:
                break
            taken += 1
        left = len(made) - taken
        if left:
            self._is_cut = True
            made = [*made[:taken], _MORE.format(count=left)]
        self.add(_folded(table(heads, made), fold))

    def text(self) -> str:
        """The page, with an empty line at its end."""
        blocks = [*self._blocks, self._note] if self._is_cut else self._blocks
        return "".join(f"{block}\n\n" for block in blocks)


def _folded(block: str, title: str) -> str:
    return f"<details><summary>{title}</summary>\n{block}\n</details>" if title else block


def _size(block: str) -> int:
    """In bytes, with the empty line that follows."""
    return len(block.encode()) + 2


def table(heads: Sequence[str], rows: Sequence[str]) -> str:
    """The HTML of a table; `rows` are whole."""
    head = f"<tr>{''.join(f'<th>{head}</th>' for head in heads)}</tr>" if heads else ""
    return "\n".join(part for part in ("<table>", head, *rows, "</table>") if part)


def words(text: str) -> str:
    """A sentence as HTML that nothing is made of: no tag, no link, no picture."""
    return escape(_SPECIAL.sub(lambda found: found.group() + _INVISIBLE, _line(text)))


def code(text: str) -> str:
    """A name as HTML: what stands in `<code>` can be copied as it is."""
    return f"<code>{escape(_line(text))}</code>"


def fenced(text: str, *, most: int) -> str:
    """The end of a text of many lines, at most `most` characters of it, as it was printed."""
    plain = "\n".join(_visible(line) for line in text.splitlines())
    if len(plain) > most:
        plain = f"…\n{plain[-most:].partition(chr(10))[2] or plain[-most:]}"
    longest = max((len(run) for run in re.findall(r"`+", plain)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{plain}\n{fence}"


def _line(text: str) -> str:
    line = " ".join(_visible(part) for part in text.split())
    return line if len(line) <= _LONGEST_CELL else f"{line[:_LONGEST_CELL]}…"


def _visible(text: str) -> str:
    """Without what moves a cursor, changes colours or turns the direction of writing round."""
    plain = _ESCAPE_SEQUENCE.sub("", text).replace("\t", "    ")
    return "".join(char for char in plain if unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Zl", "Zp"})
