"""The benchmarks' arithmetic, tables and commands; nothing is timed here, and nothing asks an index."""

from __future__ import annotations

import doctest
import json
import platform
import sys
import tomllib
import zipfile
from pathlib import Path
from types import ModuleType
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from benchmarks import archives, commands, figures, peers, surroundings, tables, targets
from benchmarks.archives import count_distributions
from benchmarks.bars import BARS, Bar, Judged, SmallRaces, judge
from benchmarks.composing import Composing
from benchmarks.conditions import CONDITIONS, Condition
from benchmarks.figures import Spread, extra, ratios
from benchmarks.jobs import OWN_PROJECT, Job, Preparation, Programs
from benchmarks.plot import plot_data
from benchmarks.processes import Failed, Step, output_of
from benchmarks.results import Heat, Run
from benchmarks.start_up import Start
from benchmarks.tables import render_bars, render_composing, render_heats, render_starts
from benchmarks.targets import Target
from benchmarks.tools import TOOLS
from benchmarks.works import WORKS
from tests.support.packages import make_wheel

WARM = Condition(is_cold=False, is_locked=False)
COLD_LOCKED = Condition(is_cold=True, is_locked=True)
TITLES = {"ours": "lambda-pack", "uv": "uv + zip", "pip": "pip + zip"}
HEATS = (
    Heat(
        WORKS["L"],
        WARM,
        (Run("ours", (0.5, 0.25, 1.0), 11), Run("uv", (12.5, 13.0, 12.0), 11), Run("pip", (34.0, 35.0, 33.0), 12)),
    ),
    Heat(
        WORKS["S"],
        COLD_LOCKED,
        (
            Run("ours", (0.36,), 5),
            Run("uv", (0.32,), 5),
            Run("pip", (), 0, failure="'pip' ended with status 1\n  | its log"),
        ),
    ),
)
SECONDS = st.lists(st.floats(min_value=0.001, max_value=1000), min_size=1, max_size=9)


@pytest.mark.parametrize("module", [archives, commands, figures, peers, surroundings, tables, targets])
def test_the_examples_in_docstrings_are_true(module: ModuleType) -> None:
    outcome = doctest.testmod(module)

    assert (outcome.failed, outcome.attempted > 0) == (0, True)


@pytest.mark.parametrize(
    ("theirs", "ours", "expected"),
    [
        ((10.0,), (2.0,), Spread(5.0, 5.0, 5.0)),
        ((10.0, 30.0, 20.0), (1.0, 2.0, 4.0), Spread(10.0, 5.0, 15.0)),
        # Medians of each would say 1.0: pairs ran in the same weather, so they are compared with each other.
        ((1.0, 4.0, 2.0), (2.0, 1.0, 4.0), Spread(0.5, 0.5, 4.0)),
    ],
)
def test_ratios_are_taken_pair_by_pair(theirs: tuple[float, ...], ours: tuple[float, ...], expected: Spread) -> None:
    assert ratios(theirs, ours) == expected


def test_repeats_without_a_partner_are_an_error() -> None:
    with pytest.raises(ValueError, match="longer"):
        ratios([1.0], [1.0, 2.0])


@given(SECONDS)
def test_a_tool_is_as_fast_as_itself(seconds: list[float]) -> None:
    assert ratios(seconds, seconds) == Spread(1.0, 1.0, 1.0)
    assert extra(seconds, seconds) == Spread(0.0, 0.0, 0.0)


@given(SECONDS)
def test_the_median_lies_in_the_spread(seconds: list[float]) -> None:
    spread = Spread.of(seconds)

    assert spread.least <= spread.median <= spread.most


def test_heats_as_a_table() -> None:
    assert render_heats(HEATS, TITLES) == (
        "| work and condition | lambda-pack | uv + zip | pip + zip |\n"
        "|---|---:|---:|---:|\n"
        "| L warm, unlocked | 0.500 s (0.250 to 1.00) | 12.5 s (12.0 to 13.0), **25x** "
        "| 34.0 s (33.0 to 35.0), **68x** † |\n"
        "| S cold, locked | 0.360 s (0.360 to 0.360) | 0.320 s (0.320 to 0.320), **0.9x** | - |\n"
        "\n"
        "- L warm, unlocked: † the zip of pip + zip has 12 packages, lambda-pack's 11\n"
        "- S cold, locked: pip + zip has no figures: 'pip' ended with status 1"
    )


