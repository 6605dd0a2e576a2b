"""Bundles for AWS Glue by the real command, delivered to a job on loopback."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.command import COMMAND
from tests.end_to_end.ray_zip import broken_rules
from tests.end_to_end.workplace import Workplace, contents
from tests.frontends.schema import valid_report
from tests.support.aws import Aws, aws_on_loopback
from tests.support.packages import make_elf, make_wheel
from tests.support.processes import Finished


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    """S3 and Glue."""
    with aws_on_loopback() as running:
        yield running


@pytest.fixture
def shop(work: Workplace) -> Workplace:
    """A project with own code that needs a package of each kind: pure, compiled, found by entry points, AWS's own."""
    index = work.index.folder
    make_wheel(index, "pure-1.0-py3-none-any.whl", requires=["numpy>=1.20", "helper"])
    make_wheel(
        index, "helper-1.0-py3-none-any.whl", files={"helper/__init__.py": "", "helper/.cache": "", "x.pth": "a"}
    )
    make_wheel(index, "numpy-1.26.4-cp39-cp39-manylinux2014_aarch64.whl")
    make_wheel(index, "plugin-1.0-py3-none-any.whl", entry_points={"shop.plugins": {"a": "plugin:a"}})
    make_wheel(
        index,
        "fast-1.0-cp39-cp39-manylinux2014_aarch64.whl",
        files={"fast/native.so": make_elf("aarch64", versions={"libc.so.6": ["GLIBC_2.17"]}, needed=["libc.so.6"])},
    )
    make_wheel(index, "fast-2.0-cp39-cp39-manylinux_2_28_aarch64.whl")
    work.write("requirements.txt", "pure", "fast", "plugin", "PyAmazonCACerts")
    work.write("src/shop/__init__.py", "import pure")
    work.write("src/shop/.DS_Store", "")
    work.write("main.py", "import shop")
    return work


def pack(work: Workplace, *arguments: str | Path, aws: Aws | None = None) -> Finished:
    """Runs `lambda-pack pack` without naming a runtime."""
    where = ("--index-url", work.index.url, "--retries", "0", "--cache-dir", work.cache, "--builder", "host")
    return work.run(*COMMAND, "pack", *where, *arguments, extra=aws.environment if aws else {})


def report(work: Workplace) -> dict[str, Any]:
    """The one beside the bundle."""
    (path,) = (work.folder / "dist").glob("*.report.json")
    return valid_report(path.read_text("utf-8"))


def test_a_zip_for_ray_obeys_every_rule(shop: Workplace) -> None:
    done = pack(shop, "--layout", "glue-ray", "--source", "src")

    assert done.exit_code == 0, done.text
    archive = shop.folder / "dist" / "shop-glue-ray2.4-arm64.zip"
    assert not broken_rules(archive)
    assert sorted(contents(archive)) == [
        "venv/fast/native.so",
        "venv/helper/__init__.py",
        "venv/plugin.py",
        "venv/pure.py",
        "venv/shop/__init__.py",
    ]
    assert report(shop)["target"] == {
        "runtime": "glue-ray2.4",
        "architecture": "arm64",
        "glibc": "2.17",
        "layout": "glue-ray",
    }
    left_out = {row["package"]: row["saved"] for row in report(shop)["slimming"] if row["measure"] == "package"}
    assert left_out["numpy==1.26.4"] > 0


def test_what_will_not_work_on_ray_is_told(shop: Workplace) -> None:
    make_wheel(shop.index.folder, "pure-1.1-py3-none-any.whl", requires=["numpy>=1.26", "helper"])

    pack(shop, "--layout", "glue-ray", "--source", "src")

    warnings = "\n".join(report(shop)["warnings"])
    assert "AWS Glue for Ray is closed to new customers" in warnings
    assert "pure==1.1 asks for numpy>=1.26, and Glue for Ray has 1.24.3" in warnings
    assert "read it or are found by it (entry points): plugin==1.0" in warnings
    assert "shared objects, for Linux on ARM64" in warnings
    assert "x.pth of helper==1.0 is left out: Ray processes no .pth files" in warnings
    assert "left out, for Glue takes no hidden files and no junk: helper/.cache" in warnings


