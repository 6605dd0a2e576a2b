from __future__ import annotations

from pathlib import Path

import pytest

from lambda_pack.errors import UsageError
from lambda_pack.model.packages import Folder, Pin, Sdist
from lambda_pack.model.urls import path_of
from lambda_pack.tools.pip.sources import prepared


def fetch(_: Sdist) -> Path:
    """Nothing is fetched here."""
    raise AssertionError


def test_a_folder_is_copied(tmp_path: Path) -> None:
    (tmp_path / "project" / "inner").mkdir(parents=True)
    (tmp_path / "scratch").mkdir()
    source = Folder(Pin.parse("a", "1"), str(tmp_path / "project"), "inner")
    copy = path_of(prepared(source, scratch=tmp_path / "scratch", fetch=fetch))
    assert copy.is_dir()
    assert copy.is_relative_to(tmp_path / "scratch")


@pytest.mark.parametrize("inner", ["..", "../../elsewhere", "/etc"])
def test_a_subdirectory_stays_in_its_folder(tmp_path: Path, inner: str) -> None:
    (tmp_path / "project").mkdir()
    (tmp_path / "scratch").mkdir()
    source = Folder(Pin.parse("a", "1"), str(tmp_path / "project"), inner)
    with pytest.raises(UsageError, match="leads out of"):
        prepared(source, scratch=tmp_path / "scratch", fetch=fetch)
