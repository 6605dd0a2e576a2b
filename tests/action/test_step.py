"""The step as action.yml runs it: inputs in the environment, outputs and summary in files, the rest in the log."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from msgspec.structs import replace

from lambda_pack.frontends.action_cache import CACHE_OUTPUTS
from lambda_pack.frontends.action_outputs import PASSED_ON, REPORTED
from tests.action.jobs import Job, Step
from tests.frontends.schema import valid_report
from tests.support.index import LoopbackIndex
from tests.support.packages import make_sdist, make_wheel
from tests.support.processes import run

EVIL = "::set-output name=zip-path::evil"


@pytest.fixture
def shop(job: Job) -> Job:
    """A repository that asks for what exists."""
    make_wheel(job.index.folder, "base-1.0-py3-none-any.whl")
    make_wheel(job.index.folder, "web-1.0-py3-none-any.whl", requires=["base"])
    job.write("requirements.txt", "# what we use", "web")
    job.write("src/app.py", "import web")
    return job


@pytest.fixture
def sad(job: Job) -> Job:
    """A repository that asks, through a parent, for what cannot be had, and for what is held back."""
    return saddened(job)


def saddened(job: Job) -> Job:
    """The job, its repository asking for what cannot be had: a build fails, and says something evil."""
    make_wheel(job.index.folder, "good-1.0-py3-none-any.whl")
    make_wheel(job.index.folder, "parent-1.0-py3-none-any.whl", requires=["native"])
    make_wheel(job.index.folder, "native-1.0-cp311-cp311-win_amd64.whl")
    make_sdist(job.index.folder, "native", "1.0", build_backend="broken", log=[EVIL, "</pre><script>"])
    make_wheel(job.index.folder, "old-2.0-cp311-cp311-manylinux_2_28_x86_64.whl")
    make_wheel(job.index.folder, "old-1.0-py3-none-any.whl")
    job.write("api/requirements.txt", "good", "", "parent", "old")
    return job


@pytest.fixture(scope="module")
def failed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Job, Step]]:
    """Such a job, and what came of it: read by several tests, for its builds take time."""
    folder = tmp_path_factory.mktemp("failed")
    environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "PIP_CONFIG_FILE": os.devnull}  # noqa: TID251
    with LoopbackIndex(folder / "index") as index:
        job = saddened(Job.begin(folder, index, environment))
        yield job, job.step(requirements="requirements.txt", working_directory="api", runtime="python3.11", args="-v")


def test_a_step_that_packs(shop: Job) -> None:
    step = shop.step(runtime="python3.13", architecture="arm64", source="src")

    assert step.done.exit_code == 0, step.done.text
    zipped = shop.workspace / "dist" / "shop-python3.13-arm64.zip"
    digest = hashlib.sha256(zipped.read_bytes())
    assert dict(step.outputs) == {
        "bundles": step.outputs["bundles"],
        "zip-path": "dist/shop-python3.13-arm64.zip",
        "zip-sha256": digest.hexdigest(),
        "code-sha256": base64.b64encode(digest.digest()).decode(),
        "zip-size": str(zipped.stat().st_size),
        "unzipped-size": step.outputs["unzipped-size"],
        "unmet": "[]",
        "unmet-count": "0",
        "held-back": "[]",
        "report-path": "dist/shop-python3.13-arm64.report.json",
        "lock-path": "dist/shop-python3.13-arm64.pylock.toml",
        "layers": "[]",
        **dict.fromkeys(("s3-py-modules", "pip-install", "additional-python-modules", "job-arguments"), ""),
        "artifact-name": "shop-python3.13-arm64",
        "artifact-path": "\n".join(
            f"dist/shop-python3.13-arm64.{suffix}" for suffix in ("zip", "report.json", "pylock.toml")
        ),
    }
    assert step.outputs.keys() | {"s3-uri", "s3-version-id"} == {*REPORTED, *PASSED_ON}
    assert digest.hexdigest() in step.summary
    assert step.commands[0].startswith("::group::")
    assert "::group::[8/9] compose the bundle from the chosen wheels" in step.commands
    assert not step.annotations("error")
    assert not step.done.errors


@pytest.mark.parametrize("inputs", [{"command": "setup"}, {"runtime": "python3.99"}], ids=["setup", "failed"])
def test_later_steps_find_the_program(shop: Job, tmp_path: Path, inputs: dict[str, str]) -> None:
    checkout, paths = tmp_path / "the action's", tmp_path / "paths"
    checkout.mkdir()
    (checkout / "entrypoint").write_text("import sys; print(sys.argv[1:])", "utf-8")
    paths.touch()
    runner = {"GITHUB_PATH": str(paths), "GITHUB_ACTION_PATH": str(checkout), "LAMBDA_PACK_PYTHON": sys.executable}

    step = replace(shop, environment={**shop.environment, **runner}).step(**inputs)

    assert step.done.exit_code == (0 if "command" in inputs else 2), step.done.text
    (folder,) = (line for line in paths.read_text("utf-8").splitlines() if line.startswith("/"))
    done = run((f"{folder}/lambda-pack", "verify", "a b.zip"), shop.environment, folder=tmp_path)
    assert done.output == "['verify', 'a b.zip']\n", done.text
    assert not list(shop.workspace.rglob("*.zip"))


def test_an_unknown_command_is_refused(shop: Job) -> None:
    step = shop.step(command="audit", runtime="python3.13")
    assert step.done.exit_code == 2
    assert "the input 'command' is 'audit'; it takes one of: pack, setup" in str(step.annotations("error"))


def test_a_step_with_unmet_dependencies(failed: tuple[Job, Step]) -> None:
    job, step = failed

    assert step.done.exit_code == 3
    assert step.outputs["zip-path"] == step.outputs["zip-sha256"] == step.outputs["lock-path"] == ""
    assert step.outputs["unmet-count"] == "1"
    (unmet,) = step.listed("unmet")
    assert (unmet["name"], unmet["required_by"], unmet["origin"]) == (
        "native",
        ["parent", "native"],
        "requirements.txt:3",
    )
    (held,) = step.listed("held-back")
    assert (held["name"], held["newest"], held["origin"]) == ("old", "2.0", "requirements.txt:4")
    assert step.outputs["report-path"] == "api/dist/api-python3.11-x86_64.report.json"
    assert step.outputs["artifact-path"] == step.outputs["report-path"]
    file = job.workspace / step.outputs["report-path"]
    assert list(file.parent.iterdir()) == [file]
    assert valid_report(file.read_text("utf-8"))["archive"] is None


def test_remarks_stand_on_the_lines_that_brought_it_in(failed: tuple[Job, Step]) -> None:
    _, step = failed

    (error,) = step.annotations("error")
    (remark,) = step.annotations("warning")
    assert error.startswith(
        "::error file=api/requirements.txt,line=3,title=unmet dependency::native==1.0 cannot be met"
    )
    assert remark.startswith(
        "::warning file=api/requirements.txt,line=4,title=much older version::old 1.0 is older by a"
    )


def test_the_summary_explains_what_is_unmet_first(failed: tuple[Job, Step]) -> None:
    summary = failed[1].summary

    assert summary.index("1 dependency is unmet") < summary.index("build log of") < summary.index("Held back")
    assert "<code>parent → native</code>" in summary
    assert re.search(r"^```text\n.*broken on purpose.*?^```$", summary, re.MULTILINE | re.DOTALL)


def test_a_build_log_commands_nothing(failed: tuple[Job, Step]) -> None:
    _, step = failed

    assert EVIL in step.done.output
    assert {command.split("::")[1].split()[0] for command in step.commands} == {"group", "endgroup", "error", "warning"}


def test_what_is_unmet_can_be_allowed(sad: Job) -> None:
    inputs = {"requirements": "api/requirements.txt", "runtime": "python3.11", "no_build": "true"}
    strict = sad.step(**inputs, allow_unmet="true")
    lenient = sad.step(**inputs, allow_unmet="true", fail_on_unmet="false")
    nothing = sad.step(**inputs, fail_on_unmet="false")

    assert (strict.done.exit_code, lenient.done.exit_code, nothing.done.exit_code) == (3, 0, 0)
    assert strict.outputs["unmet-count"] == lenient.outputs["unmet-count"] == nothing.outputs["unmet-count"] == "1"
    assert (sad.workspace / lenient.outputs["zip-path"]).is_file()
    assert not nothing.outputs["zip-path"]
    assert EVIL not in strict.done.output, "no-build runs no code of packages"


@pytest.mark.parametrize(
    ("inputs", "complaint"),
    [
        ({"runtime": "python2.7"}, "the input 'runtime' is 'python2.7'; it takes one of: python3.7, "),
        ({}, "the input 'runtime' is empty; it takes one of: python3.7, "),
        (
            {"runtime": "python3.13", "requirements": "gone.txt"},
            "'gone.txt' does not exist; name a requirements file with",
        ),
        ({"runtime": "python3.13", "requirements": "gone.txt"}, "with the input 'requirements'"),
        ({"runtime": "python3.13", "name": "a/b"}, "letters, digits, '-', '_' and '.' for the input 'name'"),
        ({"runtime": "python3.13", "source": "nowhere"}, "'nowhere' is neither a folder nor a file"),
        ({"runtime": "python3.13", "args": "--s3-tag a=b"}, "the input 'args': 's3-tag' without a place"),
    ],
)
def test_bad_inputs_are_refused_at_once(shop: Job, inputs: dict[str, str], complaint: str) -> None:
    step = shop.step(**inputs)

    assert step.done.exit_code == 2
    assert complaint in step.annotations("error")[0]
    assert not step.outputs
    assert "❌" in step.summary
    assert not shop.index.requests


def test_requirements_that_contradict_are_marked_on_their_lines(shop: Job) -> None:
    make_wheel(shop.index.folder, "base-2.0-py3-none-any.whl")
    make_wheel(shop.index.folder, "picky-1.0-py3-none-any.whl", requires=["base>=2"])
    shop.write("clash.txt", "# two of these do not go together", "base<2", "web", "picky")

    step = shop.step(runtime="python3.13", requirements="clash.txt")

    assert step.done.exit_code == 3, step.done.text
    marked = [one for one in step.annotations("error") if "title=conflict" in one]
    assert re.findall(r"file=(\S+),line=(\d+)", "\n".join(marked)) == [("clash.txt", "2"), ("clash.txt", "4")]
    assert re.search(r"<br>clash\.txt:\S*2: \S*base&lt;2<br>", step.summary), step.summary


def test_no_summary_on_request(shop: Job) -> None:
    assert not shop.step(runtime="python3.13", summary="false").summary
    assert not shop.step(runtime="python2.7", summary="false").summary


@pytest.mark.parametrize(
    ("inputs", "name", "files"),
    [
        ({}, "shop-python3.13-x86_64", 3),
        ({"artifact_name": "mine-{architecture}"}, "mine-x86_64", 3),
        ({"artifact_archive": "false"}, "shop-python3.13-x86_64", 1),
        ({"upload_artifact": "false"}, "shop-python3.13-x86_64", 0),
        ({"args": "--to-dir tree"}, "shop-python3.13-x86_64", 1),
    ],
    ids=str,
)
def test_what_the_artifact_holds(shop: Job, inputs: dict[str, str], name: str, files: int) -> None:
    outputs = shop.step(runtime="python3.13", **inputs).outputs

    assert outputs["artifact-name"] == name
    assert len(outputs["artifact-path"].splitlines()) == files


def test_output_outside_of_the_workspace_is_named_in_full(shop: Job, tmp_path: Path) -> None:
    outputs = shop.step(runtime="python3.13", output_dir=str(tmp_path / "out")).outputs

    assert outputs["zip-path"] == f"{tmp_path}/out/shop-python3.13-x86_64.zip"


def test_the_zip_is_delivered(shop: Job, bucket: tuple[str, dict[str, str]]) -> None:
    name, credentials = bucket
    job = Job(shop.folder, shop.index, {**shop.environment, **credentials})

    step = job.step(runtime="python3.13", s3_uri=f"s3://{name}/{{name}}/{{sha256:12}}.zip")

    assert step.done.exit_code == 0, step.done.text
    assert step.outputs["s3-uri"] == f"s3://code/shop/{step.outputs['zip-sha256'][:12]}.zip"
    assert step.outputs["s3-version-id"]
    assert {*step.outputs} == {*REPORTED, *PASSED_ON}
    report = valid_report((job.workspace / step.outputs["report-path"]).read_text("utf-8"))
    assert report["delivered"] == {
        "uri": step.outputs["s3-uri"],
        "version_id": step.outputs["s3-version-id"],
        "sha256": step.outputs["zip-sha256"],
        "size": int(step.outputs["zip-size"]),
        "was_there": False,
    }
    assert f"Delivered to: <code>{step.outputs['s3-uri']}</code>" in step.summary
    (bundle,) = step.listed("bundles")
    assert (bundle["status"], bundle["s3_uri"]) == ("delivered", step.outputs["s3-uri"])


def test_what_cannot_be_delivered_is_packed_all_the_same(shop: Job, bucket: tuple[str, dict[str, str]]) -> None:
    job = Job(shop.folder, shop.index, {**shop.environment, **bucket[1]})

    step = job.step(runtime="python3.13", s3_bucket="no-such-bucket")

    assert step.done.exit_code == 7, step.done.text
    assert (job.workspace / step.outputs["zip-path"]).is_file()
    assert step.outputs["artifact-path"]
    assert "s3-uri" not in step.outputs
    assert "no-such-bucket" in step.annotations("error")[0]
    assert "SHA-256" in step.summary
    # What failed comes before what was packed.
    assert step.summary.startswith("<h3>❌")
    assert step.summary.index("no-such-bucket") < step.summary.index("✅")
    (bundle,) = step.listed("bundles")
    assert (bundle["status"], bundle["s3_uri"]) == ("packed", "")


def test_nobody_delivers_what_is_unmet(sad: Job) -> None:
    inputs = {"requirements": "api/requirements.txt", "runtime": "python3.11", "no_build": "true"}
    step = sad.step(**inputs, allow_unmet="true", s3_uri="s3://code")

    assert step.done.exit_code == 3
    assert "delivering" not in step.done.output


def test_a_tree_is_not_delivered(shop: Job) -> None:
    step = shop.step(runtime="python3.13", s3_uri="s3://code", args="--to-dir tree")

    assert step.done.exit_code == 2
    assert "there is no zip to deliver" in step.annotations("error")[0]


def test_the_cache_goes_by_what_is_asked_for(shop: Job) -> None:
    def outputs(**inputs: str) -> dict[str, str]:
        step = shop.step("cache", **{"runtime": "python3.13", "cache": "true", **inputs})
        assert step.done.exit_code == 0, step.done.text
        assert tuple(step.outputs) == CACHE_OUTPUTS
        return dict(step.outputs)

    first = outputs()
    shop.write("secret.txt", "--index-url https://me:very-secret@index.example/simple", "web")
    shop.write("public.txt", "--index-url https://index.example/simple", "web")
    shop.write("more.txt", "-r requirements.txt", "base==1.0")

    assert outputs() == first
    assert first["cache-key"].startswith(first["cache-restore-key"])
    assert "python3.13-x86_64" in first["cache-restore-key"]
    assert outputs(requirements="secret.txt") == outputs(requirements="public.txt") == first
    others = [outputs(architecture="arm64"), outputs(runtime="python3.12"), outputs(requirements="more.txt")]
    assert len({one["cache-key"] for one in (first, *others)}) == 4
    assert others[2]["cache-restore-key"] == first["cache-restore-key"]


def test_the_cache_is_where_the_key_says(shop: Job) -> None:
    path = Path(shop.step("cache", runtime="python3.13", cache="true").outputs["cache-path"])
    shop.step(runtime="python3.13", cache="true")

    assert path == shop.folder / "temporary" / "lambda-pack" / "cache"
    assert [file.name for file in path.rglob("web-*.whl")] == ["web-1.0-py3-none-any.whl"]


def test_reports_of_a_matrix_are_merged(shop: Job, sad: Job) -> None:
    shop.step(runtime="python3.13", output_dir="reports/a")
    sad.step(runtime="python3.12", requirements="api/requirements.txt", no_build="true", output_dir="reports/b")
    runtimes = {"LAMBDA_PACK_RUNTIMES": '["python3.12", "python3.13"]', "LAMBDA_PACK_ARCHITECTURES": '["x86_64"]'}
    environment = {**shop.environment, **runtimes, "LAMBDA_PACK_REPORTS": str(shop.workspace / "reports")}

    summary = Job(shop.folder, shop.index, environment).step("merge").summary
    incomplete = {**environment, "LAMBDA_PACK_RUNTIMES": json.dumps(["python3.12", "python3.13", "python3.14"])}
    missing = Job(shop.folder, shop.index, incomplete).step("merge").summary

    assert summary.count("✅") == 1
    assert summary.count("❌") == 1
    assert "native" in summary
    assert "no report" not in summary
    assert "<code>python3.14-x86_64</code>" in missing
    assert "no report: see its job" in missing


def test_matrices_are_json(shop: Job) -> None:
    environment = {**shop.environment, "LAMBDA_PACK_RUNTIMES": "python3.13"}
    step = Job(shop.folder, shop.index, environment).step("merge")

    assert step.done.exit_code == 2
    assert "runtimes and architectures are JSON lists" in step.annotations("error")[0]


def test_a_step_that_packs_one_bundle_of_a_file(shop: Job) -> None:
    shop.write(
        "lambda-pack.yml",
        "defaults: {runtime: python3.13, requirements: requirements.txt}",
        "functions: {api: {source: src, architecture: [arm64, x86_64]}, jobs: {}}",
    )

    step = shop.step(function="api-python3.13-arm64")

    assert step.done.exit_code == 0, step.done.text
    zipped = shop.workspace / "dist" / "api-python3.13-arm64.zip"
    assert step.outputs["zip-path"] == "dist/api-python3.13-arm64.zip"
    assert step.outputs["zip-sha256"] == hashlib.sha256(zipped.read_bytes()).hexdigest()
    assert step.outputs["artifact-name"] == "api-python3.13-arm64"
    assert step.outputs.keys() == {*REPORTED, *PASSED_ON}
    assert [path.name for path in zipped.parent.glob("*.zip")] == [zipped.name]
    assert step.outputs["zip-sha256"] in step.summary


def test_a_step_that_packs_all_of_a_file_has_a_line_for_each(shop: Job) -> None:
    shop.write("bad.txt", "nowhere")
    shop.write(
        "config/lambda-pack.yml",
        "defaults: {runtime: python3.13, requirements: ../requirements.txt}",
        "functions: {api: {}, jobs: {requirements: ../bad.txt}, last: {requirements: gone.txt}}",
    )

    step = shop.step(config="config", output_dir="out")

    assert step.done.exit_code == 2, "what cannot be understood comes before what is unmet"
    assert step.outputs["zip-path"] == "out/api-python3.13-x86_64.zip\n"
    assert step.outputs["unmet-count"] == "1"
    assert [one["name"] for one in step.listed("unmet")] == ["nowhere"]
    assert step.outputs["artifact-name"] == "api-python3.13-x86_64-and-1-more"
    bundles = {one["name"]: one for one in step.listed("bundles")}
    assert {name: one["status"] for name, one in bundles.items()} == {
        "api": "packed",
        "jobs": "unmet",
        "last": "failed",
    }
    assert bundles["api"] == {
        "name": "api",
        "target": "python3.13-x86_64",
        "runtime": "python3.13",
        "architecture": "x86_64",
        "path": "out/api-python3.13-x86_64.zip",
        "sha256": step.outputs["zip-sha256"].strip(),
        "code_sha256": step.outputs["code-sha256"].strip(),
        "s3_uri": "",
        "artifact": "api-python3.13-x86_64-and-1-more",
        "status": "packed",
    }
    # The one that came to no report is in the table, too, and before the others.
    assert step.summary.index("nothing packed: see above") < step.summary.index("✅")
    assert step.outputs["report-path"].splitlines() == [
        f"out/{name}-python3.13-x86_64.report.json" for name in ("api", "jobs")
    ]
    assert "::error title=lambda-pack::last-python3.13-x86_64: 'config/gone.txt' does not exist" in "\n".join(
        step.annotations("error")
    )
    assert "<code>jobs-python3.13-x86_64</code>" in step.summary
    assert "config/gone.txt" in step.summary


def test_a_function_that_there_is_not(shop: Job) -> None:
    shop.write("lambda-pack.yml", "functions: {api: {runtime: python3.13}}")

    step = shop.step(function="apo")

    assert step.done.exit_code == 2
    assert "'apo' is no function and no layer in lambda-pack.yml; did you mean 'api'?" in step.annotations("error")[0]


def test_the_cache_of_many_has_one_key(shop: Job) -> None:
    shop.write("bad.txt", "six ===")
    shop.write(
        "lambda-pack.yml",
        "defaults: {runtime: python3.13, requirements: requirements.txt}",
        "functions: {api: {architecture: [arm64, x86_64]}, bad: {requirements: bad.txt}}",
    )

    keys = [shop.step("cache", config=".", cache="true").outputs["cache-key"] for _ in range(2)]

    assert keys[0] == keys[1]
    assert "-python3.13-arm64+python3.13-x86_64-" in keys[0]
