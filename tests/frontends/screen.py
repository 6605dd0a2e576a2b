"""A terminal as far as progress bars need one: what stays on the screen, and whether the cursor can be seen."""

from __future__ import annotations

import re

from msgspec import Struct, field

__all__ = ["Screen"]

_PIECES = re.compile(r"\x1b\[(?P<numbers>[?\d;]*)(?P<letter>[A-Za-z])|(?P<text>[^\x1b\r\n]+)|(?P<control>[\r\n])")


class Screen(Struct):
    """Lines and a cursor, wide enough never to wrap."""

    lines: list[str] = field(default_factory=lambda: [""])
    row: int = 0
    column: int = 0
    cursor_is_seen: bool = True

    def show(self, output: str) -> list[str]:
        """What a reader sees after this output: the lines, without blanks at their ends and empty ones at the end."""
        position = 0
        while position < len(output):
            match = _PIECES.match(output, position)
            assert match, f"a sequence no bar needs: {output[position : position + 20]!r}"
            position = match.end()
            if match["text"]:
                self._write(match["text"])
            elif match["control"]:
                self._control(match["control"])
            else:
                self._sequence(match["letter"], match["numbers"])
        return [line.rstrip() for line in "\n".join(self.lines).rstrip().split("\n")]

    def _write(self, text: str) -> None:
        line = self.lines[self.row].ljust(self.column)
        self.lines[self.row] = line[: self.column] + text + line[self.column + len(text) :]
        self.column += len(text)

    def _control(self, character: str) -> None:
        self.column = 0
        if character == "\n":
            self.row += 1
            if self.row == len(self.lines):
                self.lines.append("")

    def _sequence(self, letter: str, numbers: str) -> None:
        match letter, numbers:
            case "A", _:
                self.row = max(0, self.row - int(numbers or 1))
            case "K", "2":
                self.lines[self.row] = ""
            case (("h" | "l"), "?25"):
                self.cursor_is_seen = letter == "h"
            case "m", _:
                pass  # a colour
            case _:
                raise AssertionError(f"a sequence no bar needs: {numbers}{letter}")
