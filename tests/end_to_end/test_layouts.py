"""What a bundle is to be, by the real command: layers of both kinds, several of them, an image's folder."""

from __future__ import annotations

import hashlib
import random
import stat
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.workplace import Workplace, contents, files_below
from tests.frontends.schema import valid_report
from tests.support.packages import make_wheel
from tests.support.processes import run


@pytest.fixture
def shop(work: Workplace) -> Workplace:
    """A function with one dependency."""
    make_wheel(work.index.folder, "six-1.17.0-py3-none-any.whl")
    work.write("requirements.txt", "six")
    work.write("src/app.py", "def handler(event, context): ...")
    return work


def test_a_layer_that_only_its_runtime_sees(shop: Workplace) -> None:
    as_function = shop.packed("--source", "src")
    packed = shop.packed("--source", "src", "--layout", "layer-site-packages")

    site_packages = "python/lib/python3.13/site-packages/"
    assert contents(packed.zip) == {site_packages + name: data for name, data in contents(as_function.zip).items()}
    assert packed.report["target"]["layout"] == "layer-site-packages"


def test_a_folder_that_becomes_an_image(shop: Workplace) -> None:
    as_function = shop.packed("--source", "src")

    done = shop.pack("--source", "src", "--layout", "oci-dir")

    assert done.exit_code == 0, done.text
    folder = shop.folder / "dist" / "shop-python3.13-arm64"
    assert (folder / "Dockerfile").read_text("utf-8").splitlines() == [
        "FROM public.ecr.aws/lambda/python:3.13-arm64",
        "COPY task/ ${LAMBDA_TASK_ROOT}/",
        'CMD ["app.handler"]',
    ]
    task = folder / "task"
    files = {path.relative_to(task).as_posix(): path.read_bytes() for path in task.rglob("*") if path.is_file()}
    assert files == contents(as_function.zip)
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.rglob("*") if path.is_dir()} == {0o755}
    report = valid_report((shop.folder / "dist" / "shop-python3.13-arm64.report.json").read_text("utf-8"))
    assert report["archive"]["path"] == "dist/shop-python3.13-arm64"
    assert report["archive"]["sha256"] is None


def test_such_a_folder_takes_the_place_of_the_last_one_and_of_nothing_else(shop: Workplace) -> None:
    assert shop.pack("--layout", "oci-dir").exit_code == 0
    shop.write("src/more.py", "")
    done = shop.pack("--layout", "oci-dir", "--source", "src", "--handler", "more.handle")
    assert done.exit_code == 0
    assert "the handler 'more.handle' is not there: task/more.py binds no 'handle'" in done.errors
    dockerfile = shop.folder / "dist" / "shop-python3.13-arm64" / "Dockerfile"
    assert dockerfile.read_text("utf-8").endswith('CMD ["more.handle"]\n')
    folder = shop.folder / "dist" / "shop-python3.13-arm64"
    assert (folder / "task" / "more.py").is_file()

    (folder / "notes.md").write_text("mine", encoding="utf-8")
    before = files_below(shop.folder / "dist")
    refused = shop.pack("--layout", "oci-dir")

    assert refused.exit_code == 2
    assert "holds more than an earlier pack has left" in refused.errors
    assert files_below(shop.folder / "dist") == before


def test_where_the_image_is_to_be_can_be_said_and_no_folder_is_delivered(shop: Workplace) -> None:
    assert shop.pack("--layout", "oci-dir", "--to-dir", "image").exit_code == 0
    assert sorted(path.name for path in (shop.folder / "image").iterdir()) == ["Dockerfile", "task"]

    refused = shop.pack("--layout", "oci-dir", "--s3-uri", "s3://code/")

    assert refused.exit_code == 2
    assert "leave out --layout oci-dir" in refused.errors


