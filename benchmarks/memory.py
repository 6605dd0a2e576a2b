"""How much memory a whole pack takes for itself, by work: what it maps of files is the system's to take back."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from benchmarks.jobs import Job, Programs, Tool
from benchmarks.processes import largest_own_memory, timed
from benchmarks.surroundings import with_caches
from benchmarks.tools import anew

__all__ = ["Memory", "measure_memory"]


class Memory(Struct, frozen=True):
    """Bytes of the zip, and the most that its pack had in memory at a time beside mapped files."""

    work: str
    size: int
    largest: int


def measure_memory(
    jobs: Mapping[str, Job], programs: Programs, environment: Mapping[str, str], *, tell: Callable[[str], None]
) -> tuple[Memory, ...]:
    """Do the locked job of each work twice, and look at the second time; nothing where the system does not tell.

    Raises:
        Failed: lambda-pack did.
    """
    found: list[Memory] = []
    tool = anew(programs)
    for name, job in jobs.items():
        tell(f"looking at the memory of {name}")
        found += _measured(name, tool, job, with_caches(environment, job.cache))
    return tuple(found)


def _measured(name: str, tool: Tool, job: Job, environment: Mapping[str, str]) -> Sequence[Memory]:
    for place in (job.folder, job.cache):
        place.mkdir(parents=True)
    (step,) = tool.steps(job)
    timed([step], environment)
    largest = largest_own_memory(step, environment)
    return [] if largest is None else [Memory(name, tool.archive(job).stat().st_size, largest)]
