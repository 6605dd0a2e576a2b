"""Do again what a pack has done, where its recipe holds: before options are parsed, and before most is imported."""

from __future__ import annotations

import os
import struct
import sys
import time
from contextlib import contextmanager, suppress

from lambda_pack.commands.recipes import FORCE, SCRATCH, cache_named, read_recipe, recipe_key, recipe_path
from lambda_pack.commands.secret import read_secret
from lambda_pack.errors import Interrupted, LambdaPackError, came_of_interruption
from lambda_pack.looks import digest_of

TYPE_CHECKING = False  # `typing` costs 8 ms
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from lambda_pack.commands.recipes import Recipe

__all__ = ["default_cache", "repeat"]

_TIMINGS = '"timings": ['
_ROW = '    {{\n      "step": {},\n      "seconds": {:.4f}\n    }}'


def repeat(words: Sequence[str], environ: Mapping[str, str]) -> tuple[str, str] | None:
    """Summary and warnings of a pack that was asked for in these words, done again or found done.

    None where there is no recipe for it, or one that does not hold, or where anything at all is in the way: packing
    in the ordinary way then says what.

    Raises:
        Interrupted: while it was done; nothing is left behind.
    """
    begin = time.perf_counter()
    cache, secret = cache_named(words) or default_cache(environ), read_secret(environ)
    if FORCE in words or cache is None or secret is None:
        return None
    try:
        path = recipe_path(cache, recipe_key(words, environ))
        with open(path, "rb", buffering=0) as file:
            recipe = read_recipe(file.read(), secret)
        if not recipe.holds():
            return None
        with _asked(recipe, environ) as is_answered:
            if _is_in_place(recipe):
                summary = recipe.unchanged if is_answered() else None
            else:
                summary = _composed(recipe, is_answered, begin)
    except (OSError, ValueError, StopIteration, struct.error, LambdaPackError) as error:
        if came_of_interruption(error):
            raise Interrupted("while a pack was repeated") from error
        return None
    if summary is None:
        return None
    inside = os.path.join(os.path.abspath(cache), "")
    _touch(path, *(wheel for wheel, _ in recipe.wheels if wheel.startswith(inside)))
    return summary, recipe.warnings


def default_cache(environ: Mapping[str, str]) -> str | None:
    """The folder that `default_cache_folder` gives, for less than the 15 ms that importing platformdirs takes."""
    if sys.platform == "linux":
        folder = environ.get("XDG_CACHE_HOME", "").strip() or os.path.expanduser("~/.cache")
        return os.path.join(folder, "lambda-pack") if os.path.isabs(folder) else None
    from lambda_pack.tools.network.cache import default_cache_folder

    folder = default_cache_folder()
    return str(folder) if folder is not None else None


@contextmanager
def _asked(recipe: Recipe, environ: Mapping[str, str]) -> Iterator[Callable[[], bool]]:
    """Until the block is left uv runs, if it was asked; what is given waits for it, and says whether it answers so."""
    if recipe.question is None:
        yield lambda: True
        return
    from lambda_pack.files.whole import scratch_folder
    from lambda_pack.tools.environment import package_environment
    from lambda_pack.tools.process import started

    with scratch_folder(_temporary(environ)) as scratch:
        question = recipe.question.moved(SCRATCH, scratch)
        for name, text in question.files.items():
            with open(os.path.join(scratch, name), "w", encoding="utf-8") as file:
                file.write(text)
        environment = {**package_environment(environ), **question.variables}
        with started(question.command, environment=environment, folder=scratch) as running:

            def is_answered() -> bool:
                lock = os.path.join(scratch, "pylock.toml")
                return running.finish().status == 0 and digest_of(lock) == recipe.answer

            yield is_answered


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
        return digest_of(os.path.join(recipe.output, recipe.archive)) == recipe.sha256
    except (OSError, ValueError):
        return False


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
        rows = ",\n".join(_ROW.format(step, one) for step, one in seconds)
        report = recipe.report.replace(f"{_TIMINGS}]", f"{_TIMINGS}\n{rows}\n  ]", 1)
        for ending, text in (("report.json", report), ("pylock.toml", recipe.lock)):
            with open(os.path.join(staging, f"{recipe.stem}.{ending}"), "w", encoding="utf-8") as file:
                file.write(text)
        publish(staging, recipe.output)
    line = f"  {spent:.1f} s: what it follows from is as it was, so it was only written again\n"
    return f"{recipe.before}{line}{recipe.after}"


def _touch(*paths: str) -> None:
    """They were used now: what was used longest ago is removed first."""
    for path in paths:
        with suppress(OSError):
            os.utime(path)