@pytest.fixture
def stall(work: Workplace) -> Workplace:
    """A function with own code, main dependencies and a group, of which two need the same package."""
    for name, requires in (("web", ["shared"]), ("data", ["shared", "extra-thing[fast]"]), ("jobs", ["shared"])):
        make_wheel(work.index.folder, f"{name}-1.0-py3-none-any.whl", requires=requires)
    make_wheel(work.index.folder, "shared-1.0-py3-none-any.whl")
    make_wheel(work.index.folder, "extra_thing-1.0-py3-none-any.whl", extras={"fast": ["speed"]})
    make_wheel(work.index.folder, "speed-1.0-py3-none-any.whl")
    work.write(
        "pyproject.toml",
        '[project]\nname = "stall"\nversion = "1"\ndependencies = ["web", "data"]',
        '[dependency-groups]\nworker = ["jobs"]',
    )
    work.write("src/app.py", "def handler(event, context): ...")
    return work


def layered(work: Workplace, *layers: str, source: bool = True) -> tuple[dict[str, set[str]], dict[str, Any]]:
    """The modules in each zip by its name, and the report."""
    options = [word for layer in layers for word in ("--layers", layer)] + (["--source", "src"] if source else [])
    done = work.pack("--group", "worker", "-o", "out", *options)
    assert done.exit_code == 0, done.text
    output = work.folder / "out"
    tops = {path.name: _tops(path) for path in output.glob("*.zip")}
    (report,) = output.glob("*.report.json")
    return tops, valid_report(report.read_text("utf-8"))


def _tops(archive: Path) -> set[str]:
    names = [name for name in contents(archive) if ".dist-info/" not in name]
    return {name.removesuffix(".py").removesuffix("/__init__") for name in names}


def test_all_dependencies_in_one_layer_and_own_code_in_the_function(stall: Workplace) -> None:
    tops, report = layered(stall, "deps")

    assert tops == {
        "stall-python3.13-arm64.zip": {"app"},
        "stall-deps-python3.13-arm64.zip": {
            f"python/{name}" for name in ("web", "data", "jobs", "shared", "extra_thing", "speed")
        },
    }
    (layer,) = report["layers"]
    assert layer["name"] == "deps"
    assert layer["packages"] == ["data", "extra-thing", "jobs", "shared", "speed", "web"]
    archive = stall.folder / layer["archive"]["path"]
    assert hashlib.sha256(archive.read_bytes()).hexdigest() == layer["archive"]["sha256"]


def test_a_named_package_brings_what_it_needs_into_the_first_layer_that_wants_it(stall: Workplace) -> None:
    tops, _ = layered(stall, "jobs=group:worker", "data=data")

    assert tops == {
        "stall-python3.13-arm64.zip": {"app", "web"},
        "stall-jobs-python3.13-arm64.zip": {"python/jobs", "python/shared"},
        "stall-data-python3.13-arm64.zip": {"python/data", "python/extra_thing", "python/speed"},
    }


def test_what_only_an_extra_brings_is_in_no_layer_that_does_not_ask_for_it(stall: Workplace) -> None:
    # As pandas names scipy below `computation`, which nothing here asks pandas for.
    make_wheel(stall.index.folder, "frames-1.0-py3-none-any.whl", requires=["shared"], extras={"more": ["science"]})
    make_wheel(stall.index.folder, "science-1.0-py3-none-any.whl", requires=["frames"])
    make_wheel(stall.index.folder, "all_frames-1.0-py3-none-any.whl", extras={"all": ["frames[more]"]})
    stall.write(
        "pyproject.toml",
        '[project]\nname = "stall"\nversion = "1"\ndependencies = ["frames", "science", "all-frames"]',
        "[dependency-groups]\nworker = []",
    )

    tops, report = layered(stall, "data=frames", "deps")

    assert tops["stall-data-python3.13-arm64.zip"] == {"python/frames", "python/shared"}
    assert tops["stall-deps-python3.13-arm64.zip"] == {"python/science", "python/all_frames"}
    assert report["warnings"] == []


