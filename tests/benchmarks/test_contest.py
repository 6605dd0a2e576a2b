"""Who runs when, and what they find in their caches."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from msgspec import Struct

from benchmarks.conditions import Condition
from benchmarks.contest import Contest, prepare
from benchmarks.jobs import Job, Preparation
from benchmarks.papers import Papers
from benchmarks.plans import Plan
from benchmarks.processes import Step
from benchmarks.results import Heat
from benchmarks.targets import Target
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


TWICE = Plan(2)


class FakeTool(Struct, frozen=True):
    """A tool that does next to nothing; the one called 'broken' fails."""

    name: str
    log: Path
    builds: bool = True

    @property
    def title(self) -> str:
        return self.name

    def before(self, job: Job) -> Preparation:
        writing = (sys.executable, "-Sc", "open('prepared', 'a').write('by a program')")
        return Preparation({"given/prepared": "by hand"}, (Step(writing, job.folder),))

    def steps(self, job: Job) -> Sequence[Step]:
        words = (self.name, str(job.cache), str(self.log), str(self.archive(job)))
        return (Step((sys.executable, "-Sc", PROGRAM, *words), job.folder),)

    def archive(self, job: Job) -> Path:
        return job.folder / "bundle.zip"


def heat(folder: Path, *names: str, is_cold: bool, plan: Plan = TWICE) -> tuple[Heat, list[str]]:
    """What these tools did, and what they logged."""
    log = folder / "log"
    path = os.environ["PATH"]  # noqa: TID251  # the interpreter may need it
    target = Target("python3.13", "x86_64", 34, "x86_64", None)
    tools = [FakeTool(name, log) for name in names]
    contest = Contest(tools, target, plan, folder / "scratch", {"PATH": path}, lambda _text: None)
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


def test_in_a_quick_run_the_other_peers_pack_once(tmp_path: Path) -> None:
    result, log = heat(tmp_path, "ours", "pip", is_cold=True, plan=Plan(2, is_quick=True))

    assert log == ["ours cold", "pip cold", "ours cold"]
    assert result.ratio("pip", "ours") is not None


def test_what_must_be_there_before_is_not_timed_and_is_there(tmp_path: Path) -> None:
    preparation = FakeTool("ours", tmp_path / "log").before(job_in(tmp_path))

    prepare(preparation, tmp_path, {})

    assert (tmp_path / "given" / "prepared").read_text("utf-8") == "by hand"
    assert (tmp_path / "prepared").read_text("utf-8") == "by a program"


@pytest.mark.parametrize(
    ("tool", "work", "is_quick", "repeats"),
    [
        ("ours", "XL", True, 3),
        ("uv", "L", True, 3),
        ("pip", "M", True, 1),
        ("pip", "L", True, 0),
        ("sam", "S", True, 1),
        ("sam", "M", True, 0),
        ("pip", "L", False, 3),
    ],
)
def test_how_often_a_tool_packs_a_work(tool: str, work: str, repeats: int, *, is_quick: bool) -> None:
    assert Plan(3, is_quick=is_quick).repeats_of(FakeTool(tool, Path("log")), WORKS[work]) == repeats


@pytest.mark.parametrize(("builds", "repeats"), [(True, 3), (False, 0)])
def test_only_tools_that_build_pack_what_has_to_be_built(repeats: int, *, builds: bool) -> None:
    assert Plan(3).repeats_of(FakeTool("ours", Path("log"), builds), WORKS["H"]) == repeats


def job_in(folder: Path) -> Job:
    target = Target("python3.13", "x86_64", 34, "x86_64", None)
    return Job(target, folder / "requirements.txt", None, folder=folder, cache=folder / "cache")
