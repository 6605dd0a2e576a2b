"""Where files lie, by the real command: as Lambda's two kinds of layers, and as a folder that becomes an image."""

from __future__ import annotations

import stat

import pytest

from tests.end_to_end.workplace import Workplace, contents, files_below
from tests.frontends.schema import valid_report
from tests.support.packages import make_wheel


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
    assert shop.pack("--layout", "oci-dir", "--source", "src").exit_code == 0
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
