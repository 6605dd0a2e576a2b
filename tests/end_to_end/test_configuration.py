"""Two ways to configure are never mixed silently; and the ways to speak: -q, -v, --json."""

from __future__ import annotations

import pytest

from tests.end_to_end.command import COMMAND
from tests.end_to_end.workplace import Workplace
from tests.frontends.schema import valid_report
from tests.support.packages import make_wheel


@pytest.fixture
def shop(work: Workplace) -> Workplace:
    """A project that needs six, and says in pyproject.toml how it is packed."""
    make_wheel(work.index.folder, "six-1.0-py3-none-any.whl")
    work.write("requirements.txt", "six")
    work.write(
        "pyproject.toml",
        "[tool.lambda-pack]",
        'runtime = "python3.12"',
        'architecture = "arm64"',
        'layout = "layer"',
        'output-dir = "bundles"',
        f'index-url = "{work.index.url}"',
        "retries = 0",
        "no-cache = true",
    )
    return work


def test_the_table_is_enough(shop: Workplace) -> None:
    done = shop.run(*COMMAND, "pack")

    assert done.exit_code == 0, done.text
    assert (shop.folder / "bundles" / "shop-python3.12-arm64.zip").is_file()


def test_the_command_line_is_louder_and_verbose_says_who_said_what(shop: Workplace) -> None:
    done = shop.run(
        *COMMAND, "pack", "-v", "--layout", "function", "--runtime", "python3.13", extra={"PIP_RETRIES": "3"}
    )

    assert done.exit_code == 0, done.text
    assert (shop.folder / "bundles" / "shop-python3.13-arm64.zip").is_file()
    told = [line.strip() for line in done.errors.splitlines() if " = " in line]
    assert sorted(told) == sorted(
        [
            "runtime = python3.13 (the command line)",
            "architecture = arm64 ([tool.lambda-pack])",
            "layout = function (the command line)",
            "output-dir = bundles ([tool.lambda-pack])",
            "no-cache = true ([tool.lambda-pack])",
            f"index-url = {shop.index.url} ([tool.lambda-pack])",
            "retries = 0 ([tool.lambda-pack])",
        ]
    )


def test_check_says_who_said_what_too(shop: Workplace) -> None:
    done = shop.run(*COMMAND, "check", "-v")

    assert f"      index-url = {shop.index.url} ([tool.lambda-pack])\n" in done.errors


def test_a_table_with_a_mistake(work: Workplace) -> None:
    work.write("requirements.txt", "# nothing")
    work.write("pyproject.toml", "[tool.lambda-pack]", 'runtim = "python3.12"')

    done = work.pack()

    assert (done.exit_code, done.output) == (2, "")
    assert "'runtim' in [tool.lambda-pack] of " in done.errors
    assert "pyproject.toml" in done.errors


def test_there_is_a_default_for_the_requirements_and_none_for_the_runtime(work: Workplace) -> None:
    assert "has no lock, no pyproject.toml with dependencies and no requirements.txt" in work.pack().errors
    work.write("requirements.txt", "# nothing")
    assert work.pack().exit_code == 0
    assert work.run(*COMMAND, "pack").exit_code == 2


def test_json_is_all_there_is_on_stdout(shop: Workplace) -> None:
    done = shop.run(*COMMAND, "pack", "--json", "-v")

    report = valid_report(done.output)
    assert (done.exit_code, done.errors) == (0, "")
    beside = shop.folder / "bundles" / "shop-python3.12-arm64.report.json"
    assert {**valid_report(beside.read_text("utf-8")), "timings": []} == {**report, "timings": []}


def test_quiet_says_only_the_result(shop: Workplace) -> None:
    done = shop.run(*COMMAND, "pack", "-q", "--runtime", "python3.8")

    assert (done.exit_code, done.errors) == (0, "")
    assert "packed shop for python3.8-arm64: 1 package\n" in done.output
    assert "python3.8 was deprecated" in done.output, "a warning is not lost"


def test_verbose_names_every_package_and_file(shop: Workplace) -> None:
    for number in range(7):
        make_wheel(shop.index.folder, f"six{number}-1.0-py3-none-any.whl")
    shop.write("requirements.txt", *(f"six{number}" for number in range(7)))

    short, long = (shop.run(*COMMAND, "pack", *more) for more in ((), ("-v",)))

    assert "largest of 7 packages\n" in short.output
    assert short.output.count("==1.0") == 5
    assert long.output.count("==1.0") == 7
    assert long.errors.count("      six") == 7
    assert "fetched" not in short.errors


def test_version_and_help(work: Workplace) -> None:
    version, usage = work.run(*COMMAND, "--version"), work.run(*COMMAND, "pack", "--help")

    assert version.output.startswith("lambda-pack 0.")
    assert "--requirements FILE" in usage.output
    assert (version.exit_code, usage.exit_code, version.errors + usage.errors) == (0, 0, "")


def test_a_reader_that_has_had_enough_is_no_bug(shop: Workplace) -> None:
    done = shop.run("sh", "-c", '"$@" -v | true', "sh", *COMMAND, "pack", "--quiet")

    assert "Traceback" not in done.text
    assert "bug" not in done.text
