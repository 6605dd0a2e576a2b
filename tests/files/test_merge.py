"""Merging into a folder of the customer's: all or nothing, foreign files untouched, older copies replaced."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from lambda_pack.errors import LambdaPackError, UsageError
from lambda_pack.files.merge import merge_tree
from lambda_pack.files.tree import write_tree
from tests.files.bundles import composed, interrupted
from tests.support.wheels import make_wheel

OLD = {"a/__init__.py": "1", "a/gone.py": "1", "a/sub/gone.py": "1", "shared/x.py": "same"}
NEW = {"a/__init__.py": "2", "a/new/x.py": "2"}


def merge(folder: Path, into: Path, version: str, files: Mapping[str, str], name: str = "a") -> None:
    """Merge one wheel."""
    with composed(make_wheel(folder, f"{name}-{version}-py3-none-any.whl", files=dict(files)), records=True) as bundle:
        merge_tree(bundle, into)


def state(folder: Path) -> dict[str, str]:
    """Everything below the folder but metadata: text of files, targets of links, folders as empty text."""
    found = {}
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if ".dist-info" not in name:
            found[name] = f"-> {path.readlink()}" if path.is_symlink() else "/" if path.is_dir() else path.read_text()
    return found


def install_with_record(folder: Path, into: Path) -> None:
    """What pip leaves: the files, a RECORD with scripts outside, compiled modules."""
    into.mkdir(exist_ok=True)
    with composed(make_wheel(folder, "A-1.0-py3-none-any.whl", files=OLD)) as bundle:
        write_tree(bundle, folder / "tree")
        rows = [f"{entry.path},," for entry in bundle.entries]
    (folder / "outside").write_text("mine")
    for path in (folder / "tree").iterdir():
        path.rename(into / path.name)
    (into / "a" / "__pycache__").mkdir()
    (into / "a" / "__pycache__" / "gone.cpython-313.pyc").write_text("")
    hostile = ["../outside,,", "/etc/passwd,,", "a/../../outside,,", "linked/x,,", ",,", "A-1.0.dist-info/RECORD,,"]
    (into / "A-1.0.dist-info" / "RECORD").write_text("\n".join([*rows, *hostile]))


def test_a_folder_that_is_not_there_is_made(tmp_path: Path) -> None:
    merge(tmp_path, tmp_path / "new" / "into", "1.0", OLD)
    assert {path for path, text in state(tmp_path / "new" / "into").items() if text != "/"} == OLD.keys()


@pytest.mark.parametrize("record", [True, False])
def test_an_older_copy_is_replaced_and_the_rest_stays(tmp_path: Path, *, record: bool) -> None:
    into = tmp_path / "into"
    if record:
        install_with_record(tmp_path, into)
    else:
        merge(tmp_path, into, "1.0", OLD)
    merge(tmp_path, into, "1.0", {"shared/x.py": "same", "b.py": "b"}, name="b")
    (into / "handler.py").write_text("mine")
    (into / "a" / "mine.txt").write_text("mine")
    (into / "linked").symlink_to(tmp_path)
    (tmp_path / "x").write_text("outside")
    merge(tmp_path, into, "2.0", NEW)
    assert {path: text for path, text in state(into).items() if text != "/"} == {
        "a/__init__.py": "2",
        "a/new/x.py": "2",
        "a/mine.txt": "mine",
        "b.py": "b",
        "handler.py": "mine",
        "linked": f"-> {tmp_path}",
        "shared/x.py": "same",
    }
    assert not (into / "a" / "sub").exists()
    assert not (into / "a" / "__pycache__").exists()
    assert sorted(path.name for path in into.glob("*.dist-info")) == ["a-2.0.dist-info", "b-1.0.dist-info"]
    assert (tmp_path / "x").read_text() == "outside"
    assert not list(into.glob(".lambda-pack-*"))


def test_the_same_again_changes_nothing(tmp_path: Path) -> None:
    into = tmp_path / "into"
    merge(tmp_path, into, "1.0", OLD)
    before = state(into), (into / "a-1.0.dist-info" / "RECORD").read_text()
    merge(tmp_path, into, "1.0", OLD)
    assert (state(into), (into / "a-1.0.dist-info" / "RECORD").read_text()) == before
    assert "a/gone.py,sha256=" in before[1]


@pytest.mark.parametrize("claim", ["a-{0}.dist-info/RECORD", "a-{0}.data/purelib/a-{0}.dist-info/RECORD"])
def test_what_a_wheel_claims_to_own_is_not_believed(tmp_path: Path, claim: str) -> None:
    into = tmp_path / "into"
    into.mkdir()
    (into / "handler.py").write_text("mine")
    for version in ("1.0", "2.0"):
        merge(tmp_path, into, version, {claim.format(version): "handler.py\n", "a.py": ""})
    assert state(into) == {"a.py": "", "handler.py": "mine"}


def test_a_module_may_become_a_package_and_back(tmp_path: Path) -> None:
    into = tmp_path / "into"
    for version, files in (("1", {"a.py": "", "a": "x"}), ("2", {"a/__init__.py": "2"}), ("3", {"a": "3"})):
        merge(tmp_path, into, version, files)
        assert {path: text for path, text in state(into).items() if text != "/"} == files


def test_a_file_that_another_distribution_lists_stays(tmp_path: Path) -> None:
    into = tmp_path / "into"
    with composed(
        make_wheel(tmp_path, "a-1.0-py3-none-any.whl", files={"ns/__init__.py": "ns", "ns/a.py": "1"}),
        make_wheel(tmp_path, "b-1.0-py3-none-any.whl", files={"ns/__init__.py": "ns", "ns/b.py": "1"}),
        records=True,
    ) as bundle:
        merge_tree(bundle, into)
    merge(tmp_path, into, "2.0", {"ns/a.py": "2"})
    assert state(into) == {"ns": "/", "ns/__init__.py": "ns", "ns/a.py": "2", "ns/b.py": "1"}


@pytest.mark.parametrize(
    ("mine", "theirs"),
    [("app.py", "app.py"), ("pkg", "pkg/x.py"), ("pkg/x.py", "pkg"), ("pkg/x/y", "pkg/x")],
)
def test_the_customers_files_are_never_replaced(tmp_path: Path, mine: str, theirs: str) -> None:
    into = tmp_path / "into"
    (into / mine).parent.mkdir(parents=True)
    (into / mine).write_text("mine")
    before = state(into)
    with pytest.raises(UsageError, match=rf"has files of its own where dependencies belong: '{theirs}' \(a==1\.0\)"):
        merge(tmp_path, into, "1.0", {theirs: "theirs", "z.py": ""})
    assert state(into) == before


def test_the_same_file_stays_the_customers(tmp_path: Path) -> None:
    into = tmp_path / "into"
    into.mkdir()
    (into / "same.py").write_text("same")
    merge(tmp_path, into, "1.0", {"same.py": "same", "a.py": ""})
    assert "same.py" not in (into / "a-1.0.dist-info" / "RECORD").read_text()
    merge(tmp_path, into, "2.0", {"a.py": ""})
    assert state(into) == {"same.py": "same", "a.py": ""}


@pytest.mark.parametrize("path", ["linked/x.py", "linked"])
def test_nothing_is_written_through_a_link(tmp_path: Path, path: str) -> None:
    into, outside = tmp_path / "into", tmp_path / "outside"
    into.mkdir()
    outside.mkdir()
    (into / "linked").symlink_to(outside)
    with pytest.raises(UsageError, match="has files of its own"):
        merge(tmp_path, into, "1.0", {path: "theirs"})
    assert not list(outside.iterdir())


def test_failure_while_staging_leaves_it_as_it_was(tmp_path: Path) -> None:
    into = tmp_path / "new" / "into"
    with pytest.raises(KeyboardInterrupt):
        merge_tree(interrupted(), into)
    assert not into.exists()


def test_failure_while_moving_is_undone(tmp_path: Path) -> None:
    into = tmp_path / "into"
    merge(tmp_path, into, "1.0", OLD)
    (into / "handler.py").write_text("mine")
    before, metadata = state(into), sorted(into.rglob("*.dist-info/*"))
    # An empty folder is in nobody's list: it is found to be in the way only when the file is to take its place.
    (into / "z.py").mkdir()
    with pytest.raises(LambdaPackError, match="cannot be written"):
        merge(tmp_path, into, "2.0", NEW | {"z.py": ""})
    (into / "z.py").rmdir()
    assert (state(into), sorted(into.rglob("*.dist-info/*"))) == (before, metadata)
    assert not list(into.glob(".lambda-pack-*"))
