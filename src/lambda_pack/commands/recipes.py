"""Recipes: what a pack followed from, and all that it takes to come to the same again.

A recipe is kept in the cache under what the process was given: words, folder, environment, code. It holds while each
input is as it was seen, on the day it was made (reports speak of the age of runtimes), and while uv, where it was
asked, answers with the same bytes. It is sealed with a secret: a cache may come from anywhere, and a recipe says what
is run and written.

Loaded before anything else is, so it imports next to nothing.
"""

from __future__ import annotations

import hashlib
import os
import struct
import sys
import time

from lambda_pack.looks import state_of
from lambda_pack.model.product import VERSION
from lambda_pack.tools.uv_question import Question

TYPE_CHECKING = False  # `typing` costs 8 ms
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from lambda_pack.looks import Look

__all__ = ["FORCE", "KIND", "SCRATCH", "Recipe", "cache_named", "read_recipe", "recipe_key", "recipe_path", "today"]

KIND = "recipes"
FORCE = "--force"
SCRATCH = "{scratch}"
"""Stands for the folder that uv is asked in."""

# What changes from one command to the next, and says nothing to any program.
_NOISE = frozenset({"_", "OLDPWD", "PWD", "SHLVL"})
_SEAL = 32  # bytes, of all that follows
_LENGTH = struct.Struct("<Q")  # of the texts
_TEXTS = ("day", "output", "stem", "archive", "sha256", "report", "lock", "before", "after", "unchanged", "warnings")


class Recipe:
    """What the module says, field by field.

    `output` is the absolute folder, `archive` the name in it with its `sha256`, `stem` what the names of report and
    lock begin with; the report has no timings. `looks` are what was looked at, `wheels` paths with sizes in bytes,
    `segments` encoded. `question` is what uv was asked, `answer` the SHA-256 of the lock that it wrote. The summary of
    a pack is `before`, a line of its own, and `after`; `unchanged` is the summary where everything is in its place.
    `warnings` are for stderr.
    """

    __slots__ = (*_TEXTS, "answer", "looks", "question", "segments", "wheels")

    def __init__(  # noqa: PLR0913  # one for each field; a struct would cost 30 ms to import
        self,
        *,
        day: str,
        output: str,
        stem: str,
        archive: str,
        sha256: str,
        report: str,
        lock: str,
        before: str,
        after: str,
        unchanged: str,
        warnings: str,
        looks: tuple[Look, ...],
        wheels: tuple[tuple[str, int], ...],
        segments: bytes | memoryview,
        question: Question | None = None,
        answer: str = "",
    ) -> None:
        self.day, self.output, self.stem, self.archive, self.sha256 = day, output, stem, archive, sha256
        self.report, self.lock = report, lock
        self.before, self.after, self.unchanged, self.warnings = before, after, unchanged, warnings
        self.looks, self.wheels, self.segments = looks, wheels, segments
        self.question, self.answer = question, answer

    def holds(self) -> bool:
        """Whether everything is as it was seen, but for what uv may answer now."""
        return self.day == today() and all(
            state_of(path, names_count=names_count) == state for path, names_count, state in self.looks
        )

    def sealed(self, secret: bytes) -> bytes:
        """As `read_recipe` takes it.

        Raises:
            ValueError: something in it has the character that separates.
        """
        asked: tuple[str, ...] = ()
        if self.question is not None:
            files = [text for pair in self.question.files.items() for text in pair]
            variables = [text for pair in self.question.variables.items() for text in pair]
            asked = (self.answer, *_counted(self.question.command), *_counted(files), *_counted(variables))
        texts = (
            *(getattr(self, name) for name in _TEXTS),
            *_counted([text for path, names, state in self.looks for text in (path, str(int(names)), state)]),
            *_counted([text for path, size in self.wheels for text in (path, str(size))]),
            *asked,
        )
        if any("\0" in text for text in texts):
            raise ValueError("a text with a NUL")
        head = "\0".join(texts).encode("utf-8", "surrogateescape")
        rest = _LENGTH.pack(len(head)) + head + self.segments
        return _sealed(rest, secret) + rest


def _counted(texts: Sequence[str]) -> tuple[str, ...]:
    return (str(len(texts)), *texts)


def _sealed(content: bytes | memoryview, secret: bytes) -> bytes:
    return hashlib.blake2b(content, key=secret, digest_size=_SEAL).digest()


def read_recipe(content: bytes, secret: bytes) -> Recipe:
    """What `Recipe.sealed` gave.

    Raises:
        ValueError, struct.error, StopIteration: it is something else, damaged, or sealed with another secret.
    """
    view = memoryview(content)
    if _sealed(view[_SEAL:], secret) != view[:_SEAL]:
        raise ValueError("not a recipe of ours")
    (length,) = _LENGTH.unpack_from(view, _SEAL)
    begin = _SEAL + _LENGTH.size
    texts = iter(bytes(view[begin : begin + length]).decode("utf-8", "surrogateescape").split("\0"))
    named = {name: next(texts) for name in _TEXTS}
    looks, wheels = _uncounted(texts), _uncounted(texts)
    question, answer = None, next(texts, "")
    if answer:
        question = Question(_uncounted(texts), _paired(_uncounted(texts)), _paired(_uncounted(texts)))
    return Recipe(
        **named,
        looks=tuple(zip(looks[::3], map("1".__eq__, looks[1::3]), looks[2::3], strict=True)),
        wheels=tuple(zip(wheels[::2], map(int, wheels[1::2]), strict=True)),
        segments=view[begin + length :],
        question=question,
        answer=answer,
    )


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
    """What a recipe is found by: all that a process is given.

    Raises:
        OSError: our own code is not in files.
    """
    given = (
        *(VERSION, sys.version, sys.executable, os.getcwd(), str(os.getuid()) if hasattr(os, "getuid") else ""),
        *(word for word in words if word != FORCE),
        "",
        *(f"{name}={environ[name]}" for name in sorted(environ) if name not in _NOISE),
        *_code(),
    )
    return hashlib.sha256("\0".join(given).encode("utf-8", "surrogateescape")).hexdigest()


def recipe_path(cache: str, key: str) -> str:
    """Where `Cache` keeps it."""
    name = hashlib.sha256(key.encode()).hexdigest()
    return os.path.join(cache, KIND, name[:2], name)


def _code() -> Iterator[str]:
    """Our own code by size and time, and what is installed by name: no fix may be hidden by what was kept before."""
    folders = [os.path.dirname(os.path.dirname(__file__))]
    while folders:
        with os.scandir(folders.pop()) as found:
            for one in sorted(found, key=_name):
                if one.name.endswith(".py"):
                    status = one.stat()
                    yield f"{one.path} {status.st_size} {status.st_mtime_ns}"
                elif one.is_dir() and one.name != "__pycache__":
                    folders.append(one.path)
    for path in filter(os.path.isdir, sys.path):
        yield f"{path} {os.stat(path).st_mtime_ns if path.endswith('-packages') else ''}"
        yield from sorted(name for name in os.listdir(path) if name.endswith(".dist-info"))


def _name(entry: os.DirEntry[str]) -> str:
    return entry.name
