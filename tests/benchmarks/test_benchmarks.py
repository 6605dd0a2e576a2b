"""The benchmarks' arithmetic, tables and commands; nothing is timed here, and nothing asks an index."""

from __future__ import annotations

import doctest
import sys
import zipfile
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import archives, commands, figures, surroundings, tables, targets
from benchmarks.archives import count_distributions
from benchmarks.bars import BARS, Bar
from benchmarks.composing import Composing
from benchmarks.conditions import CONDITIONS, Condition
from benchmarks.figures import Spread, extra, ratios
from benchmarks.processes import Failed, Step, output_of
from benchmarks.results import Heat, Run
from benchmarks.start_up import Start
from benchmarks.tables import render_bars, render_composing, render_heats, render_starts
from benchmarks.targets import Target
from benchmarks.tools import TOOLS, Job, Programs
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


@pytest.mark.parametrize("module", [archives, commands, figures, surroundings, tables, targets])
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
        "- † L warm, unlocked: the zip of pip + zip has 12 packages, lambda-pack's 11\n"
        "- S cold, locked: pip + zip has no figures: 'pip' ended with status 1"
    )


def test_bars_as_a_table() -> None:
    rows = (Bar("L", WARM, "uv", 20), Bar("S", COLD_LOCKED, "uv", 1), Bar("M", WARM, "builders", 5))

    assert render_bars(HEATS, TITLES, rows) == (
        "| bar | at least | measured |  |\n"
        "|---|---:|---:|---:|\n"
        "| L warm, unlocked, against uv + zip | 20x | 25x | met |\n"
        "| S cold, locked, against uv + zip | 1.0x | 0.9x | **missed** |\n"
        "| M warm, unlocked, against builders | 5.0x | not measured | - |"
    )


def test_composing_as_a_table() -> None:
    half = Spread(0.5, 0.4, 0.6)
    composing = Composing("L", 128_000_000, half, half, Spread(1.5, 1.25, 1.75), 400_000_000, 150_000_000)

    assert render_composing(composing) == (
        "| composing | measured | bar |  |\n"
        "|---|---:|---:|---:|\n"
        "| compose L, 128 MB | 500 ms (400 to 600) |  |  |\n"
        "| `cat` of the wheels | 500 ms (400 to 600) |  |  |\n"
        "| ratio | 1.50 (1.25 to 1.75) | under 1.6 | met |\n"
        "| peak memory | 400 MB |  |  |\n"
        "| peak memory less the mapped files | 250 MB | under 200 MB | **missed** |"
    )


def test_starts_as_a_table() -> None:
    bare = Start("python -c pass", Spread(0.01, 0.01, 0.02), Spread(0.0, 0.0, 0.0))
    ours = Start("lambda-pack --help", Spread(0.05, 0.04, 0.06), Spread(0.04, 0.03, 0.05))

    assert render_starts([bare, ours]) == (
        "| start | in all | beyond bare Python | under 60 ms |\n"
        "|---|---:|---:|---:|\n"
        "| `python -c pass` | 10 ms (10 to 20) |  |  |\n"
        "| `lambda-pack --help` | 50 ms (40 to 60) | 40 ms (30 to 50) | met |"
    )


def test_every_bar_is_about_something_that_is_measured() -> None:
    assert all(bar.work in WORKS and bar.condition in CONDITIONS and bar.rival in TOOLS for bar in BARS)


def test_cold_comes_before_warm() -> None:
    for is_locked in (False, True):
        kind = [condition.is_cold for condition in CONDITIONS if condition.is_locked is is_locked]
        assert kind == [True, False]


@pytest.mark.parametrize("pylock", [None, Path("pins/pylock.toml")], ids=["unlocked", "locked"])
def test_each_tool_packs_what_it_is_given(pylock: Path | None) -> None:
    target = Target("python3.13", "arm64", 34, "aarch64", None)
    job = Job(target, Path("given/requirements.txt"), pylock, folder=Path("job"), cache=Path("cache"))
    programs = Programs(Path("product"), ("python3", "entrypoint"), Path("rivals"), ("zip", "-r"))

    for name, make in TOOLS.items():
        tool = make(programs)
        commands_of_tool = [step.command for step in tool.steps(job)]
        words = " ".join(commands_of_tool[0])
        assert tool.name == name
        if name in {"ours", "entrypoint"}:
            assert str(pylock or job.requirements) in words
        else:
            assert str(job.requirements.parent) in words
            assert commands_of_tool[1] == ("zip", "-r", str(Path("job/bundle.zip")), ".")
            assert ("--require-hashes" in words) is (pylock is not None and name != "builders")


def test_builders_without_the_runtimes_python_say_so() -> None:
    target = Target("python3.14", "x86_64", 34, "x86_64", None)
    job = Job(target, Path("requirements.txt"), None, folder=Path("job"), cache=Path("cache"))
    programs = Programs(Path("product"), (), Path("rivals"), ("zip",), "there is no Python 3.14 on this machine")

    with pytest.raises(Failed, match=r"no Python 3\.14"):
        TOOLS["builders"](programs).steps(job)


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
