"""The repository of the benchmark: planned and packed as it is there, with every bit of shared work counted."""

from __future__ import annotations

import json
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.many_functions import PER_SET, Repository, make_repository, render
from tests.end_to_end.command import COMMAND
from tests.support.index import LoopbackIndex
from tests.support.processes import run


@pytest.fixture
def repository(tmp_path: Path, index: LoopbackIndex) -> Repository:
    (tmp_path / "repository").mkdir()
    return make_repository(tmp_path / "repository", index.folder)


@pytest.mark.slow
def test_two_hundred_functions_share_ten_answers(
    repository: Repository, index: LoopbackIndex, clean_environment: dict[str, str]
) -> None:
    packing = ("--index-url", index.url, "--no-cache", "--json")

    done = run((*COMMAND, "pack", "--all", *packing), clean_environment, folder=repository.folder, timeout=300)

    assert done.exit_code == 0, done.errors
    bundles = json.loads(done.output)["bundles"]
    assert (len(bundles), repository.distinct) == (200, 10)
    by_uv = Counter(one.path for one in index.asked("*/simple/*") if one.headers["user-agent"].startswith("uv/"))
    assert by_uv.total() == repository.distinct * PER_SET, "one answer for each distinct set of requirements"
    fetched = Counter(one.path for one in index.asked("*.whl"))
    assert set(fetched.values()) == {1}, "each file once, whoever needs it"
    for number in (0, 7, 199):
        with zipfile.ZipFile(repository.folder / "dist" / f"f{number:03}-python3.13-arm64.zip") as opened:
            assert f"return {number}\n" in opened.read("app.py").decode()
            assert len([name for name in opened.namelist() if name.endswith("/METADATA")]) == PER_SET


def test_what_changed_is_planned_alone(repository: Repository, clean_environment: dict[str, str]) -> None:
    app = repository.folder / "functions" / "f042" / "app.py"
    app.write_text(app.read_text("utf-8") + "# changed\n", "utf-8")

    plan = (*COMMAND, "plan", "--changed-since", "HEAD", "--format", "github-matrix")
    done = run(plan, clean_environment, folder=repository.folder)

    assert [job["only"] for job in json.loads(done.output)["include"]] == ["f042-python3.13-arm64"], done.text


def test_the_page_has_a_row_for_each_figure(repository: Repository) -> None:
    page = render(repository, [])

    assert "200 functions, 10 sets of 6 made packages" in page
