"""The bundle as a folder: whole or not at all, and the same whatever the umask."""

from __future__ import annotations

import os
import zipfile
from pathlib import Path

import pytest

from lambda_pack.errors import IntegrityError, LambdaPackError, UsageError
from lambda_pack.files.bundle import Bundle
from lambda_pack.files.entries import EXECUTABLE
from lambda_pack.files.tree import write_tree
from tests.files.bundles import bundle_of, composed, contents, interrupted, made
from tests.support.wheels import make_wheel


def found(folder: Path) -> dict[str, bytes]:
    """Every file below the folder."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
@pytest.mark.parametrize("exists", [False, True])
def test_a_tree_is_the_bundle(tmp_path: Path, mask: int, *, exists: bool) -> None:
    files = {"p/q/x.py": b"x", "p/y.py": b"y"}
    wheel = make_wheel(tmp_path, "a-1.0-py3-none-any.whl", files=files, compression=zipfile.ZIP_BZIP2)
    into = tmp_path / "new" / "tree"
    if exists:
        into.mkdir(parents=True)
    before = os.umask(mask)
    try:
        with composed(wheel, own=[made("run", b"#!", mode=EXECUTABLE)]) as bundle:
            write_tree(bundle, into)
            assert found(into) == contents(bundle)
    finally:
        os.umask(before)
    modes = {path.name: path.stat().st_mode & 0o777 for path in (into, *into.rglob("*"))}
    assert modes["run"] == 0o755
    assert {modes[name] for name in ("x.py", "y.py", "METADATA")} == {0o644}
    assert {modes[name] for name in ("tree", "p", "q", "a-1.0.dist-info")} == {0o755}
    assert [path.name for path in into.parent.iterdir()] == ["tree"]


def test_an_empty_bundle_is_an_empty_folder(tmp_path: Path) -> None:
    write_tree(Bundle(()), tmp_path / "tree")
    assert list((tmp_path / "tree").iterdir()) == []


@pytest.mark.parametrize("kind", ["file", "folder", "link"])
def test_what_is_there_is_not_touched(tmp_path: Path, kind: str) -> None:
    into = tmp_path / "tree"
    match kind:
        case "file":
            into.write_text("mine")
        case "folder":
            into.mkdir()
            (into / "mine").touch()
        case _:
            into.symlink_to("elsewhere")
    with pytest.raises(
        UsageError, match="exists and is not as an earlier pack has left it; remove it or name another one"
    ):
        write_tree(bundle_of({"a": b""}), into)
    assert [path.name for path in tmp_path.iterdir()] == ["tree"]


def test_failure_leaves_nothing_behind(tmp_path: Path) -> None:
    wheel = make_wheel(tmp_path, "a-1.0-py3-none-any.whl", files={"a.py": b"A = 1"}, compression=0)
    wheel.write_bytes(wheel.read_bytes().replace(b"A = 1", b"A = 2"))
    with composed(wheel) as bundle, pytest.raises(IntegrityError, match=r"'a\.py' in .* is damaged"):
        write_tree(bundle, tmp_path / "out" / "tree")
    with pytest.raises(KeyboardInterrupt):
        write_tree(interrupted(), tmp_path / "out" / "tree")
    with pytest.raises(LambdaPackError, match="cannot be written"):
        write_tree(bundle_of({"a" * 300: b""}), tmp_path / "out" / "tree")
    assert list((tmp_path / "out").iterdir()) == []
