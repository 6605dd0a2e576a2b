"""Zips, unpacked as Lambda does it."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from lambda_pack.errors import IntegrityError, LimitExceeded
from lambda_pack.files.unpacking import is_layer, unpack_zips
from tests.support.zips import LINK, make_zip


def test_files_get_the_modes_of_the_zip(tmp_path: Path) -> None:
    modes = {"tool": 0o755, "unknown.py": 0}
    archive = make_zip(tmp_path / "x.zip", {"a/b.py": "b", "tool": "#!", "unknown.py": ""}, modes=modes)

    assert unpack_zips([archive], tmp_path / "task") == ()

    found = {path: stat.S_IMODE((tmp_path / "task" / path).stat().st_mode) for path in ("a", "a/b.py", *modes)}
    assert found == {"a": 0o755, "a/b.py": 0o644, "tool": 0o755, "unknown.py": 0o644}


def test_a_later_layer_wins(tmp_path: Path) -> None:
    first = make_zip(tmp_path / "1.zip", {"python/one.py": "1", "python/both.py": "1"})
    second = make_zip(tmp_path / "2.zip", {"python/both.py": "2"})

    unpack_zips([first, second], tmp_path / "opt")

    assert {path.name: path.read_text() for path in (tmp_path / "opt/python").iterdir()} == {
        "one.py": "1",
        "both.py": "2",
    }


def test_what_only_its_owner_may_read_fails_by_its_mode_whoever_runs_the_test(tmp_path: Path) -> None:
    closed = dict.fromkeys(("a.py", "b.py", "c.py"), 0o600)
    archive = make_zip(tmp_path / "x.zip", {**dict.fromkeys(closed, ""), "d.py": ""}, modes=closed)

    (failed,) = unpack_zips([archive], tmp_path / "task")

    assert (failed.what, failed.file) == ("a.py", "a.py")
    assert failed.error == (
        "PermissionError: mode 0600 lets nobody but its owner read it, and Lambda's user is another, "
        "and 2 more files are like it"
    )


def test_links_inside_are_links(tmp_path: Path) -> None:
    files = {"lib/libx.so.1": "x", "lib/libx.so": "libx.so.1"}
    archive = make_zip(tmp_path / "x.zip", files, modes={"lib/libx.so": LINK})

    unpack_zips([archive], tmp_path / "task")

    assert (tmp_path / "task/lib/libx.so").is_symlink()
    assert (tmp_path / "task/lib/libx.so").read_text() == "x"


@pytest.mark.parametrize(
    ("files", "links"),
    [
        ({"out": "../secret"}, ["out"]),
        ({"out": "/somewhere/secret"}, ["out"]),
        ({"a/out": "../../secret"}, ["a/out"]),
        ({"a": "b", "a/x": "../../secret", "b/y": ""}, ["a", "a/x"]),
    ],
)
def test_links_that_lead_out_are_refused(tmp_path: Path, files: dict[str, str], links: list[str]) -> None:
    archive = make_zip(tmp_path / "x.zip", files, modes=dict.fromkeys(links, LINK))

    with pytest.raises(IntegrityError, match="symbolic link"):
        unpack_zips([archive], tmp_path / "in" / "task")

    assert not (tmp_path / "in" / "secret").exists()


def test_a_damaged_zip_is_to_be_packed_again(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"PK\x03\x04 and no end")

    with pytest.raises(IntegrityError, match=r"'x\.zip' is not a zip archive.*; pack it again"):
        unpack_zips([tmp_path / "x.zip"], tmp_path / "task")


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    archive = make_zip(tmp_path / "x.zip", {"x": b""})
    # What the directory claims is 12 GB, in as many bytes as that takes.
    content = bytearray(archive.read_bytes())
    begin = content.index(b"PK\x01\x02")
    for at, number in ((begin + 20, 0xFF_FF_FF_00), (begin + 24, 0xFF_FF_FF_00)):
        content[at : at + 4] = number.to_bytes(4, "little")
    archive.write_bytes(content)

    with pytest.raises((IntegrityError, LimitExceeded)):
        unpack_zips([archive], tmp_path / "task")

    assert not (tmp_path / "task").exists()


@pytest.mark.parametrize(
    ("names", "layer"),
    [
        (["python/x.py"], True),
        (["python/lib/python3.13/site-packages/x.py", "bin/tool", "lib/libx.so"], True),
        (["app.py", "python/x.py"], False),
        (["lib/x.py"], False),
        ([], False),
    ],
)
def test_a_layer_is_known_by_its_shape(tmp_path: Path, names: list[str], *, layer: bool) -> None:
    assert is_layer(make_zip(tmp_path / "x.zip", dict.fromkeys(names, ""))) is layer
