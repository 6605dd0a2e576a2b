"""What people read, as snapshots: help and summaries."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from lambda_pack.frontends.text_report import render_text
from lambda_pack.model.limits import UNZIPPED_LIMIT
from tests.end_to_end.command import COMMAND
from tests.frontends.reports import REPORTS
from tests.frontends.snapshots import FOLDER, check_snapshot
from tests.support.processes import run


@pytest.mark.parametrize("command", ["", "pack", "plan", "check", "audit", "verify"])
def test_help(command: str, tmp_path: Path, clean_environment: dict[str, str]) -> None:
    words = [command] if command else []

    done = run((*COMMAND, *words, "--help"), {**clean_environment, "COLUMNS": "100"}, folder=tmp_path)

    assert (done.exit_code, done.errors) == (0, "")
    name = f"{command or 'lambda-pack'}-help.txt"
    if sys.version_info < (3, 13):
        check_snapshot(name, done.output)
    else:
        # From 3.13 on argparse writes '-r, --requirements FILE', and wraps otherwise.
        known = re.sub(r"(-\w) [A-Z=]+, --", r"\1, --", (FOLDER / name).read_text("utf-8"))
        assert done.output.split() == known.split()


@pytest.mark.parametrize("name", REPORTS)
def test_summary(name: str) -> None:
    check_snapshot(f"{name}.txt", render_text(REPORTS[name]))


@pytest.mark.parametrize("name", ["good", "unmet", "check"])
def test_verbose_summary(name: str) -> None:
    check_snapshot(f"{name}-verbose.txt", render_text(REPORTS[name], verbose=True))


def test_warnings_that_were_heard_are_not_said_again() -> None:
    assert "warnings\n" in render_text(REPORTS["held-back"])
    assert "upload it to S3" not in render_text(REPORTS["held-back"], warnings=False)


def test_every_snapshot_is_looked_at() -> None:
    summaries = {f"{name}.txt" for name in REPORTS} | {f"{name}.json" for name in REPORTS}
    verbose = {f"{name}-verbose.txt" for name in ("good", "unmet", "check")}
    helps = {f"{name}-help.txt" for name in ("lambda-pack", "pack", "plan", "check", "audit", "verify")}
    verifications = {f"verification{ending}" for ending in (".txt", "-verbose.txt", ".json")}
    audits = {"audit.txt", "audit-verbose.txt", "audit.json", "audit.sarif"}
    assert {file.name for file in FOLDER.iterdir()} == summaries | verbose | helps | audits | verifications


def test_the_help_names_every_exit_code(tmp_path: Path, clean_environment: dict[str, str]) -> None:
    text = run((*COMMAND, "--help"), clean_environment, folder=tmp_path).output
    for code in (0, 1, 2, 3, 4, 5, 6, 7, 130):
        assert re.search(rf"\b{code} [a-z]", text)


def test_sizes_are_said_as_aws_says_them() -> None:
    assert f"(limit {UNZIPPED_LIMIT // 1_048_576}.0 MB)" in render_text(REPORTS["good"])


def test_nothing_a_package_says_moves_the_cursor() -> None:
    report = REPORTS["good"]
    loud = replace(report, warnings=("\x1b[2Jnote\x07 of \x9b31ma package",), name="a\rb")

    text = render_text(loud)

    assert "?[2Jnote? of ?31ma package" in text
    assert all(letter.isprintable() or letter == "\n" for letter in text)
