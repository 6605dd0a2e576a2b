"""Remarks stand on the lines that brought the packages in."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace
from packaging.utils import canonicalize_name

from lambda_pack.frontends.annotations import annotations_of
from lambda_pack.model.report import Report
from tests.frontends.reports import FAR_BEHIND, HELD, LXML, REPORTS, UNKNOWN


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A workspace with a project in a folder."""
    folder = tmp_path / "workspace" / "service"
    folder.mkdir(parents=True)
    (folder / "requirements.txt").write_text("a\nb\nreadable\n", "utf-8")
    (tmp_path / "outside.txt").touch()
    return folder.parent


def unmet_at(*origins: str | None) -> Report:
    """A report with an unmet dependency from each line."""
    return replace(REPORTS["unmet"], unmet=tuple(replace(LXML, origin=origin) for origin in origins))


@pytest.mark.parametrize(
    ("origin", "place"),
    [
        ("requirements.txt:3", ("service/requirements.txt", 3)),
        ("./requirements.txt:3", ("service/requirements.txt", 3)),
        ("../service/requirements.txt:2", ("service/requirements.txt", 2)),
        ("../../outside.txt:1", (None, None)),
        ("gone.txt:1", (None, None)),
        ("https://index.example/requirements.txt:1", (None, None)),
        ("requirements.txt", (None, None)),
        (None, (None, None)),
    ],
)
def test_a_line_is_seen_from_the_workspace(workspace: Path, origin: str | None, place: tuple[str, int]) -> None:
    (found,) = annotations_of(unmet_at(origin), folder=workspace / "service", workspace=workspace)

    assert (found.file, found.line) == place
    assert found.level == "error"
    assert "lxml==6.0 cannot be met on python3.13-arm64 (readable → lxml): no wheel fits" in found.message
    assert "what now: choose another runtime" in found.message


def test_an_absolute_path_below_a_link(workspace: Path, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(workspace)
    report = unmet_at(f"{workspace}/service/requirements.txt:3")

    (found,) = annotations_of(report, folder=tmp_path, workspace=tmp_path / "link")

    assert found.file == "service/requirements.txt"


def test_without_a_workspace_there_are_no_lines(workspace: Path) -> None:
    (found,) = annotations_of(unmet_at("requirements.txt:3"), folder=workspace / "service", workspace=None)

    assert found.file is None


def test_what_one_line_brought_in_goes_together(workspace: Path) -> None:
    report = unmet_at("requirements.txt:3", "requirements.txt:1", "requirements.txt:3", None, None)
    unlike = (*report.unmet[:-1], replace(UNKNOWN, origin=None))

    found = annotations_of(replace(report, unmet=unlike), folder=workspace / "service", workspace=workspace)

    assert [one.line for one in found] == [3, 1, None, None]
    assert found[0].message.count("cannot be met") == 2


def test_what_is_held_back_is_a_notice(workspace: Path) -> None:
    names = (canonicalize_name("pandas"), canonicalize_name("numpy"))
    held = replace(HELD, required_by=names, origin="requirements.txt:2")
    report = replace(REPORTS["held-back"], held_back=(held,))

    (found,) = annotations_of(report, folder=workspace / "service", workspace=workspace)

    assert (found.level, found.file, found.line) == ("notice", "service/requirements.txt", 2)
    assert found.message == (
        "numpy 2.2.6 is taken, not 2.4.6 (pandas → numpy): numpy==2.4.6 needs glibc 2.27 or newer; python3.11 has 2.26"
    )


def test_what_is_far_behind_is_a_warning_and_comes_first(workspace: Path) -> None:
    held = replace(HELD, required_by=(HELD.name,), origin="requirements.txt:2")
    report = replace(REPORTS["unmet"], held_back=(held, FAR_BEHIND))

    found = annotations_of(report, folder=workspace / "service", workspace=workspace)

    assert [one.level for one in found] == ["warning", *["error"] * (len(found) - 2), "notice"]
    assert (found[0].title, found[0].file, found[0].line) == ("much older version", "service/requirements.txt", 1)
    assert found[0].message == (
        "numpy 1.26.4 is older by a major version and 2 years than 2.5.5, the newest allowed: "
        "rasterio==1.3.9 was compiled for NumPy 1: the bundle has numpy 2.5.5 (rasterio → numpy)"
    )