def test_one_reason_is_said_once_with_all_places() -> None:
    broken = (Run("ours", (0.5,), 11), Run("pip", (), failure="it does not build"))
    heats = [Heat(WORKS["L"], condition, broken) for condition in (WARM, COLD_LOCKED)]

    note = render_heats(heats, {"ours": "lambda-pack", "pip": "pip + zip"}).splitlines()[-1]

    assert note == "- L warm, unlocked; L cold, locked: pip + zip has no figures: it does not build"


def test_ratios_of_a_tool_with_fewer_turns_are_those_of_the_turns_of_both() -> None:
    heat = Heat(WORKS["S"], WARM, (Run("ours", (1.0, 4.0), 5), Run("pip", (3.0,), 5)))

    assert heat.ratio("pip", "ours") == Spread(3.0, 3.0, 3.0)


NOTHING_SMALL = SmallRaces(None, (), None)


def test_bars_as_a_table() -> None:
    rows = [
        Judged("composing", "under 1.6 times", "0.80 times", 2.0),
        Judged("starting", "under 60 ms", "120 ms", 0.5),
        Judged("packing", "under 100 ms", "not measured", None),
    ]

    assert render_bars(rows) == (
        "| bar | limit | measured | times as good as the bar |  |\n"
        "|---|---:|---:|---:|---:|\n"
        "| composing | under 1.6 times | 0.80 times | 2.00 | met |\n"
        "| starting | under 60 ms | 120 ms | 0.50 | **missed** |\n"
        "| packing | under 100 ms | not measured |  | - |"
    )


def test_bars_between_tools_are_judged_by_the_median_ratio() -> None:
    bars = (Bar("L", WARM, "uv", 20), Bar("S", COLD_LOCKED, "uv", 1), Bar("M", WARM, "builders", 5))

    first, second, third = list(judge(HEATS, NOTHING_SMALL, TITLES, bars))[:3]

    assert first == Judged("L warm, unlocked: uv + zip against lambda-pack", "at least 20 times", "25.0 times", 1.25)
    assert second.measured == "0.9 times"
    assert second.room == pytest.approx(0.32 / 0.36)
    assert third == Judged("M warm, unlocked: builders against lambda-pack", "at least 5 times", "not measured", None)


def test_the_bars_of_single_processes_are_judged_by_their_seconds() -> None:
    small = Heat(WORKS["S"], Condition(is_cold=False, is_locked=True), (Run("ours", (0.06,), 5),))
    starts = (START, Start("lambda-pack --help", Spread(0.05, 0.04, 0.06), Spread(0.03, 0.02, 0.05)))
    races = SmallRaces(COMPOSING, starts, Spread(0.2, 0.1, 0.3))

    judged = {bar.title: (bar.measured, round(bar.room or 0, 3)) for bar in judge([small], races, TITLES, ())}

    assert judged == {
        "S warm, locked: a whole lambda-pack": ("60 ms", 2.0),
        "M packed again, nothing changed": ("200 ms", 0.5),
        "composing L against `cat`": ("1.50 times", 1.067),
        "memory while composing L, less mapped files": ("250 MB", 0.8),
        "`lambda-pack --help` beyond bare Python": ("30 ms", 2.0),
    }


def test_what_was_not_measured_is_a_bar_too() -> None:
    judged = list(judge((), NOTHING_SMALL, TITLES))

    assert len(judged) == len(BARS) + 4
    assert {(bar.measured, bar.room) for bar in judged} == {("not measured", None)}


HALF = Spread(0.5, 0.4, 0.6)
COMPOSING = Composing("L", 128_000_000, HALF, HALF, Spread(1.5, 1.25, 1.75), 400_000_000, 150_000_000)
START = Start("python -c pass", Spread(0.01, 0.01, 0.02), Spread(0.0, 0.0, 0.0))


def test_composing_as_a_table() -> None:
    assert render_composing(COMPOSING) == (
        "| composing | measured |\n"
        "|---|---:|\n"
        "| compose L, 128 MB | 500 ms (400 to 600) |\n"
        "| `cat` of the wheels | 500 ms (400 to 600) |\n"
        "| ratio | 1.50 (1.25 to 1.75) |\n"
        "| peak memory | 400 MB |\n"
        "| peak memory less the mapped files | 250 MB |"
    )