def test_what_pip_shall_install_is_an_argument_and_not_in_the_zip(shop: Workplace) -> None:
    done = pack(shop, "--layout", "glue-ray", "--pip-install", "plugin,fast", "--outer-folder", "modules")

    assert done.exit_code == 0, done.text
    archive = shop.folder / "dist" / "shop-glue-ray2.4-arm64.zip"
    assert not broken_rules(archive, "modules")
    assert sorted(contents(archive)) == ["modules/helper/__init__.py", "modules/pure.py"]
    assert report(shop)["glue"]["arguments"] == {
        "--s3-py-modules": "s3://BUCKET/shop-glue-ray2.4-arm64.zip",
        "--pip-install": "fast==1.0,plugin==1.0",
    }
    assert "  --pip-install fast==1.0,plugin==1.0\n" in done.output
    assert "entry points" not in "\n".join(report(shop)["warnings"])


def test_zip_scripts_and_job_in_this_order(shop: Workplace, aws: Aws) -> None:
    bucket = aws.make_bucket("ray-code")
    aws.client("glue").create_job(
        Name="nightly",
        Role="role",
        Command={"Name": "glueray", "Runtime": "Ray2.4", "ScriptLocation": "s3://ray-code/old.py"},
        DefaultArguments={"--mine": "stays"},
        Timeout=77,
    )
    shop.write("more.py", "")

    done = pack(
        shop,
        *("--layout", "glue-ray", "--source", "src", "--pip-install", "plugin", "--s3-uri", f"s3://{bucket}/jobs/"),
        *("--entry-script", "main.py", "--entry-script", "more.py", "--glue-job", "nightly"),
        aws=aws,
    )

    assert done.exit_code == 0, done.text
    uri = "s3://ray-code/jobs/shop-glue-ray2.4-arm64.zip"
    assert aws.body(uri) == (shop.folder / "dist" / "shop-glue-ray2.4-arm64.zip").read_bytes()
    assert aws.body("s3://ray-code/jobs/main.py") == b"import shop\n"
    job = aws.client("glue").get_job(JobName="nightly")["Job"]
    assert job["DefaultArguments"] == {"--mine": "stays", "--s3-py-modules": uri, "--pip-install": "plugin==1.0"}
    assert job["Command"] == {"Name": "glueray", "Runtime": "Ray2.4", "ScriptLocation": "s3://ray-code/jobs/main.py"}
    assert job["Timeout"] == 77
    assert report(shop)["glue"] == {
        "arguments": {"--s3-py-modules": uri, "--pip-install": "plugin==1.0"},
        "pip_install": ["plugin==1.0"],
        "scripts": ["s3://ray-code/jobs/main.py", "s3://ray-code/jobs/more.py"],
        "job": "nightly",
    }
    assert f"  --s3-py-modules {uri}\n" in done.output
    assert "s3://BUCKET/" not in done.output


def test_scripts_may_go_elsewhere_and_a_job_that_is_not_there_fails_last(shop: Workplace, aws: Aws) -> None:
    aws.make_bucket("ray-zips")
    aws.make_bucket("ray-scripts")

    done = pack(
        shop,
        *("--layout", "glue-ray", "--s3-uri", "s3://ray-zips/", "--glue-job", "nowhere"),
        *("--entry-script", "main.py", "--script-s3-uri", "s3://ray-scripts/{name}/start.py"),
        aws=aws,
    )

    assert done.exit_code == 7
    assert "there is no Glue job 'nowhere'" in done.errors
    assert aws.body("s3://ray-scripts/shop/start.py") == b"import shop\n"
    assert report(shop)["glue"]["scripts"] == ["s3://ray-scripts/shop/start.py"]
    assert report(shop)["glue"]["job"] is None


