"""What was looked at has a state, and another one once it has changed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from lambda_pack.looks import begin_watching, end_watching, listed, seen, state_of, walked


@pytest.fixture(autouse=True)
def watched() -> Iterator[None]:
    """Each test watches, and stops."""
    begin_watching()
    yield
    end_watching()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a file, a folder and a link to each."""
    (tmp_path / "file").write_text("a", "utf-8")
    (tmp_path / "sub").mkdir()
    (tmp_path / "to-file").symlink_to("file")
    (tmp_path / "to-sub").symlink_to("sub")
    return tmp_path


def _changed(folder: Path, change: Callable[[], object]) -> set[str]:
    """The names whose state, or whose names' state, the change has changed."""
    paths = [folder, *(folder / name for name in ("file", "sub", "to-file", "to-sub", "none"))]
    before = {(path, names): state_of(str(path), names_count=names) for path in paths for names in (False, True)}
    change()
    after = {(path, names): state_of(str(path), names_count=names) for path in paths for names in (False, True)}
    found = {(path.name if path != folder else ".") + ("/" if names else "") for path, names in before}
    return {
        name
        for name in found
        for path, names in before
        if name == (path.name if path != folder else ".") + ("/" if names else "")
        and before[path, names] != after[path, names]
    }


def test_states_tell_what_has_changed(folder: Path) -> None:
    both = {"file", "file/", "to-file", "to-file/"}
    assert _changed(folder, lambda: None) == set()
    assert _changed(folder, lambda: (folder / "file").write_text("b", "utf-8")) == both
    assert _changed(folder, lambda: (folder / "file").chmod(0o755)) == both
    assert _changed(folder, (folder / "sub/new").touch) == {"sub/", "to-sub/"}
    assert _changed(folder, (folder / "none").touch) == {"none", "none/", "./"}
    assert _changed(folder, lambda: os.utime(folder / "file", (1, 1))) == set()


def test_where_a_link_leads_counts(folder: Path) -> None:
    (folder / "same").write_text("a", "utf-8")
    before = state_of(str(folder / "to-file"), names_count=False)
    (folder / "to-file").unlink()
    (folder / "to-file").symlink_to("same")
    assert state_of(str(folder / "to-file"), names_count=False) != before


def test_what_we_leave_for_a_moment_does_not_count(folder: Path) -> None:
    before = state_of(str(folder), names_count=True)
    (folder / ".lambda-pack-0123").mkdir()
    assert state_of(str(folder), names_count=True) == before


def test_looks_are_remembered_once_and_as_they_were(folder: Path) -> None:
    assert seen(folder / "file") == folder / "file"
    (folder / "file").write_text("b", "utf-8")
    seen(folder / "file")
    listed(folder)
    seen(folder / "none")
    looks = end_watching()

    assert looks is not None
    states = {(Path(path).name, names): state for path, names, state in looks}
    assert set(states) == {("file", False), (folder.name, True), ("none", False)}
    assert states["none", False] == "nothing"
    assert states["file", False] != state_of(str(folder / "file"), names_count=False)


def _pipe(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    seen(folder / "pipe")


@pytest.mark.parametrize("look", [walked, _pipe, lambda folder: seen(folder / "a\0b")])
def test_what_cannot_be_compared_spoils_the_rest(folder: Path, look: Callable[[Path], object]) -> None:
    seen(folder / "file")
    look(folder)
    assert end_watching() is None


def test_nobody_watches_unless_asked(folder: Path) -> None:
    end_watching()
    seen(folder / "file")
    assert end_watching() is None
