"""Wheels are unpacked as `pip install --target` would, and nowhere else."""

from __future__ import annotations

import io
import stat
import zipfile
from pathlib import Path

import pytest

from script.environment.wheels import UnsuitedError, unpack


def archive(members: dict[str, bytes], *, mode: int = 0o644) -> bytes:
    """A zip with these members."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        for name, data in members.items():
            info = zipfile.ZipInfo(name)
            info.external_attr = (stat.S_IFREG | mode) << 16
            file.writestr(info, data)
    return content.getvalue()


def test_data_goes_where_it_belongs(tmp_path: Path) -> None:
    unpack(
        archive(
            {
                "x/__init__.py": b"1",
                "x-1.0.data/purelib/y.py": b"2",
                "x-1.0.data/platlib/z/w.py": b"3",
                "x-1.0.data/scripts/run": b"4",
                "x-1.0.data/headers/x.h": b"5",
            }
        ),
        tmp_path,
    )

    files = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert files == {"x/__init__.py", "y.py", "z/w.py", "bin/run"}
    assert (tmp_path / "bin" / "run").stat().st_mode & 0o777 == 0o755
    assert (tmp_path / "y.py").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("name", ["../out.py", "/out.py", "x/../../out.py", "C:/out.py", "x\\..\\..\\out.py"])
def test_nothing_is_written_elsewhere(name: str, tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()

    with pytest.raises(UnsuitedError, match="elsewhere"):
        unpack(archive({name: b"hostile"}), place)
    assert [path.name for path in tmp_path.iterdir()] == ["place"]


def test_a_link_is_a_file_that_holds_its_target(tmp_path: Path) -> None:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        info = zipfile.ZipInfo("link")
        info.external_attr = (stat.S_IFLNK | 0o777) << 16
        file.writestr(info, "/etc/passwd")

    unpack(content.getvalue(), tmp_path)

    assert not (tmp_path / "link").is_symlink()


@pytest.mark.parametrize("content", [b"", b"no zip", archive({"x.py": b"1" * 99})[:60]])
def test_a_damaged_archive_is_refused(content: bytes, tmp_path: Path) -> None:
    with pytest.raises(UnsuitedError, match="cannot be unpacked"):
        unpack(content, tmp_path)
