"""Who runs when, and what they find in their caches."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from msgspec import Struct

from benchmarks.conditions import Condition
from benchmarks.contest import Contest
from benchmarks.papers import Papers
from benchmarks.processes import Step
from benchmarks.results import Heat
from benchmarks.targets import Target
from benchmarks.tools import Job
from benchmarks.works import WORKS

# Writes into its cache, says in a log whether it found something there, and makes a zip of one distribution.
PROGRAM = """
import sys, zipfile
from pathlib import Path
name, cache, log, archive = sys.argv[1:]
seen = Path(cache, "seen")
with open(log, "a") as file:
    file.write(f"{name} {'warm' if seen.exists() else 'cold'}\\n")
seen.touch()
with zipfile.ZipFile(archive, "w") as opened:
    opened.writestr("six-1.0.dist-info/METADATA", "")
if name == "broken":
    sys.exit("broken: no such luck")
"""


class FakeTool(Struct, frozen=True):
    """A tool that does next to nothing; the one called 'broken' fails."""

    name: str
    log: Path

    @property
    def title(self) -> str:
        return self.name

    def steps(self, job: Job) -> Sequence[Step]:
        words = (self.name, str(job.cache), str(self.log), str(self.archive(job)))
        return (Step((sys.executable, "-Sc", PROGRAM, *words), job.folder),)

    def archive(self, job: Job) -> Path:
        return job.folder / "bundle.zip"


def heat(folder: Path, *names: str, is_cold: bool) -> tuple[Heat, list[str]]:
    """Two repeats of these tools, and what they logged."""
    log = folder / "log"
    path = os.environ["PATH"]  # noqa: TID251  # the interpreter may need it
    target = Target("python3.13", "x86_64", 34, "x86_64", None)
    tools = [FakeTool(name, log) for name in names]
    contest = Contest(tools, target, 2, folder / "scratch", {"PATH": path}, lambda _text: None)
    papers = Papers(folder / "names.txt", folder / "pins.txt", folder / "pylock.toml")
    result = contest.heat(WORKS["S"], papers, Condition(is_cold=is_cold, is_locked=False))
    return result, log.read_text("utf-8").splitlines()


def test_tools_take_turns_and_start_cold_each_time(tmp_path: Path) -> None:
    result, log = heat(tmp_path, "ours", "uv", is_cold=True)

    assert log == ["ours cold", "uv cold", "ours cold", "uv cold"]
    assert [(run.tool, len(run.seconds), run.distributions) for run in result.runs] == [("ours", 2, 1), ("uv", 2, 1)]
    assert not (tmp_path / "scratch" / "job").exists()


def test_warm_runs_come_after_one_that_does_not_count(tmp_path: Path) -> None:
    result, log = heat(tmp_path, "ours", "uv", is_cold=False)

    assert log == ["ours cold", "ours warm", "uv cold", "uv warm", "ours warm", "uv warm"]
    assert [len(run.seconds) for run in result.runs] == [2, 2]


def test_a_tool_that_fails_is_out_of_the_heat(tmp_path: Path) -> None:
    result, log = heat(tmp_path, "ours", "broken", is_cold=True)

    assert log == ["ours cold", "broken cold", "ours cold"]
    assert "no such luck" in result.runs[1].failure
    assert result.ratio("broken", "ours") is None
