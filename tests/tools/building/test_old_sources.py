"""Sources that do not build with today's build requirements: what is tried again, in which order, and what is said."""

from __future__ import annotations

import zipfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace
from packaging.requirements import Requirement
from packaging.utils import NormalizedName

from lambda_pack.model.building import Building, BuildLimits, BuildPermission
from lambda_pack.model.choices import BuilderName
from lambda_pack.model.indexes import IndexSettings
from lambda_pack.model.old_builds import TOOLS_OF_PYTHON
from lambda_pack.model.packages import Folder, Pin, Sdist
from lambda_pack.model.requirements import Origin, Requested
from lambda_pack.model.stock import Accepted, Attempt
from lambda_pack.tools.building.requirements import UvInstaller
from lambda_pack.tools.uv_program import find_uv
from tests.support.faults import Protect, Rule
from tests.support.index import LoopbackIndex
from tests.support.old_tools import NEW, OLD, offer_setuptools, old_project, old_sdist
from tests.support.packages import build_events, make_sdist
from tests.tools.building.yards import NATIVE, OURS, Yard, accepted, failed, path_of

IN_2022 = datetime(2022, 5, 1, 12, 0, tzinfo=UTC)
CAUSE = "its setup.py needs pkg_resources, which setuptools dropped in 82"
HOST = Building(builder=BuilderName.HOST)


@pytest.fixture
def yard(tmp_path: Path, clean_environment: dict[str, str]) -> Yard:
    """Nothing in it yet."""
    return Yard(tmp_path, clean_environment)


@pytest.fixture
def indexes(index: LoopbackIndex) -> IndexSettings:
    """An index with both versions of setuptools, and the times of their upload."""
    offer_setuptools(index)
    return IndexSettings(index.url, retries=0)


def sdist(
    yard: Yard, name: str = "old", *, uploaded: datetime | None = None, before: str = "import pkg_resources"
) -> Sdist:
    """An old sdist that the yard can fetch."""
    path = old_sdist(yard.folder, name, before=before)
    return Sdist(Pin.parse(name, "1.0"), path.name, f"https://index.invalid/{path.name}", uploaded=uploaded)


def tool_of(outcome: Accepted) -> str:
    """The version of setuptools that built it."""
    with zipfile.ZipFile(path_of(outcome.wheel)) as archive:
        return archive.read(f"{outcome.wheel.pin.name}_built_with.txt").decode()


def test_a_source_of_today_is_built_with_todays_tools(yard: Yard, indexes: IndexSettings) -> None:
    (outcome,) = yard.builder(indexes=indexes).build([sdist(yard, before="")], NATIVE, compiler=True)
    assert tool_of(accepted(outcome)) == NEW
    assert outcome.build is not None
    assert outcome.build.limits is None


def test_where_there_is_a_date_it_decides(yard: Yard, indexes: IndexSettings) -> None:
    notes: list[str] = []
    builder = yard.builder(indexes=indexes, note=notes.append)
    today, then = builder.build([sdist(yard, uploaded=IN_2022)], NATIVE, compiler=True)
    assert failed(today).detail.endswith(f"failed: {CAUSE}")
    assert "No module named 'pkg_resources'" in failed(today).log
    assert tool_of(accepted(then)) == OLD
    assert then.build is not None
    assert then.build.limits == BuildLimits(before=datetime(2022, 5, 2, 12, 0, tzinfo=UTC), why=CAUSE)
    assert list(then.build.remarks) == [f"built with build requirements as of 2022-05-02: {CAUSE}"]
    assert len(notes) == 1
    assert "built again with build requirements as of 2022-05-02" in notes[0]


def test_a_folder_has_no_date(yard: Yard, indexes: IndexSettings, tmp_path: Path) -> None:
    project = old_project(tmp_path / "project", "old")
    source = Folder(Pin(Pin.parse("old", "1").name, None), str(project))
    _, then = yard.builder(indexes=indexes).build([source], NATIVE, compiler=True)
    assert tool_of(accepted(then)) == OLD
    assert then.build is not None
    assert list(then.build.remarks) == [f"built with setuptools<82: {CAUSE}"]


def test_an_index_without_dates_leaves_the_known_constraints(yard: Yard, index: LoopbackIndex) -> None:
    offer_setuptools(index, dated=False)
    settings = IndexSettings(index.url, retries=0)
    outcomes = yard.builder(indexes=settings).build([sdist(yard, uploaded=IN_2022)], NATIVE, compiler=True)
    assert [type(outcome) for outcome in outcomes] == [Attempt, Attempt, Accepted]
    assert failed(outcomes[1]).detail.startswith("with build requirements as of 2022-05-02, ")
    assert accepted(outcomes[2]).build is not None
    assert accepted(outcomes[2]).build.limits == BuildLimits(constraints=("setuptools<82",), why=CAUSE)  # type: ignore[union-attr]


