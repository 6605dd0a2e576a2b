"""Lets the tools pack in turn, A B C A B C …, so that what the machine does besides hits all of them alike."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from benchmarks.archives import count_distributions
from benchmarks.conditions import Condition
from benchmarks.jobs import Job, Preparation, Tool
from benchmarks.papers import Papers
from benchmarks.plans import Plan
from benchmarks.processes import Failed, output_of, timed
from benchmarks.results import Heat, Run
from benchmarks.surroundings import with_caches
from benchmarks.targets import Target
from benchmarks.works import Work

__all__ = ["Contest", "prepare"]


class Contest(Struct, frozen=True):
    """What stays the same through all heats. `scratch` is private; `tell` hears of every run while it happens."""

    tools: Sequence[Tool]
    target: Target
    plan: Plan
    scratch: Path
    environment: Mapping[str, str]
    tell: Callable[[str], None]

    def heat(self, work: Work, papers: Papers, condition: Condition) -> Heat:
        """Each tool as often as planned; one that fails is out of the heat, and its reason stays."""
        repeats = {tool.name: self.plan.repeats_of(tool, work) for tool in self.tools}
        runs = {tool.name: Run(tool.name, ()) for tool in self.tools if repeats[tool.name]}
        for repeat in range(max(repeats.values())):
            for tool in self.tools:
                if repeat >= repeats[tool.name] or runs[tool.name].failure:
                    continue
                run = runs[tool.name]
                job = self.job(tool, work, papers, condition=condition)
                try:
                    run = self._once(tool, job, run, is_cold=condition.is_cold)
                except Failed as failure:
                    run = replace(run, seconds=(), failure=str(failure))
                runs[tool.name] = run
                told = f"{run.seconds[-1]:.3f} s" if run.seconds else f"failed: {run.failure}"
                self.tell(f"{work.name} {condition.title} {repeat + 1}/{repeats[tool.name]} {tool.title}: {told}")
        return Heat(work, condition, tuple(runs.values()))

    def job(self, tool: Tool, work: Work, papers: Papers, *, condition: Condition) -> Job:
        """Each tool has caches of its own for each work, locked and unlocked."""
        kind = "locked" if condition.is_locked else "unlocked"
        return Job(
            target=self.target,
            requirements=papers.pins if condition.is_locked else papers.names,
            pylock=papers.pylock if condition.is_locked else None,
            folder=self.scratch / "job",
            cache=self.scratch / "caches" / f"{work.name}-{kind}-{tool.name}",
            index=self.environment.get("PIP_INDEX_URL"),
            needs_building=work.needs_building,
        )

    def _once(self, tool: Tool, job: Job, run: Run, *, is_cold: bool) -> Run:
        if is_cold:
            shutil.rmtree(job.cache, ignore_errors=True)
        elif not job.cache.is_dir():
            self._pack(tool, job)
        seconds, count = self._pack(tool, job)
        return replace(run, seconds=(*run.seconds, seconds), distributions=count)

    def _pack(self, tool: Tool, job: Job) -> tuple[float, int]:
        job.folder.mkdir(parents=True)
        job.cache.mkdir(parents=True, exist_ok=True)
        try:
            environment = with_caches(self.environment, job.cache)
            prepare(tool.before(job), job.folder, environment)
            seconds = timed(tool.steps(job), environment)
            return seconds, count_distributions(tool.archive(job))
        finally:
            shutil.rmtree(job.folder)


def prepare(preparation: Preparation, folder: Path, environment: Mapping[str, str]) -> None:
    """Write the files into the folder, and run the processes, untimed.

    Raises:
        Failed: one of them did.
    """
    for name, content in preparation.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, "utf-8")
    for step in preparation.steps:
        output_of(step, environment)
