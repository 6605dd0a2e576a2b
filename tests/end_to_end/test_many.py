"""Many functions with one command: shared work, one summary, and nobody stopped by another's failure."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import shlex
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.end_to_end.command import COMMAND
from tests.end_to_end.workplace import Workplace, contents
from tests.frontends.schema import valid_report
from tests.support.packages import make_sdist, make_wheel
from tests.support.processes import Finished


@pytest.fixture
def shop(work: Workplace) -> Workplace:
    """A repository with two functions of the same requirements, one of its own, and a layer."""
    for name in ("six", "idna", "attrs"):
        make_wheel(work.index.folder, f"{name}-1.0-py3-none-any.whl")
    work.write("api/requirements.txt", "six", "idna")
    work.write("auth/requirements.txt", "# the same, written elsewhere", "six", "idna")
    work.write("jobs/requirements.txt", "attrs", "six")
    work.write("api/app.py", "def handler(event, context): ...")
    work.write(
        "lambda-pack.yml",
        "defaults: {runtime: python3.13}",
        "functions:",
        "  api: {requirements: api/requirements.txt, source: api, architecture: [arm64, x86_64]}",
        "  auth: {requirements: auth/requirements.txt, architecture: arm64, function-name: prod-auth}",
        "  jobs: {requirements: jobs/requirements.txt, architecture: arm64}",
        "layers:",
        "  deps: {requirements: jobs/requirements.txt, architecture: arm64}",
    )
    return work


def many(work: Workplace, *arguments: str | Path, command: str = "pack") -> Finished:
    """A run that asks the loopback index."""
    where = ("--index-url", work.index.url, "--retries", "0", "--builder", "host")
    return work.run(*COMMAND, command, *(where if command == "pack" else ()), *arguments)


def packed(work: Workplace) -> Sequence[str]:
    """The zips that lie there."""
    return sorted(path.name for path in (work.folder / "dist").glob("*.zip"))


def test_what_is_left_out_is_weighed_once_for_all(shop: Workplace) -> None:
    done = many(shop, "--all", "--exclude-package", "six")

    assert done.exit_code == 0, done.text
    report = valid_report((shop.folder / "dist" / "api-python3.13-arm64.report.json").read_text("utf-8"))
    assert [(row["package"], row["saved"] > 0) for row in report["slimming"]] == [("six==1.0", True)]


def test_all_of_them_are_packed_and_what_they_share_is_done_once(shop: Workplace) -> None:
    # Without caches between runs uv asks for each page anew whenever it resolves.
    done = many(shop, "--all", "--no-cache")

    assert done.exit_code == 0, done.text
    assert packed(shop) == [
        "api-python3.13-arm64.zip",
        "api-python3.13-x86_64.zip",
        "auth-python3.13-arm64.zip",
        "deps-python3.13-arm64.zip",
        "jobs-python3.13-arm64.zip",
    ]
    by_uv = [one.path for one in shop.index.asked("*/simple/*") if one.headers["user-agent"].startswith("uv/")]
    assert sorted(by_uv) == sorted(["/simple/idna/", "/simple/six/"] * 2 + ["/simple/attrs/", "/simple/six/"]), (
        "one answer for each architecture, whoever asks and from whichever file"
    )
    assert sorted(Path(one.path).name for one in shop.index.asked("*.whl")) == [
        f"{name}-1.0-py3-none-any.whl" for name in ("attrs", "idna", "six")
    ]
    assert sorted(contents(shop.folder / "dist" / "api-python3.13-arm64.zip")).count("app.py") == 1
    assert all(name.startswith("python/") for name in contents(shop.folder / "dist" / "deps-python3.13-arm64.zip"))
    for path in (shop.folder / "dist").glob("*.report.json"):
        assert valid_report(path.read_text("utf-8"))["archive"]
    assert len(list((shop.folder / "dist").glob("*.pylock.toml"))) == 5


def test_each_bundle_has_the_bytes_that_it_has_alone(shop: Workplace) -> None:
    assert many(shop, "--all").exit_code == 0
    together = {path.name: path.read_bytes() for path in (shop.folder / "dist").glob("*.zip")}

    alone = shop.packed("-r", "api/requirements.txt", "--source", "api", "--name", "api")

    assert alone.bytes == together["api-python3.13-arm64.zip"]
    assert many(shop, "--all", "-o", "again").exit_code == 0
    assert {path.name: path.read_bytes() for path in (shop.folder / "again").glob("*.zip")} == together


def test_the_lines_for_aws_name_the_places_and_the_digests(shop: Workplace) -> None:
    done = many(shop, "--all")

    lines = [line.strip() for line in done.output.split("deploy with\n")[1].splitlines()]
    commands = [shlex.split(line) for line in lines if line.startswith("aws ")]
    digests = [line.removeprefix("# CodeSha256 ") for line in lines if line.startswith("# ")]
    assert len(commands) == len(digests) == 5
    for words, digest in zip(commands, digests, strict=True):
        path = shop.folder / words[words.index("--zip-file") + 1].removeprefix("fileb://")
        assert base64.b64encode(hashlib.sha256(path.read_bytes()).digest()).decode() == digest
    named = {words[words.index("--function-name") + 1] for words in commands if "--function-name" in words}
    assert named == {"api", "prod-auth", "jobs"}
    assert commands[-1][:5] == ["aws", "lambda", "publish-layer-version", "--layer-name", "deps"]
    assert commands[-1][-4:] == ["--compatible-runtimes", "python3.13", "--compatible-architectures", "arm64"]


def test_one_that_fails_stops_no_other(shop: Workplace) -> None:
    make_wheel(shop.index.folder, "wide-1.0-cp313-cp313-win_amd64.whl")
    shop.write("jobs/requirements.txt", "wide")
    shop.write("auth/requirements.txt", "six ===")

    done = many(shop, "--all")

    assert done.exit_code == 2, "a request that cannot be understood comes before what is unmet"
    assert packed(shop) == ["api-python3.13-arm64.zip", "api-python3.13-x86_64.zip"]
    assert "auth-python3.13-arm64 (exit code 2)\n  auth/requirements.txt:1: " in done.output
    assert done.output.count("unmet: wide==1.0  (jobs/requirements.txt:1: wide)") == 2
    assert done.output.endswith("\npacked 2 of 5 bundles, 3 failed\n")
    assert re.search(r"^\[\d/5\] jobs-python3.13-arm64: unmet: wide==1.0$", done.errors, re.MULTILINE)
    report = valid_report((shop.folder / "dist" / "jobs-python3.13-arm64.report.json").read_text("utf-8"))
    assert [one["name"] for one in report["unmet"]] == ["wide"], "a report each, also of what failed"


def test_unmet_alone_is_the_exit_code_of_unmet(shop: Workplace) -> None:
    shop.write("jobs/requirements.txt", "nowhere")

    assert many(shop, "--all", "-q").exit_code == 3


def test_json_has_a_report_for_each(shop: Workplace) -> None:
    shop.write("jobs/requirements.txt", "nowhere")

    done = many(shop, "--all", "--json")

    document = json.loads(done.output)
    assert (done.errors, document["exit_code"], done.exit_code) == ("", 3, 3)
    assert [(one["label"], one["exit_code"]) for one in document["bundles"]] == [
        ("api-python3.13-arm64", 0),
        ("api-python3.13-x86_64", 0),
        ("auth-python3.13-arm64", 0),
        ("jobs-python3.13-arm64", 3),
        ("deps-python3.13-arm64", 3),
    ]
    assert all(one["report"] is None or valid_report(json.dumps(one["report"])) for one in document["bundles"])
    assert document["bundles"][2]["aws"][0].startswith("aws lambda update-function-code --function-name prod-auth ")


def test_some_of_them_by_name(shop: Workplace) -> None:
    done = many(shop, "--only", "jobs", "--only", "api-python3.13-x86_64")

    assert (done.exit_code, packed(shop)) == (0, ["api-python3.13-x86_64.zip", "jobs-python3.13-arm64.zip"])
    wrong = many(shop, "--only", "job")
    assert (wrong.exit_code, "did you mean 'jobs'?" in wrong.errors) == (2, True)


def test_the_file_may_lie_in_another_folder(shop: Workplace) -> None:
    (shop.folder / "services").mkdir()
    for name in ("api", "auth", "jobs", "lambda-pack.yml"):
        (shop.folder / name).rename(shop.folder / "services" / name)

    done = many(shop, "--all", "services")

    assert done.exit_code == 0, done.text
    assert (shop.folder / "services" / "dist").exists() is False, "an output folder that nobody names is here"
    assert len(packed(shop)) == 5


def test_a_build_that_several_need_is_made_once(shop: Workplace) -> None:
    make_sdist(shop.index.folder, "made", "1.0")
    # Each asks another question, and so builds for the metadata by itself.
    for name, other in {"api": "six", "auth": "idna", "jobs": "attrs"}.items():
        shop.write(f"{name}/requirements.txt", "made", other)

    done = many(shop, "--all", "--json")

    assert done.exit_code == 0, done.text
    packages = [row for one in json.loads(done.output)["bundles"] for row in one["report"]["packages"]]
    builds = [row["build"] for row in packages if row["name"] == "made"]
    assert sorted(build["cached"] for build in builds) == [False, False, True, True, True], "once for each architecture"


@pytest.mark.parametrize(
    ("table", "expected"),
    [
        ('override-dependencies = ["six<2"]', {"idna": "1.0", "six": "1.0"}),
        ('exclude-dependencies = ["six"]', {"idna": "1.0"}),
        ('resolution = "lowest"', {"idna": "1.0", "six": "1.0"}),
    ],
)
def test_functions_with_other_settings_share_no_answer(shop: Workplace, table: str, expected: dict[str, str]) -> None:
    make_wheel(shop.index.folder, "six-2.0-py3-none-any.whl")
    shop.write("auth/pyproject.toml", f"[tool.uv]\n{table}")

    done = many(shop, "--all", "--json")

    assert done.exit_code == 0, done.text
    found = [
        (one["name"], {row["name"]: row["version"] for row in one["report"]["packages"]})
        for one in json.loads(done.output)["bundles"]
    ]
    assert [versions for name, versions in found if name == "api"] == [{"idna": "1.0", "six": "2.0"}] * 2
    assert [versions for name, versions in found if name == "auth"] == [expected]


def test_the_plan_says_what_would_be_packed(shop: Workplace) -> None:
    done = many(shop, command="plan")

    assert done.output == (
        "function  api   python3.13-arm64, python3.13-x86_64  from api/requirements.txt, api\n"
        "function  auth  python3.13-arm64  from auth/requirements.txt\n"
        "function  jobs  python3.13-arm64  from jobs/requirements.txt\n"
        "layer     deps  python3.13-arm64  from jobs/requirements.txt\n"
        "5 bundles to pack\n"
    )
    assert many(shop, "--format", "xml", command="plan").exit_code == 2


def test_each_job_of_the_matrix_packs_its_own(shop: Workplace) -> None:
    matrix = json.loads(many(shop, "--format", "github-matrix", "--jobs", "3", command="plan").output)

    labels = []
    for job in matrix["include"]:
        only = [word for label in job["only"].splitlines() for word in ("--only", label)]
        document = json.loads(many(shop, *only, "--json").output)
        assert {one["report"]["target"]["architecture"] for one in document["bundles"]} == {job["architecture"]}
        labels += [one["label"] for one in document["bundles"]]
    assert len(matrix["include"]) == 3
    assert sorted(labels) == sorted(name.removesuffix(".zip") for name in packed(shop))