def test_tools_are_never_older_than_the_python_needs(yard: Yard, indexes: IndexSettings) -> None:
    ancient = datetime(2009, 1, 1, tzinfo=UTC)
    outcomes = yard.builder(indexes=indexes).build([sdist(yard, uploaded=ancient)], NATIVE, compiler=True)
    # On that day the index had no setuptools yet; the constraint is what is left.
    dated, last = failed(outcomes[1]), accepted(outcomes[-1])
    assert dated.limits is not None
    assert dated.limits.before == TOOLS_OF_PYTHON[OURS]
    assert tool_of(last) == OLD


def test_a_next_run_need_not_fail_first(yard: Yard, index: LoopbackIndex, indexes: IndexSettings) -> None:
    source = sdist(yard, uploaded=IN_2022)
    first = accepted(yard.builder(indexes=indexes).build([source], NATIVE, compiler=True)[-1])
    index.forget()
    (again,) = yard.builder(indexes=indexes).build([source], NATIVE, compiler=True)
    assert not index.requests
    assert accepted(again).wheel.hashes == first.wheel.hashes
    assert accepted(again).build is not None
    assert first.build is not None
    assert accepted(again).build == replace(first.build, is_cached=True)


def test_what_was_built_within_limits_answers_no_other_question(
    yard: Yard, index: LoopbackIndex, indexes: IndexSettings
) -> None:
    source = sdist(yard, uploaded=IN_2022)
    yard.builder(indexes=indexes).build([source], NATIVE, compiler=True)
    index.forget()
    mine = (Requested(Origin("c.txt", 1), Requirement("setuptools!=83")),)
    outcomes = yard.builder(indexes=indexes, constraints=mine).build([source], NATIVE, compiler=True)
    assert accepted(outcomes[-1]).build is not None
    assert not accepted(outcomes[-1]).build.is_cached  # type: ignore[union-attr]
    assert index.requests


def test_the_users_own_constraints_stay(yard: Yard, indexes: IndexSettings) -> None:
    mine = (Requested(Origin("c.txt", 1), Requirement("setuptools>=83")),)
    outcomes = yard.builder(indexes=indexes, constraints=mine).build([sdist(yard)], NATIVE, compiler=True)
    assert [type(outcome) for outcome in outcomes] == [Attempt, Attempt]
    assert failed(outcomes[0]).detail.endswith(CAUSE)


def test_a_second_step_in_one_run_builds_nothing_again(
    yard: Yard, index: LoopbackIndex, indexes: IndexSettings
) -> None:
    builder, source = yard.builder(indexes=indexes), sdist(yard)
    first = builder.build([source], NATIVE, compiler=True)
    index.forget()
    assert builder.build([replace(source, uploaded=IN_2022)], NATIVE, compiler=True) == first
    assert not index.requests


@pytest.mark.parametrize(
    ("before", "seen"),
    [
        ("raise SystemExit('src/fast.c:3:10: fatal error: libpq-fe.h: No such file or directory')", "libpq-fe.h"),
        ("raise SystemExit('Error: pg_config executable not found.')", "pg_config"),
        ("raise ImportError(\"No module named 'imp'\")", "'imp'"),
    ],
    ids=["header", "program", "python"],
)
def test_what_no_build_requirement_cures_is_not_tried_again(
    yard: Yard, indexes: IndexSettings, before: str, seen: str
) -> None:
    (only,) = yard.builder(indexes=indexes).build([sdist(yard, uploaded=IN_2022, before=before)], NATIVE, compiler=True)
    assert seen in failed(only).log


def test_a_build_that_takes_too_long_is_not_tried_again(yard: Yard, indexes: IndexSettings) -> None:
    source = sdist(yard, uploaded=IN_2022, before="import time; time.sleep(60)")
    limited = replace(HOST, timeout=4.0)
    (only,) = yard.builder(indexes=indexes, building=limited).build([source], NATIVE, compiler=True)
    assert "did not end within 4 seconds" in failed(only).detail


def test_without_isolation_there_are_no_build_requirements(yard: Yard, indexes: IndexSettings) -> None:
    building = replace(HOST, without_isolation=frozenset({"old"}))
    outcomes = yard.builder(indexes=indexes, building=building).build(
        [sdist(yard, uploaded=IN_2022)], NATIVE, compiler=True
    )
    assert len(outcomes) == 1


