"""The release: what can be said of it without GitHub. Its rights and its order are read, its shell parts are run."""

from __future__ import annotations

import re
import runpy
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from lambda_pack.model.product import VERSION
from lambda_pack.model.targets import RUNTIMES
from tests.action.test_metadata import WORKFLOWS, document, steps_of
from tests.support.processes import run

HOUSE = Path(__file__).parents[2]
JOBS: Mapping[str, Any] = document(HOUSE / ".github" / "workflows" / "release.yml")["jobs"]
SCRIPT = runpy.run_path(str(HOUSE / "script" / "release-version"))
CODE = 'VERSION = "1.2.3"\n'
OLD = "## [1.2.2] - 2026-11-01\n\n- Old.\n"
CHANGELOG = f"# Changelog\n\n## [Unreleased]\n\n## [1.2.3] - 2026-11-26\n\n### Added\n\n- A thing.\n\n{OLD}"


@pytest.mark.parametrize(
    ("tags", "newest", "latest"),
    [
        (["v1.2.3"], "true", "true"),
        (["v1.2.3", "v1.2.2", "v0.9.0", "v1", "v1.10.0-rc1", "vanity"], "true", "true"),
        (["v1.2.3", "v1.10.0"], "false", "false"),
        (["v1.2.3", "v2.0.0", "v2"], "true", "false"),
    ],
)
def test_a_repair_of_an_older_release_moves_nothing_back(tags: list[str], newest: str, latest: str) -> None:
    facts = SCRIPT["facts_of"]("v1.2.3", code=CODE, tags=tags)

    assert facts == {"version": "1.2.3", "series": "v1", "is-newest": newest, "is-latest": latest}


@pytest.mark.parametrize("tag", ["1.2.3", "v1.2", "v1.2.3rc1", "v01.2.3", "v1.2.4", "v1.2.3\n"])
def test_a_tag_that_is_not_of_this_code_is_refused(tag: str) -> None:
    with pytest.raises(SCRIPT["Refusal"], match=r"is not a tag for a release|the version in the code is 1\.2\.3"):
        SCRIPT["facts_of"](tag, code=CODE, tags=[])


def test_the_notes_are_the_entry_of_the_changelog() -> None:
    assert SCRIPT["notes_of"]("1.2.3", CHANGELOG) == "### Added\n\n- A thing.\n"
    assert SCRIPT["notes_of"]("1.2.2", f"## [Unreleased]\n\n- To come.\n\n{OLD}") == "- Old.\n"


@pytest.mark.parametrize(
    ("version", "changelog", "complaint"),
    [
        ("1.2.4", CHANGELOG, "begins with 1.2.3, not with 1.2.4"),
        ("1.2.2", CHANGELOG, "begins with 1.2.3, not with 1.2.2"),
        ("1.2.3", "## [Unreleased]\n\n- A thing.\n", "begins with none"),
        ("1.2.3", f"## [1.2.3] - 2026-11-26\n\n{OLD}", "says nothing about 1.2.3"),
    ],
)
def test_a_version_that_nothing_is_written_about_is_refused(version: str, changelog: str, complaint: str) -> None:
    with pytest.raises(SCRIPT["Refusal"], match=complaint):
        SCRIPT["notes_of"](version, changelog)


def test_it_reads_this_repository() -> None:
    code = (HOUSE / "src" / "lambda_pack" / "model" / "product.py").read_text("utf-8")

    assert SCRIPT["facts_of"](f"v{VERSION}", code=code, tags=[])["version"] == VERSION
    assert "## [Unreleased]" in (HOUSE / "CHANGELOG.md").read_text("utf-8")


