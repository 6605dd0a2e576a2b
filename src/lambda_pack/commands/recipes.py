"""Recipes: what a pack followed from, and all that it takes to come to the same again.

A recipe is kept in the cache under what the process was told: words, folder, environment, code. It holds while each
input is as it was seen, on the day it was made (reports speak of the age of runtimes), and while uv, where it was
asked, answers with the same bytes.

Loaded before anything else is, so it imports next to nothing.
"""

from __future__ import annotations

import hashlib
import os
import struct
import sys
import time

from lambda_pack.looks import Look, state_of
from lambda_pack.model.product import VERSION

TYPE_CHECKING = False  # `typing` costs 8 ms
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = [
    "FORCE",
    "KIND",
    "SCRATCH",
    "Question",
    "Recipe",
    "cache_named",
    "read_recipe",
    "recipe_key",
    "recipe_path",
    "today",
]

KIND = "recipes"
FORCE = "--force"
SCRATCH = "{scratch}"
"""Stands for the folder that uv is asked in."""

# What changes from one command to the next, and says nothing to any program.
_NOISE = frozenset({"_", "OLDPWD", "PWD", "SHLVL"})
_DIGEST = 32  # bytes, of all that follows
_LENGTH = struct.Struct("<Q")  # of the texts


class Question:
    """What uv was asked: a command, files in its folder, variables beside what it gets anyway; and its answer."""

    __slots__ = ("answer", "command", "files", "settings")

    def __init__(
        self, command: Sequence[str], files: Mapping[str, str], settings: Mapping[str, str], answer: str
    ) -> None:
        """`answer` is the SHA-256 of the lock that uv wrote."""
        self.command, self.files, self.settings, self.answer = tuple(command), dict(files), dict(settings), answer


class Recipe:
    """See above. `told` is said of an archive that was written, before and after the seconds that took.

    `told_again` is said where it is still in its place, `warned` in both cases. `output` is the absolute folder,
    `archive` the name in it, `stem` what the names of report and lock begin with; the report has no timings. `segments`
    are encoded.
    """

    __slots__ = (
        "archive",
        "day",
        "lock",
        "looks",
        "output",
        "question",
        "report",
        "segments",
        "sha256",
        "stem",
        "told",
        "told_again",
        "warned",
        "wheels",
    )

    day: str
    output: str
    stem: str
    archive: str
    sha256: str
    report: str
    lock: str
    told: tuple[str, str]
    told_again: str
    warned: str
    looks: tuple[Look, ...]
    wheels: tuple[tuple[str, int], ...]
    question: Question | None
    segments: bytes | memoryview

    def holds(self) -> bool:
        """Whether everything is as it was seen, but for what uv may answer now."""
        return self.day == today() and all(
            state_of(path, names_count=names_count) == state for path, names_count, state in self.looks
        )

    def encoded(self) -> bytes:
        """As `read_recipe` takes it.

        Raises:
            ValueError: something in it has the character that separates.
        """
        question = self.question
        asked: tuple[str, ...] = ("0",)
        if question is not None:
            files = tuple(text for pair in question.files.items() for text in pair)
            settings = tuple(text for pair in question.settings.items() for text in pair)
            asked = ("1", question.answer, *_counted(question.command), *_counted(files), *_counted(settings))
        texts = (
            *(self.day, self.output, self.stem, self.archive, self.sha256, self.report, self.lock),
            *(*self.told, self.told_again, self.warned),
            *_counted([text for path, names, state in self.looks for text in (path, str(int(names)), state)]),
            *_counted([text for path, size in self.wheels for text in (path, str(size))]),
            *asked,
        )
        if any("\0" in text for text in texts):
            raise ValueError("a text with a NUL")
        head = "\0".join(texts).encode("utf-8", "surrogateescape")
        rest = _LENGTH.pack(len(head)) + head + self.segments
        return hashlib.sha256(rest).digest() + rest


def _counted(texts: Sequence[str]) -> tuple[str, ...]:
    return (str(len(texts)), *texts)


def read_recipe(content: bytes) -> Recipe:
    """What `Recipe.encoded` gave.

    Raises:
        ValueError, struct.error, StopIteration: it is something else, or damaged.
    """
    view = memoryview(content)
    if hashlib.sha256(view[_DIGEST:]).digest() != view[:_DIGEST]:
        raise ValueError("a damaged recipe")
    (length,) = _LENGTH.unpack_from(view, _DIGEST)
    begin = _DIGEST + _LENGTH.size
    texts = iter(bytes(view[begin : begin + length]).decode("utf-8", "surrogateescape").split("\0"))
    recipe = Recipe()
    for name in ("day", "output", "stem", "archive", "sha256", "report", "lock"):
        setattr(recipe, name, next(texts))
    recipe.told, recipe.told_again, recipe.warned = (next(texts), next(texts)), next(texts), next(texts)
    looks = _uncounted(texts)
    recipe.looks = tuple(zip(looks[::3], map("1".__eq__, looks[1::3]), looks[2::3], strict=True))
    wheels = _uncounted(texts)
    recipe.wheels = tuple(zip(wheels[::2], map(int, wheels[1::2]), strict=True))
    recipe.question = None
    if next(texts) == "1":
        answer, command, files, settings = next(texts), *(_uncounted(texts) for _ in range(3))
        recipe.question = Question(command, _paired(files), _paired(settings), answer)
    recipe.segments = view[begin + length :]
    return recipe


def _uncounted(texts: Iterator[str]) -> list[str]:
    return [next(texts) for _ in range(int(next(texts)))]


def _paired(texts: list[str]) -> dict[str, str]:
    return dict(zip(texts[::2], texts[1::2], strict=True))


def today() -> str:
    """The day in UTC."""
    return time.strftime("%Y-%m-%d", time.gmtime())


def cache_named(words: Sequence[str]) -> str | None:
    """The folder that `--cache-dir` names."""
    named = [words[at + 1] for at, word in enumerate(words[:-1]) if word == "--cache-dir"]
    named += [word.partition("=")[2] for word in words if word.startswith("--cache-dir=")]
    return named[0] if len(named) == 1 else None


def recipe_key(words: Sequence[str], environ: Mapping[str, str]) -> str:
    """What a recipe is found by: all that a process is told.

    Raises:
        OSError: our own code is not in files.
    """
    told = (
        *(VERSION, sys.version, sys.executable, os.getcwd()),
        *(word for word in words if word != FORCE),
        "",
        *(f"{name}={environ[name]}" for name in sorted(environ) if name not in _NOISE),
        *_code(),
    )
    return hashlib.sha256("\0".join(told).encode("utf-8", "surrogateescape")).hexdigest()


def recipe_path(cache: str, key: str) -> str:
    """Where `Cache` keeps it."""
    name = hashlib.sha256(key.encode()).hexdigest()
    return os.path.join(cache, KIND, name[:2], name)


def _code() -> Iterator[str]:
    """Our own code and what it imports, by size and time: a fix must not be hidden by what was kept before it."""
    folders = [os.path.dirname(os.path.dirname(__file__))]
    while folders:
        with os.scandir(folders.pop()) as found:
            for one in sorted(found, key=_name):
                if one.name.endswith(".py"):
                    status = one.stat()
                    yield f"{one.path} {status.st_size} {status.st_mtime_ns}"
                elif one.is_dir() and one.name != "__pycache__":
                    folders.append(one.path)
    for path in sys.path:
        if path.endswith("-packages"):  # its time changes with each package that is installed
            yield f"{path} {os.stat(path).st_mtime_ns}"


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name