def test_whose_code_may_not_run_is_not_built(yard: Yard, index: LoopbackIndex, indexes: IndexSettings) -> None:
    building = replace(HOST, permission=BuildPermission(nothing=True))
    (only,) = yard.builder(indexes=indexes, building=building).build([sdist(yard)], NATIVE, compiler=True)
    assert "--no-build" in failed(only).detail
    assert not index.requests


def test_offline_nothing_is_asked(yard: Yard) -> None:
    (only,) = yard.builder().build([sdist(yard, uploaded=IN_2022)], NATIVE, compiler=True)
    assert "No matching distribution found for setuptools" in failed(only).log


@pytest.fixture
def uv(yard: Yard, tmp_path: Path) -> UvInstaller:
    """A uv whose cache is empty."""
    return UvInstaller(find_uv(yard.environ), tmp_path / "uv-cache")


def test_uv_fetches_once_what_several_builds_require(
    yard: Yard, index: LoopbackIndex, indexes: IndexSettings, uv: UvInstaller
) -> None:
    sources = [sdist(yard, name, before="") for name in ("one", "two", "three")]
    outcomes = yard.builder(indexes=indexes, installer=uv, workers=1).build(sources, NATIVE, compiler=True)
    assert [tool_of(accepted(outcome)) for outcome in outcomes] == [NEW] * 3
    assert len(index.asked("/simple/setuptools/")) == 1
    by_pip = [sdist(yard, name, before="") for name in ("four", "five")]
    yard.builder(indexes=indexes, workers=1).build(by_pip, NATIVE, compiler=True)
    assert len(index.asked("/simple/setuptools/")) == 3


def test_constraints_hold_for_uv(yard: Yard, indexes: IndexSettings, uv: UvInstaller) -> None:
    limit = Requested(Origin("c.txt", 1), Requirement(f"setuptools<{NEW}"))
    builder = yard.builder(indexes=indexes, installer=uv, constraints=(limit,))
    (outcome,) = builder.build([sdist(yard)], NATIVE, compiler=True)
    assert tool_of(accepted(outcome)) == OLD


def test_where_uv_cannot_install_pip_says_why(yard: Yard, uv: UvInstaller) -> None:
    for installer in (uv, replace(uv, program=str(yard.folder / "no-uv"))):
        (only,) = yard.builder(installer=installer).build([sdist(yard)], NATIVE, compiler=True)
        assert "No matching distribution found for setuptools" in failed(only).log


@pytest.mark.parametrize("by_uv", [True, False], ids=["uv", "pip"])
def test_the_login_of_an_index_is_in_no_file_that_a_build_may_read(
    yard: Yard, tmp_path: Path, uv: UvInstaller, *, by_uv: bool
) -> None:
    look = (
        "import pathlib, tempfile\n"
        "found = [path for path in pathlib.Path(tempfile.gettempdir()).rglob('*') if path.is_file()]\n"
        "assert found and not [path for path in found if b's3' + b'cret' in path.read_bytes()]\n"
    )
    with LoopbackIndex(tmp_path / "private", rules=[Rule("*", Protect("me", "s3cret"))]) as index:
        offer_setuptools(index)
        settings = IndexSettings(index.url.replace("://", "://me:s3cret@"), retries=0)
        builder = yard.builder(indexes=settings, installer=uv if by_uv else None)
        (outcome,) = builder.build([sdist(yard, before=look)], NATIVE, compiler=True)
    assert tool_of(accepted(outcome)) == NEW


@pytest.mark.parametrize("by_uv", [True, False], ids=["uv", "pip"])
@pytest.mark.parametrize(
    "permission",
    [
        BuildPermission(only=frozenset({NormalizedName("old")})),
        BuildPermission(never=frozenset({NormalizedName("setuptools")})),
    ],
    ids=["only-build", "no-build-package"],
)
def test_build_requirements_run_no_code_that_is_forbidden(
    yard: Yard, index: LoopbackIndex, uv: UvInstaller, permission: BuildPermission, *, by_uv: bool
) -> None:
    events = yard.folder / "events"
    make_sdist(index.folder, "setuptools", "99.0", report_to=events)
    building = replace(HOST, permission=permission)
    settings = IndexSettings(index.url, retries=0)
    builder = yard.builder(indexes=settings, installer=uv if by_uv else None, building=building)
    (only,) = builder.build([sdist(yard)], NATIVE, compiler=True)
    assert "No matching distribution found for setuptools" in failed(only).log
    assert not build_events(events)