def test_without_own_code_there_are_layers_alone_and_they_are_the_same_again(stall: Workplace) -> None:
    tops, report = layered(stall, "2", source=False)
    first = {path.name: path.read_bytes() for path in (stall.folder / "out").glob("*.zip")}

    assert sorted(tops) == ["stall-layer1-python3.13-arm64.zip", "stall-layer2-python3.13-arm64.zip"]
    assert report["archive"] == report["layers"][0]["archive"]
    assert len(set.union(*tops.values())) == sum(map(len, tops.values())) == 6
    layered(stall, "2", source=False)
    assert {path.name: path.read_bytes() for path in (stall.folder / "out").glob("*.zip")} == first


# What AWS's program would be asked; it answers with the name of a layer in place of its ARN.
AWS = """#!/bin/sh
echo "$*" >>calls
[ "$2" != publish-layer-version ] || echo "arn:$4"
"""


def test_the_lines_to_deploy_with_attach_the_layers(stall: Workplace) -> None:
    stall.write("src/app.py", "X = 1")
    program = stall.write("bin/aws", *AWS.splitlines())
    program.chmod(0o755)
    done = stall.pack("--layers", "first=web", "--layers", "rest", "--source", "src", "--name", "shop")
    assert done.exit_code == 0, done.text

    script = done.output.partition("deploy with\n")[2]
    path = f"{program.parent}:{stall.environment['PATH']}"
    ran = run(("sh", "-e", "-c", script), {**stall.environment, "PATH": path}, folder=stall.folder)

    assert ran.exit_code == 0, ran.text
    calls = [line.split() for line in (stall.folder / "calls").read_text("utf-8").splitlines()]
    assert [call[1] for call in calls] == [
        *("publish-layer-version", "publish-layer-version", "update-function-code"),
        *("wait", "update-function-configuration"),
    ]
    assert calls[-1][2:] == ["--function-name", "shop", "--layers", "arn:first", "arn:rest"]


def test_by_size_there_are_as_few_layers_as_can_be_uploaded_directly(stall: Workplace) -> None:
    # Not to be compressed any further; and heavier than half a layer.
    for name in ("web", "data", "jobs"):
        make_wheel(
            stall.index.folder,
            f"{name}-2.0-py3-none-any.whl",
            files={f"{name}.bin": random.Random(name).randbytes(20 << 20)},  # noqa: S311  # the same each time
        )

    _, report = layered(stall, "size")

    assert [sorted(layer["packages"]) for layer in report["layers"]] == [["data", "jobs"], ["web"]]
    assert all(layer["archive"]["size"] <= 52_428_800 for layer in report["layers"])


def test_all_layers_together_count(stall: Workplace) -> None:
    for name in ("web", "data"):
        make_wheel(stall.index.folder, f"{name}-2.0-py3-none-any.whl", files={f"{name}.bin": bytes(130 << 20)})

    refused = stall.pack("--layers", "2")

    assert refused.exit_code == 4
    assert "the 262,144,000 Lambda takes with all layers" in refused.errors


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--layers", "x=nowhere"), "the layer 'x' names 'nowhere', which nothing in the bundle asks for"),
        (("--layers", "x=web", "--layers", "y=shared"), "the layer 'y' would be empty"),
        (("--layers", "x=group:nowhere"), "'nowhere' is not a group"),
        (("--layers", "x", "--layout", "layer"), "--layers divides a function into zips"),
        (("--layers", "x", "--to-dir", "out"), "--layers divides a function into zips"),
        (("--layers", "x", "--s3-uri", "s3://code/a.zip"), "the function and its layers need keys of their own"),
    ],
)
def test_layers_that_cannot_be(stall: Workplace, options: tuple[str, ...], message: str) -> None:
    refused = stall.pack(*options)

    assert refused.exit_code == 2, refused.text
    assert message in refused.errors
    assert not stall.leftovers()