@pytest.mark.parametrize("path", [HOUSE / "action.yml", *WORKFLOWS], ids=lambda path: path.name)
def test_every_action_is_pinned_and_says_its_version(path: Path) -> None:
    uses = re.findall(r"^\s*-?\s*uses: (.+)$", path.read_text("utf-8"), re.MULTILINE)

    loose = [one for one in uses if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", one)]
    assert all(one.startswith("./") for one in loose), loose


def rights(job: str) -> set[str]:
    """What a job may write."""
    return {name for name, level in JOBS[job]["permissions"].items() if level == "write"}


def test_who_may_publish_runs_no_code_of_ours() -> None:
    trusted = {job for job in JOBS if rights(job) & {"contents", "id-token", "attestations"}}

    assert trusted == {"manifest", "draft", "pypi", "publish"}
    for job in trusted:
        for step in JOBS[job]["steps"]:
            assert "actions/checkout@" not in step.get("uses", "")
            assert not re.search(r"script/|\bpython3? |entrypoint", step.get("run", "")), step
    assert rights("pypi") == {"id-token"}
    assert rights("image") == {"packages"}
    assert {job for job in JOBS if JOBS[job].get("environment") == "release"} == {"draft", "publish"}
    assert JOBS["pypi"]["environment"] == "pypi"


def needs(job: str) -> set[str]:
    """All jobs that must have passed before."""
    direct = JOBS[job].get("needs", [])
    direct = [direct] if isinstance(direct, str) else direct
    return set(direct).union(*(needs(one) for one in direct))


def test_what_cannot_be_undone_comes_last() -> None:
    assert needs("draft") >= {"check", "test", "package"}
    assert needs("pypi") >= {"draft", "manifest", "test"}
    assert needs("publish") == JOBS.keys() - {"publish"}


def test_there_is_an_image_for_each_runtime_that_is_offered() -> None:
    pythons = JOBS["image"]["strategy"]["matrix"]["python"]
    offered = [name.removeprefix("python") for name, runtime in RUNTIMES.items() if not runtime.preview]

    assert offered[-len(pythons) :] == pythons
    assert JOBS["manifest"]["strategy"]["matrix"]["python"] == pythons
    (loop,) = re.findall(r"for minor in ([\d ]+);", script_of("publish", "Move the series of the images to it"))
    assert [f"3.{minor}" for minor in loop.split()] == pythons
    assert JOBS["image"]["strategy"]["matrix"]["architecture"] == ["x86_64", "arm64"]
    assert "ARG BASE=" in (HOUSE / "Dockerfile").read_text("utf-8")


def script_of(job: str, name: str) -> str:
    """The shell part of a step."""
    (script,) = [step["run"] for step in steps_of({"jobs": {job: JOBS[job]}}) if step.get("name") == name]
    return str(script)


def said_to(tmp_path: Path, job: str, name: str, /, programs: Mapping[str, str], **variables: str) -> list[str]:
    """Runs the shell part of a step as the runner does, with stand-ins for programs; returns how they were called."""
    log = tmp_path / "log"
    log.touch()
    for program, text in programs.items():
        path = tmp_path / program
        path.write_text(f'#!/bin/sh\necho "{program} $*" >>"{log}"\n{text}\n', "utf-8")
        path.chmod(0o755)
    bash = shutil.which("bash")
    assert bash
    fixed = {"PATH": f"{tmp_path}:/usr/bin:/bin", "GITHUB_OUTPUT": str(tmp_path / "output"), "GITHUB_SHA": "5ad"}
    names = {"GITHUB_REPOSITORY": "org/lambda-pack", "GITHUB_REF_NAME": "v1.2.3", "GITHUB_ACTOR": "me"}
    command = (bash, "--noprofile", "--norc", "-e", "-c", script_of(job, name))
    done = run(command, {**fixed, **names, "TOKEN": "secret", **variables}, folder=tmp_path)
    assert done.exit_code == 0, done.text
    calls = log.read_text("utf-8").splitlines()
    assert not [call for call in calls if "secret" in call], "other processes see it"
    return calls


@pytest.mark.parametrize(
    ("exists", "call"), [("exit 0", "PATCH"), ('case "$*" in *POST*) ;; *) exit 1;; esac', "POST")]
)
def test_the_series_is_moved_or_begun(tmp_path: Path, exists: str, call: str) -> None:
    first, second = said_to(tmp_path, "publish", "Move the series to it", {"gh": exists}, SERIES="v1")

    assert first == "gh api --silent repos/org/lambda-pack/git/ref/tags/v1"
    refs = "repos/org/lambda-pack/git/refs"
    assert (
        second
        == {
            "PATCH": f"gh api --silent --method PATCH {refs}/tags/v1 --field sha=5ad --field force=true",
            "POST": f"gh api --silent --method POST {refs} --field ref=refs/tags/v1 --field sha=5ad",
        }[call]
    )


def test_a_draft_has_all_its_files(tmp_path: Path) -> None:
    (tmp_path / "dist").mkdir()
    for name in ("a.whl", "a.tar.gz", "SHA256SUMS"):
        (tmp_path / "dist" / name).touch()

    (call,) = said_to(tmp_path, "draft", "Draft the release", {"gh": "exit 0"})

    assert call.startswith("gh release create v1.2.3 --draft --verify-tag ")
    assert sorted(call.split()[-3:]) == ["dist/SHA256SUMS", "dist/a.tar.gz", "dist/a.whl"]


def test_two_architectures_become_one_image(tmp_path: Path) -> None:
    digest = f"sha256:{'ab' * 32}"
    docker = f'case "$*" in *inspect*) echo {digest};; login*) cat >/dev/null;; esac'
    image = {"IMAGE": "registry.example/org/lambda-pack", "TAG": "1.2.3-python3.13"}

    calls = said_to(tmp_path, "manifest", "Join the two architectures", {"docker": docker}, **image)

    begin = "registry.example/org/lambda-pack:1.2.3-python3.13"
    assert calls[1] == f"docker buildx imagetools create --tag {begin} {begin}-x86_64 {begin}-arm64"
    assert (tmp_path / "output").read_text("utf-8") == f"digest={digest}\n"
