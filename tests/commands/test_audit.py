"""The audit of finished bundles: zips, folders, wheels, functions with layers."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from lambda_pack.commands.audit import audit
from lambda_pack.errors import UsageError
from lambda_pack.model.findings import Severity
from lambda_pack.model.targets import Target
from tests.support.elf import make_elf
from tests.support.wheels import make_wheel

TARGET = Target.parse("python3.12")
USER = make_elf(needed=["libengine.so.1"])
ENGINE = make_elf(soname="libengine.so.1")


def make_zip(path: Path, files: Mapping[str, bytes]) -> Path:
    """A zip as any tool makes it."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def test_a_layer_brings_what_the_function_needs(tmp_path: Path) -> None:
    function = make_zip(tmp_path / "function.zip", {"user/_core.so": USER, "app.py": b""})
    layer = make_zip(tmp_path / "layer.zip", {"lib/libengine.so.1": ENGINE, "python/helper.py": b""})

    alone = audit([function], TARGET)
    together = audit([function, layer], TARGET)

    assert [one.library for one in alone.archives[0].findings] == ["libengine.so.1"]
    assert alone.has_errors
    assert not together.has_errors
    assert [len(archive.files) for archive in together.archives] == [1, 1]


def test_a_layer_without_python_is_told_by_its_lib_folder(tmp_path: Path) -> None:
    """`lib/` is found both in a function and in a layer, so nothing has to be known about which it is."""
    function = make_zip(tmp_path / "function.zip", {"user/_core.so": USER})
    layer = make_zip(tmp_path / "layer.zip", {"lib/libengine.so.1": ENGINE})

    assert not audit([function, layer], TARGET).has_errors


def test_modules_of_a_layer_are_judged_below_python(tmp_path: Path) -> None:
    name = "_core.cpython-311-x86_64-linux-gnu.so"
    layer = make_zip(
        tmp_path / "layer.zip",
        {f"python/x/{name}": make_elf(), f"python/lib/python3.12/site-packages/y/{name}": make_elf()},
    )

    report = audit([layer], TARGET)

    assert [one.concern.value for one in report.archives[0].findings] == ["python", "python"]


def test_folders_and_wheels(tmp_path: Path) -> None:
    folder = tmp_path / "build"
    (folder / "user").mkdir(parents=True)
    (folder / "user" / "_core.so").write_bytes(USER)
    wheel = make_wheel(tmp_path, "engine-1.0-py3-none-any.whl", files={}, data={"data/lib/libengine.so.1": ENGINE})

    assert audit([folder], TARGET).has_errors
    assert not audit([folder, wheel], TARGET).has_errors


def test_one_package_does_not_speak_for_another(tmp_path: Path) -> None:
    """A library of its own code alone is hopeless; that another package has modules changes nothing."""
    files = {"x/_core.so": make_elf(), "y/libonly.so": make_elf(needed=["libgomp.so.1"])}

    (archive,) = audit([make_zip(tmp_path / "f.zip", files)], TARGET).archives

    assert [(one.path, one.severity) for one in archive.findings] == [("y/libonly.so", Severity.ERROR)]


def test_an_archive_named_twice(tmp_path: Path) -> None:
    function = make_zip(tmp_path / "f.zip", {})

    with pytest.raises(UsageError, match="named twice"):
        audit([function, function], TARGET)


def test_a_folder_with_a_dockerfile_is_judged_as_an_image(tmp_path: Path) -> None:
    """Libexpat is in the images of Amazon Linux 2, and not where functions from zips run."""
    module = make_elf(needed=["libexpat.so.1"])
    image = tmp_path / "image"
    (image / "task/x").mkdir(parents=True)
    (image / "Dockerfile").write_text("FROM public.ecr.aws/lambda/python:3.11-x86_64\n")
    (image / "task/x/_core.so").write_bytes(module)
    function = make_zip(tmp_path / "function.zip", {"x/_core.so": module})

    in_image = audit([image], Target.parse("python3.11"))
    in_zip = audit([function], Target.parse("python3.11"))

    assert [file.place for file in in_image.archives[0].files] == ["/var/task/x/_core.so"]
    assert not in_image.has_errors
    assert [one.library for one in in_zip.archives[0].findings] == ["libexpat.so.1"]
    assert in_zip.has_errors


def test_what_a_package_loads_by_name_lies_where_its_record_says(tmp_path: Path) -> None:
    """As soundfile: a module beside a folder of another name, and find_library is its last resort."""
    files = {
        "sound.py": b"lib = find_library('sndfile')",
        "_sound_data/libsndfile_x86_64.so": make_elf(),
        "other.py": b"lib = CDLL('libother.so.1')",
        "sound-1.0.dist-info/RECORD": b"sound.py,,\n_sound_data/libsndfile_x86_64.so,,\n",
    }
    function = make_zip(tmp_path / "function.zip", files)
    layer = make_zip(tmp_path / "layer.zip", {f"python/{path}": content for path, content in files.items()})
    unrecorded = make_zip(tmp_path / "x.zip", {path: files[path] for path in files if "dist-info" not in path})

    def named(archive: Path) -> list[tuple[str, str | None]]:
        return [(one.path, one.library) for one in audit([archive], TARGET).archives[0].findings]

    assert named(function) == [("other.py", "libother.so.1")]
    assert named(layer) == [("python/other.py", "libother.so.1")]
    assert named(unrecorded) == [("sound.py", "libsndfile.so"), ("other.py", "libother.so.1")]
