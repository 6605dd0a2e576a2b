"""How long a pack takes when neither lock nor code has changed since the last one."""

from __future__ import annotations

from collections.abc import Mapping

from benchmarks.figures import Spread
from benchmarks.jobs import Job, Programs
from benchmarks.processes import Failed, timed
from benchmarks.surroundings import with_caches
from benchmarks.tools import console_script

__all__ = ["measure_unchanged"]


def measure_unchanged(programs: Programs, job: Job, *, repeats: int, environment: Mapping[str, str]) -> Spread:
    """Pack a lock once, not timed, and then again and again into the same folder; seconds of whole processes.

    Raises:
        Failed: a pack did, or the zip was written again although nothing had changed.
    """
    tool = console_script(programs)
    job.folder.mkdir(parents=True)
    job.cache.mkdir(parents=True, exist_ok=True)
    surroundings = with_caches(environment, job.cache)
    timed(tool.steps(job), surroundings)
    first = tool.archive(job).stat()
    seconds = [timed(tool.steps(job), surroundings) for _ in range(repeats)]
    last = tool.archive(job).stat()
    if (first.st_ino, first.st_mtime_ns) != (last.st_ino, last.st_mtime_ns):
        raise Failed("lambda-pack packed again although nothing had changed")
    return Spread.of(seconds)
