"""Do again what a pack has done, where its recipe holds: before options are parsed, and before most is imported."""

from __future__ import annotations

import hashlib
import os
import struct
import sys
import time
from contextlib import contextmanager, suppress

from lambda_pack.commands.recipes import FORCE, SCRATCH, cache_named, read_recipe, recipe_key, recipe_path
from lambda_pack.errors import Interrupted, LambdaPackError

TYPE_CHECKING = False  # `typing` costs 8 ms
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from lambda_pack.commands.recipes import Question, Recipe

__all__ = ["default_cache", "repeat"]

_PIECE = 4 << 20
_TIMINGS = '"timings": ['


def repeat(words: Sequence[str], environ: Mapping[str, str]) -> tuple[str, str] | None:
    """Summary and warnings of a pack that was asked for in these words, done again or found done.

    None where there is no recipe for it, or one that does not hold, or where anything at all is in the way: packing
    in the ordinary way then says what.
    """
    begin = time.perf_counter()
    cache = cache_named(words) or default_cache(environ)
    if FORCE in words or cache is None:
        return None
    try:
        path = recipe_path(cache, recipe_key(words, environ))
        with open(path, "rb", buffering=0) as file:
            recipe = read_recipe(file.read())
        if not recipe.holds():
            return None
        with _asked(recipe.question, environ) as is_answered:
            told = recipe.told_again if _is_in_place(recipe) else None
            if told is None:
                told = _composed(recipe, is_answered, begin)
            elif not is_answered():
                told = None
    except Interrupted:
        raise
    except (OSError, ValueError, StopIteration, struct.error, LambdaPackError):
        return None
    _touch(path, *(wheel for wheel, _ in recipe.wheels))
    return None if told is None else (told, recipe.warned)


def default_cache(environ: Mapping[str, str]) -> str | None:
    """The folder that `default_cache_folder` gives, for less than the 15 ms that importing platformdirs takes."""
    if sys.platform == "linux":
        folder = environ.get("XDG_CACHE_HOME", "").strip() or os.path.expanduser("~/.cache")
        return os.path.join(folder, "lambda-pack") if os.path.isabs(folder) else None
    from lambda_pack.tools.network.cache import default_cache_folder

    folder = default_cache_folder()
    return str(folder) if folder is not None else None


@contextmanager
def _asked(question: Question | None, environ: Mapping[str, str]) -> Iterator[Callable[[], bool]]:
    """Uv runs until the block is left; what is given waits for its answer, and says whether that is the same."""
    if question is None:
        yield lambda: True
        return
    from lambda_pack.files.whole import scratch_folder
    from lambda_pack.tools.environment import package_environment
    from lambda_pack.tools.process import started

    with scratch_folder(_temporary(environ)) as scratch:
        for name, text in question.files.items():
            with open(os.path.join(scratch, name), "w", encoding="utf-8") as file:
                file.write(text)
        settings = {name: text.replace(SCRATCH, scratch) for name, text in question.settings.items()}
        command = [word.replace(SCRATCH, scratch) for word in question.command]
        environment = {**package_environment(environ), **settings}
        with started(command, environment=environment, folder=scratch) as running:

            def is_same() -> bool:
                answered = running.finish().status == 0
                return answered and _digest(os.path.join(scratch, "pylock.toml")) == question.answer

            yield is_same


def _temporary(environ: Mapping[str, str]) -> str:
    """The folder for temporary files; `tempfile` knows more places, and takes 6 ms to import."""
    return next((folder for name in ("TMPDIR", "TEMP", "TMP") if (folder := environ.get(name))), "/tmp")  # noqa: S108


def _is_in_place(recipe: Recipe) -> bool:
    """Whether archive, report and lock are as a pack left them."""
    try:
        with open(os.path.join(recipe.output, f"{recipe.stem}.report.json"), encoding="utf-8") as file:
            report = file.read()
        with open(os.path.join(recipe.output, f"{recipe.stem}.pylock.toml"), encoding="utf-8") as file:
            lock = file.read()
        before, _, rest = report.partition(_TIMINGS)
        if f"{before}{_TIMINGS}{rest[rest.find(']') :]}" != recipe.report or lock != recipe.lock:
            return False
        return _digest(os.path.join(recipe.output, recipe.archive)) == recipe.sha256
    except (OSError, ValueError):
        return False


def _digest(path: str) -> str:
    digest, piece = hashlib.sha256(), memoryview(bytearray(_PIECE))
    with open(path, "rb", buffering=0) as file:
        while size := file.readinto(piece):
            digest.update(piece[:size])
    return digest.hexdigest()


def _composed(recipe: Recipe, is_answered: Callable[[], bool], begin: float) -> str | None:
    """Write everything while uv looks, and publish it if uv finds nothing new."""
    from lambda_pack.files.segments import read_segments, write_segments  # uv runs already
    from lambda_pack.files.staging import publish, staging_beside

    with staging_beside(recipe.output) as staging:
        composing = time.perf_counter()
        written = write_segments(read_segments(recipe.segments), recipe.wheels, os.path.join(staging, recipe.archive))
        seconds = [(1, composing - begin), (8, time.perf_counter() - composing)]
        if written != recipe.sha256 or not is_answered():
            return None
        spent = time.perf_counter() - begin
        if recipe.question is not None:
            seconds[0] = (1, spent - seconds[1][1])
        rows = ",\n".join(
            f'    {{\n      "step": {step},\n      "seconds": {round(one, 4)}\n    }}' for step, one in seconds
        )
        report = recipe.report.replace(f"{_TIMINGS}]", f"{_TIMINGS}\n{rows}\n  ]", 1)
        for ending, text in (("report.json", report), ("pylock.toml", recipe.lock)):
            with open(os.path.join(staging, f"{recipe.stem}.{ending}"), "w", encoding="utf-8") as file:
                file.write(text)
        publish(staging, recipe.output)
    before, after = recipe.told
    return f"{before}  {spent:.1f} s: what it follows from is as it was, so it was only written again\n{after}"


def _touch(*paths: str) -> None:
    """They were used now: what was used longest ago is removed first."""
    for path in paths:
        with suppress(OSError):
            os.utime(path)
