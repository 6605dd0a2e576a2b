"""The exact commands that are timed, without the paths of this machine."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks.conditions import Condition
from benchmarks.jobs import Job, Programs, Tool
from benchmarks.processes import Failed, Step

__all__ = ["render_commands", "shown"]


def shown(steps: Sequence[Step], places: Mapping[str, str]) -> str:
    """The processes as a shell would take them, with places (paths) replaced by their names.

    >>> shown([Step(("/opt/uv", "-r", "/x/y.txt"), Path("/"))], {"/opt/": "", "/x": "DIR"})
    'uv -r DIR/y.txt'
    """
    text = " && ".join(shlex.join(step.command) for step in steps)
    for place in sorted(places, key=len, reverse=True):
        text = text.replace(place, places[place])
    return text


def render_commands(
    tools: Sequence[Tool], jobs: Mapping[tuple[str, Condition], Job], programs: Programs, *, checkout: Path
) -> str:
    """A code block with each tool's commands, unlocked and locked; `jobs` are by tool and condition."""
    return "\n".join(["```text", *_lines(tools, jobs, programs, checkout), "```"])


def _lines(
    tools: Sequence[Tool], jobs: Mapping[tuple[str, Condition], Job], programs: Programs, checkout: Path
) -> Iterator[str]:
    for tool in tools:
        for (name, condition), job in jobs.items():
            if name != tool.name:
                continue
            places = {
                f"{programs.product}/": "",
                f"{programs.rivals}/": "",
                **{f"{folder}/": "" for folder in programs.peers.values()},
                f"{programs.entrypoint[0]} {checkout}/": "./",
                f"{checkout}/": "",
                str(job.requirements.parent): "LOCKED" if condition.is_locked else "UNLOCKED",
                str(job.pylock and job.pylock.parent): "LOCKED",
                str(job.folder): "DIR",
                str(job.cache): "CACHE",
            }
            try:
                yield f"{'locked' if condition.is_locked else 'unlocked'}: {shown(tool.steps(job), places)}"
            except Failed as failure:
                yield f"{tool.title}: {failure}"
