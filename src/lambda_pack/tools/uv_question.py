"""What uv is told. A pack that is repeated loads it before anything else, so it imports nothing."""

from __future__ import annotations

TYPE_CHECKING = False  # `typing` costs 8 ms
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["Question"]


class Question:
    """A command, the files in the folder where it runs, and variables beside those that it gets anyway."""

    __slots__ = ("command", "files", "variables")

    def __init__(self, command: Sequence[str], files: Mapping[str, str], variables: Mapping[str, str]) -> None:
        self.command, self.files, self.variables = tuple(command), dict(files), dict(variables)

    def moved(self, folder: str, to: str) -> Question:
        """The same question in another folder."""
        return Question(
            [word.replace(folder, to) for word in self.command],
            self.files,
            {name: text.replace(folder, to) for name, text in self.variables.items()},
        )
