"""Binaries found in wheels and folders, by how they begin and not by their names."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from lambda_pack.errors import IntegrityError, UsageError
from lambda_pack.files.binaries import binaries_in, wheel_binaries
from lambda_pack.files.bundled import open_bundled
from lambda_pack.model.binaries import LAYERS, Damaged, ElfFacts, Foreign
from tests.support.elf import make_elf
from tests.support.wheels import make_wheel

NAME = "x-1.0-py3-none-any.whl"
PADDED = make_elf(needed=["libc.so.6"]) + bytes(100_000)


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_found_whatever_the_name_and_the_compression(tmp_path: Path, compression: int) -> None:
    binaries = {"x/_speed.so": PADDED, "x/program": make_elf(kind="executable")}
    files = {"x/__init__.py": b"", "x/text.so": b"no", **binaries}
    wheel = make_wheel(tmp_path, NAME, files=files, compression=compression)

    found = {file.path: file.binary for file in wheel_binaries(wheel)}

    assert found.keys() == binaries.keys()
    assert isinstance(found["x/_speed.so"], ElfFacts)
    assert found["x/_speed.so"].needed == ("libc.so.6",)


def test_places_are_those_of_an_installation(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, NAME, files={}, data={"platlib/x/_speed.so": PADDED, "scripts/tool": PADDED})

    assert sorted(file.place for file in wheel_binaries(wheel)) == ["/var/task/bin/tool", "/var/task/x/_speed.so"]


def test_what_only_looks_like_a_module(tmp_path: Path) -> None:
    files = {
        "x/_a.cpython-312-darwin.so": b"\xcf\xfa\xed\xfe rest",
        "x/_b.cp312-win_amd64.pyd": b"MZ rest",
        "x/setup.exe": b"MZ rest",
        "x/_c.so": b"\x7fELF but not for long",
    }
    found = {file.path: file.binary for file in wheel_binaries(make_wheel(tmp_path, NAME, files=files))}

    assert isinstance(found.pop("x/_c.so"), Damaged)
    assert found == {"x/_a.cpython-312-darwin.so": Foreign("macOS"), "x/_b.cp312-win_amd64.pyd": Foreign("Windows")}


def test_damage_behind_the_first_bytes_is_an_integrity_error(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, NAME, files={"x/_speed.so": PADDED}, compression=zipfile.ZIP_STORED)
    data = bytearray(wheel.read_bytes())
    data[data.index(b"\x7fELF") + 50_000] ^= 1
    wheel.write_bytes(data)

    with pytest.raises(IntegrityError, match=r"_speed\.so.*damaged"):
        wheel_binaries(wheel)


def test_a_deflated_bomb_is_not_inflated(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, NAME, files={"x/_speed.so": make_elf() + bytes(1 << 20)})
    data = bytearray(wheel.read_bytes())
    # The size that the central directory claims, more than deflate could pack into those bytes.
    at = data.index(b"PK\1\2", data.rindex(b"x/_speed.so") - 46) + 24
    data[at : at + 4] = (0x7FFFFFFF).to_bytes(4, "little")
    wheel.write_bytes(data)

    with pytest.raises(IntegrityError, match="which cannot be"):
        wheel_binaries(wheel)


def test_a_folder_with_links(tmp_path: Path) -> None:
    outside = tmp_path / "outside.so"
    outside.write_bytes(make_elf())
    folder = tmp_path / "bundle"
    (folder / "lib").mkdir(parents=True)
    (folder / "lib" / "libx.so.1.2").write_bytes(PADDED)
    (folder / "lib" / "libx.so.1").symlink_to("libx.so.1.2")
    (folder / "lib" / "liby.so").symlink_to(outside)

    with open_bundled(folder) as entries:
        found = binaries_in(entries, LAYERS)

    assert [file.place for file in found] == ["/opt/lib/libx.so.1", "/opt/lib/libx.so.1.2"]


def test_a_zip_with_links(tmp_path: Path) -> None:
    archive = tmp_path / "layer.zip"
    with zipfile.ZipFile(archive, "w") as written:
        written.writestr("lib/libx.so.1.2", PADDED)
        link = zipfile.ZipInfo("lib/libx.so.1")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        written.writestr(link, "libx.so.1.2")
        stray = zipfile.ZipInfo("lib/liby.so")
        stray.create_system, stray.external_attr = 3, 0o120777 << 16
        written.writestr(stray, "../../nowhere")

    with open_bundled(archive) as entries:
        assert [file.path for file in binaries_in(entries)] == ["lib/libx.so.1.2", "lib/libx.so.1"]


def test_what_is_neither(tmp_path: Path) -> None:
    (tmp_path / "text.zip").write_text("no zip")

    with pytest.raises(UsageError, match="no zip, wheel or folder"), open_bundled(tmp_path / "nothing.zip"):
        pass
    with pytest.raises(IntegrityError, match="not a zip archive"), open_bundled(tmp_path / "text.zip"):
        pass