def test_starts_as_a_table() -> None:
    ours = Start("lambda-pack --help", Spread(0.05, 0.04, 0.06), Spread(0.04, 0.03, 0.05))

    assert render_starts([START, ours]) == (
        "| start | in all | beyond bare Python |\n"
        "|---|---:|---:|\n"
        "| `python -c pass` | 10 ms (10 to 20) |  |\n"
        "| `lambda-pack --help` | 50 ms (40 to 60) | 40 ms (30 to 50) |"
    )


def test_every_bar_is_about_something_that_is_measured() -> None:
    assert all(bar.work in WORKS and bar.condition in CONDITIONS and bar.rival in TOOLS for bar in BARS)


def test_cold_comes_before_warm() -> None:
    for is_locked in (False, True):
        kind = [condition.is_cold for condition in CONDITIONS if condition.is_locked is is_locked]
        assert kind == [True, False]


PINS = "six==1.17.0 \\\n    --hash=sha256:00\n"
PEERS = {"sam": Path("sam-programs"), "pex": Path("pex-programs"), "poetry": Path("poetry-programs")}
PROGRAMS = Programs(Path("product"), ("python3", "entrypoint"), Path("rivals"), ("zip", "-r"), peers=PEERS)


def job_of(folder: Path, *, is_locked: bool, architecture: str = "x86_64", machine: str = "x86_64") -> Job:
    requirements = folder / "given" / "requirements.txt"
    requirements.parent.mkdir()
    requirements.write_text(PINS if is_locked else "six\n", "utf-8")
    pylock = folder / "pins" / "pylock.toml" if is_locked else None
    markers = {"sys_platform": "linux"}
    target = Target("python3.13", architecture, 34, machine, None, tags=("py3-none-any",), markers=markers)
    return Job(
        target, requirements, pylock, folder=folder / "job", cache=folder / "cache", index="http://index/simple/"
    )


@pytest.mark.parametrize("is_locked", [False, True], ids=["unlocked", "locked"])
@pytest.mark.parametrize("name", ["ours", "entrypoint"])
def test_we_pack_the_lock_where_there_is_one(name: str, tmp_path: Path, *, is_locked: bool) -> None:
    job = job_of(tmp_path, is_locked=is_locked)

    (step,) = TOOLS[name](PROGRAMS).steps(job)

    assert str(job.pylock or job.requirements) in step.command
    assert TOOLS[name](PROGRAMS).before(job) == Preparation()


@pytest.mark.parametrize("is_locked", [False, True], ids=["unlocked", "locked"])
@pytest.mark.parametrize("name", ["uv", "pip", "builders"])
def test_others_install_into_a_folder_and_zip_it(name: str, tmp_path: Path, *, is_locked: bool) -> None:
    job = job_of(tmp_path, is_locked=is_locked)

    install, zipped = TOOLS[name](PROGRAMS).steps(job)

    words = " ".join(install.command)
    assert str(job.requirements.parent) in words
    assert zipped == Step(("zip", "-r", str(job.folder / "bundle.zip"), "."), job.folder / "tree")
    assert ("--require-hashes" in words) is (is_locked and name != "builders")


def test_uv_builds_only_where_it_has_to(tmp_path: Path) -> None:
    job = job_of(tmp_path, is_locked=False)

    assert ":all:" in TOOLS["uv"](PROGRAMS).steps(job)[0].command
    assert ":all:" not in TOOLS["uv"](PROGRAMS).steps(replace(job, needs_building=True))[0].command


def test_sam_gets_a_template_of_the_target(tmp_path: Path) -> None:
    job = job_of(tmp_path, is_locked=True, architecture="arm64", machine="aarch64")

    tool = TOOLS["sam"](PROGRAMS)
    files = tool.before(job).files
    build, zipped = tool.steps(job)

    assert "Runtime: python3.13\n      Architectures: [arm64]" in files["template.yaml"]
    assert files["source/requirements.txt"] == PINS
    assert build.command[:2] == (str(Path("sam-programs/sam")), "build")
    assert zipped.folder == job.folder / "built" / "Function"