def test_without_upload_no_job_is_changed(shop: Workplace, aws: Aws) -> None:
    aws.updates.clear()

    done = pack(
        shop,
        *("--layout", "glue-ray", "--s3-uri", "s3://no-such-bucket-here/", "--glue-job", "nightly"),
        aws=aws,
    )

    assert done.exit_code == 7
    assert not aws.updates


@pytest.mark.parametrize(("version", "python", "glibc"), [("4.0", "cp310", "2_26"), ("5.1", "cp311", "2_34")])
def test_a_zip_of_wheels_for_spark(work: Workplace, version: str, python: str, glibc: str) -> None:
    for newer in (glibc, "2_39"):
        number = "1.0" if newer == glibc else "2.0"
        make_wheel(
            work.index.folder, f"fast-{number}-{python}-{python}-manylinux_{newer}_x86_64.whl", requires=["pure"]
        )
    pure = make_wheel(work.index.folder, "pure-1.0-py3-none-any.whl")
    work.write("requirements.txt", "fast")

    done = pack(work, "--layout", "glue-spark", "--glue-version", version)

    assert done.exit_code == 0, done.text
    archive = work.folder / "dist" / f"shop-glue{version}-x86_64.gluewheels.zip"
    assert sorted(contents(archive)) == [
        f"wheels/fast-1.0-{python}-{python}-manylinux_{glibc}_x86_64.whl",
        "wheels/pure-1.0-py3-none-any.whl",
        "wheels/requirements.txt",
    ]
    with zipfile.ZipFile(archive) as opened:
        assert opened.read("wheels/pure-1.0-py3-none-any.whl") == pure.read_bytes()
        assert opened.read("wheels/requirements.txt") == b"fast==1.0\npure==1.0\n"
    assert report(work)["glue"]["arguments"] == {
        "--additional-python-modules": f"s3://BUCKET/{archive.name}",
        "--python-modules-installer-option": "--no-index",
    }
    assert ("zips of wheels" in done.errors) == (version == "4.0")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--layout", "glue-ray", "--glue-job", "nightly"), "'glue-job' without a place to deliver to"),
        (
            ("--runtime", "python3.13", "--glue-job", "nightly", "--s3-uri", "s3://code/"),
            "--glue-job is about a job of AWS Glue; add --layout glue-ray or glue-spark",
        ),
        (
            ("--layout", "glue-ray", "--entry-script", "gone.py", "--s3-uri", "s3://code/"),
            "the entry script 'gone.py' is not there",
        ),
        (
            ("--layout", "glue-ray", "--script-s3-uri", "s3://code/a.py", "--s3-uri", "s3://code/"),
            "--script-s3-uri without --entry-script uploads nothing",
        ),
    ],
)
def test_what_does_not_go_together(shop: Workplace, options: tuple[str, ...], message: str) -> None:
    refused = pack(shop, *options)

    assert refused.exit_code == 2, refused.text
    assert message in refused.errors
    assert not shop.leftovers()


def test_a_delivered_zip_of_wheels_knows_its_report(work: Workplace, aws: Aws) -> None:
    aws.make_bucket("spark-code")
    make_wheel(work.index.folder, "pure-1.0-py3-none-any.whl")
    work.write("requirements.txt", "pure")
    assert pack(work, "--layout", "glue-spark").exit_code == 0

    archive = "dist/shop-glue5.1-x86_64.gluewheels.zip"
    done = work.run(
        *COMMAND,
        "upload",
        archive,
        "--s3-uri",
        "s3://spark-code/{name}/{runtime}.gluewheels.zip",
        extra=aws.environment,
    )

    assert done.exit_code == 0, done.text
    assert "uploaded to s3://spark-code/shop/glue5.1.gluewheels.zip" in done.output
    json.loads((work.folder / "dist" / "shop-glue5.1-x86_64.report.json").read_text("utf-8"))
