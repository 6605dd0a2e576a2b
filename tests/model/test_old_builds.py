"""What the log of a failed build says, and what is tried next: as tables, and as a law."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement

from lambda_pack.model.building import BuildLimits
from lambda_pack.model.old_builds import (
    DROPPED,
    TOOLS_OF_PYTHON,
    cause_of,
    fails_alike,
    fails_before_compiling,
    next_limits,
)

IN_SETUP = '  File "<string>", line 1, in <module>\n'
NOT_BUILT = "Getting requirements to build wheel did not run successfully."

# One log for each row, as real tools wrote it on 2026-11-28.
LOGS = {
    "pkg_resources": IN_SETUP + "ModuleNotFoundError: No module named 'pkg_resources'",
    "use_2to3": "error in demjson setup command: use_2to3 is invalid.",
    "what Cython has only up to 0.29": "Cython.Compiler.Errors.CompileError: lib/x.pyx",
    "the C API of NumPy 1": "x.c:9:5: error: 'PyArray_Descr' {aka 'struct X'} has no member named 'elsize'",
    "longintrepr.h (its C code was made by an old Cython)": "x.c:209:12: fatal error: longintrepr.h: No such file",
    "imp": IN_SETUP + "ModuleNotFoundError: No module named 'imp'",
    "asynchat": "ModuleNotFoundError: No module named 'asynchat'",
    "asyncore": "ModuleNotFoundError: No module named 'asyncore'",
    "lib2to3": "ModuleNotFoundError: No module named 'lib2to3'",
    "pipes": "ModuleNotFoundError: No module named 'pipes'",
    "cgi": "ImportError: No module named 'cgi'",
    "configparser.SafeConfigParser": "AttributeError: module 'configparser' has no attribute 'SafeConfigParser'",
    "readfp() of configparser": "AttributeError: 'RawConfigParser' object has no attribute 'readfp'",
    "inspect.getargspec": "AttributeError: module 'inspect' has no attribute 'getargspec'",
    "the ABCs in collections": "ImportError: cannot import name 'Mapping' from 'collections' (/usr/lib/x.py)",
}


@pytest.mark.parametrize("row", DROPPED, ids=lambda row: row.what)
def test_each_row_is_found_in_its_log_and_in_no_other(row: object) -> None:
    cause = cause_of(LOGS[row.what])  # type: ignore[attr-defined]
    assert cause is not None
    assert cause.dropped == row
    assert cause.way_out((3, 12))
    if row.constraint is not None:
        assert Requirement(row.constraint).specifier


@pytest.mark.parametrize(
    ("log", "subject"),
    [
        (IN_SETUP + "ModuleNotFoundError: No module named 'pkg_resources'", "its setup.py"),
        ("  File \"/x/setup.py\", line 3\nModuleNotFoundError: No module named 'pkg_resources'", "its setup.py"),
        (
            "  File \"/x/site-packages/d2to1/core.py\"\nModuleNotFoundError: No module named 'pkg_resources'",
            "its build",
        ),
        ("error in demjson setup command: use_2to3 is invalid.", "its setup.py"),
    ],
)
def test_who_needs_it(log: str, subject: str) -> None:
    cause = cause_of(log)
    assert cause is not None
    assert cause.subject == subject


@pytest.mark.parametrize(
    "log",
    [
        "",
        "ModuleNotFoundError: No module named 'pkg_resources_of_mine'",
        "ModuleNotFoundError: No module named 'simple'",
        "fatal error: libpq-fe.h: No such file or directory",
        "FileNotFoundError: [Errno 2] No such file or directory: 'gdalinfo'",
    ],
)
def test_what_is_not_known_has_no_cause(log: str) -> None:
    assert cause_of(log) is None


@pytest.mark.parametrize(
    ("log", "elsewhere", "without_compiler"),
    [
        (NOT_BUILT, True, True),
        ("Preparing metadata (pyproject.toml) did not run successfully.", True, True),
        ("Building wheel for x (pyproject.toml) did not run successfully.", False, False),
        (LOGS["pkg_resources"], True, True),
        (LOGS["the C API of NumPy 1"], True, False),
        (LOGS["longintrepr.h (its C code was made by an old Cython)"], True, False),
        ("fatal error: libpq-fe.h: No such file or directory", False, False),
        ("Error: pg_config executable not found.\n" + NOT_BUILT, False, True),
        ("FileNotFoundError: [Errno 2] No such file or directory: 'gdalinfo'\n" + NOT_BUILT, False, True),
    ],
)
def test_where_it_fails_alike(log: str, *, elsewhere: bool, without_compiler: bool) -> None:
    assert fails_alike(log) == elsewhere
    assert fails_before_compiling(log) == without_compiler


@pytest.mark.parametrize(
    ("python", "uploaded", "before"),
    [
        ((3, 12), datetime(2024, 5, 1, tzinfo=UTC), datetime(2024, 5, 2, tzinfo=UTC)),
        ((3, 12), datetime(2015, 5, 1, tzinfo=UTC), datetime(2023, 1, 21, tzinfo=UTC)),
        ((3, 11), datetime(2015, 5, 1, tzinfo=UTC), datetime(2020, 6, 1, tzinfo=UTC)),
        ((3, 15), datetime(2015, 5, 1, tzinfo=UTC), datetime(2023, 1, 21, tzinfo=UTC)),
    ],
)
def test_the_date_is_that_of_the_upload_and_not_before_the_tools_of_the_python(
    python: tuple[int, int], uploaded: datetime, before: datetime
) -> None:
    found = next_limits([NOT_BUILT], uploaded=uploaded, python=python, tried=[])
    assert found == BuildLimits(before=before)


def test_after_the_date_come_the_constraints_and_then_nothing() -> None:
    log, python = LOGS["pkg_resources"], (3, 12)
    why = "its setup.py needs pkg_resources, which setuptools dropped in 82"
    dated = next_limits([log], uploaded=datetime(2024, 1, 1, tzinfo=UTC), python=python, tried=[])
    assert dated is not None
    known = next_limits([log, NOT_BUILT], uploaded=None, python=python, tried=[dated])
    assert known == BuildLimits(constraints=("setuptools<82",), why=why)
    assert next_limits([log, NOT_BUILT, NOT_BUILT], uploaded=None, python=python, tried=[dated, known]) is None


def test_a_constraint_that_uncovers_another_cause_is_kept() -> None:
    logs = [LOGS["pkg_resources"], LOGS["what Cython has only up to 0.29"]]
    tried = [BuildLimits(constraints=("setuptools<82",))]
    found = next_limits(logs, uploaded=None, python=(3, 12), tried=tried)
    assert found is not None
    assert found.constraints == ("setuptools<82", "Cython<3")


@pytest.mark.parametrize(
    ("log", "python"),
    [
        (LOGS["imp"], (3, 12)),
        # setuptools 57 does not run on 3.12, whatever the date.
        (LOGS["use_2to3"], (3, 12)),
        ("error: command 'cmake' failed: No such file or directory", (3, 11)),
        ("ERROR: No matching distribution found for setuptools>=40.8.0", (3, 11)),
        # rasterio 1.5.2, h5py 3.14 and mysqlclient 1.4.6, without their libraries
        ("FileNotFoundError: [Errno 2] No such file or directory: 'gdalinfo'\n" + NOT_BUILT, (3, 12)),
        ("INFO:root:Did not find executable gdal-config on sys.prefix or on PATH\n" + NOT_BUILT, (3, 12)),
        ("/bin/sh: 1: mysql_config: not found\n" + NOT_BUILT, (3, 12)),
    ],
)
def test_nothing_is_tried_where_no_build_requirement_helps(log: str, python: tuple[int, int]) -> None:
    assert next_limits([log], uploaded=datetime(2016, 1, 1, tzinfo=UTC), python=python, tried=[]) is None


@given(
    st.lists(st.sampled_from([*LOGS.values(), NOT_BUILT, ""]), min_size=30, max_size=30),
    st.sampled_from(sorted(TOOLS_OF_PYTHON)),
    st.none() | st.integers(0, 6000),
)
def test_the_tries_end_and_none_comes_twice(failures: list[str], python: tuple[int, int], day: int | None) -> None:
    uploaded = None if day is None else datetime(2010, 1, 1, tzinfo=UTC) + timedelta(days=day)
    tried: list[BuildLimits] = []
    while (
        limits := next_limits(failures[: len(tried) + 1], uploaded=uploaded, python=python, tried=tried)
    ) is not None:
        assert limits
        assert limits not in tried
        tried.append(limits)
        assert len(tried) <= len(DROPPED) + 1