@pytest.mark.parametrize("is_locked", [False, True], ids=["unlocked", "locked"])
def test_pex_gets_the_whole_platform(tmp_path: Path, *, is_locked: bool) -> None:
    job = job_of(tmp_path, is_locked=is_locked)

    tool = TOOLS["pex"](PROGRAMS)
    (step,) = tool.steps(job)

    described = json.loads(tool.before(job).files["platform.json"])
    assert described == {"marker_environment": {"sys_platform": "linux"}, "compatible_tags": ["py3-none-any"]}
    assert ("--intransitive" in step.command) is is_locked


@pytest.mark.parametrize(("is_locked", "timed"), [(False, ["lock", "build-lambda"]), (True, ["build-lambda"])])
def test_poetry_gets_a_project_and_locks_in_time_only_what_is_not(
    timed: list[str], tmp_path: Path, *, is_locked: bool
) -> None:
    job = job_of(tmp_path, is_locked=is_locked, machine=platform.machine())

    tool = TOOLS["poetry"](PROGRAMS)
    before = tool.before(job)
    project = tomllib.loads(before.files["pyproject.toml"])

    assert [step.command[-1] for step in tool.steps(job)] == timed
    assert [step.command[-1] for step in before.steps] == ([] if "lock" in timed else ["lock"])
    assert project["project"]["dependencies"] == (["six==1.17.0"] if is_locked else ["six"])
    assert project["tool"]["poetry"]["source"][0]["url"] == "http://index/simple/"


def test_poetry_does_not_pack_for_another_machine(tmp_path: Path) -> None:
    job = job_of(tmp_path, is_locked=False, machine="pdp11")

    with pytest.raises(Failed, match="where it runs"):
        TOOLS["poetry"](PROGRAMS).steps(job)


@pytest.mark.parametrize("name", ["builders", "sam", "poetry"])
def test_a_tool_without_the_runtimes_python_says_so(name: str, tmp_path: Path) -> None:
    job = job_of(tmp_path, is_locked=False, machine=platform.machine())
    programs = replace(PROGRAMS, reasons={name: "there is no Python 3.14 on this machine"})

    with pytest.raises(Failed, match=r"no Python 3\.14"):
        TOOLS[name](programs).steps(job)


def test_a_peer_that_was_not_installed_says_so(tmp_path: Path) -> None:
    with pytest.raises(Failed, match="pex was not installed"):
        TOOLS["pex"](replace(PROGRAMS, peers={})).steps(job_of(tmp_path, is_locked=False))


def test_the_project_of_the_bench_is_not_counted() -> None:
    names = [f"{OWN_PROJECT}-1.0.dist-info/METADATA", f"{OWN_PROJECT}.py", "six-1.0.dist-info/METADATA"]

    assert archives.distributions(names) == 1


def test_the_plot_has_a_panel_for_each_condition() -> None:
    panels = cast("list[dict[str, Any]]", plot_data(HEATS, TITLES, "seconds")["panels"])

    assert [panel["title"] for panel in panels] == [condition.title for condition in CONDITIONS]
    assert panels[1]["works"] == ["L"]
    assert panels[1]["seconds"] == {"lambda-pack": [0.5], "uv + zip": [12.5], "pip + zip": [34.0]}
    assert panels[2]["seconds"]["pip + zip"] == [None]


def test_a_zip_is_read_whole(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, "six-1.0-py3-none-any.whl", compression=zipfile.ZIP_STORED)

    assert count_distributions(wheel) == 1
    wheel.write_bytes(wheel.read_bytes().replace(b"__version__", b"__damaged__", 1))
    with pytest.raises(Failed, match="damaged"):
        count_distributions(wheel)
    with pytest.raises(Failed, match="not a readable zip"):
        count_distributions(tmp_path / "absent.zip")


def test_a_program_that_fails_is_quoted_without_credentials(tmp_path: Path) -> None:
    # Put together where it runs: the file with this test holds no URL with a password.
    talk = "import sys; sys.exit('https:' + '//somebody:secret' + '@index.example/simple')"

    with pytest.raises(Failed, match="ended with status 1") as failed:
        output_of(Step((sys.executable, "-c", talk), tmp_path), {})
    assert "index.example" in str(failed.value)
    assert "secret" not in str(failed.value)
