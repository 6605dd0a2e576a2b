"""Old sources, packed by the real command with both resolvers, from an index whose setuptools has no pkg_resources."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.end_to_end.workplace import Packed, Workplace, contents
from tests.support.here import our_target
from tests.support.old_tools import NEW, OLD, offer_setuptools, old_project, old_sdist
from tests.support.packages import make_wheel

HERE = our_target()
CAUSE = "its setup.py needs pkg_resources, which setuptools dropped in 82"
TARGET = {"runtime": HERE.runtime.name, "architecture": HERE.architecture.value}


def folder_without_a_name(work: Workplace) -> str:
    old_project(work.folder / "somewhere", "old", requires=["six"])
    return "./somewhere"


def folder_with_a_name(work: Workplace) -> str:
    old_project(work.folder / "somewhere", "old", requires=["six"])
    return f"old @ {(work.folder / 'somewhere').as_uri()}"


def archive_by_url(work: Workplace) -> str:
    old_sdist(work.index.folder, "old", requires=["six"])
    return f"old @ {work.index.file_url('old-1.0.tar.gz')}"


def dated_sdist(work: Workplace) -> str:
    work.index.add(old_sdist(work.index.folder, "old", requires=["six"]), uploaded="2022-05-01T12:00:00Z")
    return "old"


def sdist_without_a_date(work: Workplace) -> str:
    old_sdist(work.index.folder, "old", requires=["six"])
    return "old==1.0"


def asked_for_by_a_wheel(work: Workplace) -> str:
    old_sdist(work.index.folder, "old", requires=["six"])
    make_wheel(work.index.folder, "app-1.0-py3-none-any.whl", requires=["old"])
    return "app"


def asked_for_by_another_old_one(work: Workplace) -> str:
    old_sdist(work.index.folder, "old", requires=["six"])
    old_sdist(work.index.folder, "older", requires=["old"])
    return "older"


SOURCES = (
    folder_without_a_name,
    folder_with_a_name,
    archive_by_url,
    dated_sdist,
    sdist_without_a_date,
    asked_for_by_a_wheel,
    asked_for_by_another_old_one,
)


def packed(work: Workplace, resolver: str, *lines: str) -> Packed:
    """What comes out for these requirements."""
    offer_setuptools(work.index)
    make_wheel(work.index.folder, "six-1.0-py3-none-any.whl")
    work.write("requirements.txt", *lines)
    return work.packed("-r", "requirements.txt", "--resolver", resolver, **TARGET)  # type: ignore[arg-type]


@pytest.mark.parametrize("resolver", ["uv", "pip"])
@pytest.mark.parametrize("source", SOURCES)
def test_an_old_source_is_packed_with_what_it_needs(
    work: Workplace, source: Callable[[Workplace], str], resolver: str
) -> None:
    done = packed(work, resolver, source(work))
    assert {"old.py", "six.py"} <= set(done.names)
    assert contents(done.zip)["old_built_with.txt"].decode() == OLD
    (build,) = [row["build"] for row in done.report["packages"] if row["name"] == "old"]
    dated = source is dated_sdist
    assert build["limits"]["why"] == CAUSE
    assert build["limits"]["constraints"] == ([] if dated else ["setuptools<82"])
    assert (build["limits"]["before"] or "").startswith("2022-05-02" if dated else "")
    assert "built with" in done.said.text
    assert CAUSE in done.said.text


def test_what_builds_today_is_left_alone(work: Workplace) -> None:
    old_sdist(work.index.folder, "young", before="")
    old_sdist(work.index.folder, "old")
    done = packed(work, "uv", "young", "old")
    files = contents(done.zip)
    assert files["young_built_with.txt"].decode() == NEW
    assert files["old_built_with.txt"].decode() == OLD


@pytest.mark.parametrize("resolver", ["uv", "pip"])
def test_what_still_fails_says_why_and_what_helps(work: Workplace, resolver: str) -> None:
    """The index has no setuptools with pkg_resources any more."""
    offer_setuptools(work.index, NEW)
    old_project(work.folder / "somewhere", "old")
    make_wheel(work.index.folder, "six-1.0-py3-none-any.whl")
    work.write("requirements.txt", "six", "./somewhere")
    done = work.pack("-r", "requirements.txt", "--resolver", resolver, **TARGET)  # type: ignore[arg-type]
    assert done.exit_code == 3, done.text
    assert CAUSE in done.text
    assert "--build-constraint" in done.text
    assert "hint" not in done.text
    assert "docker" not in done.text
    assert "no set of versions" not in done.text
    # One cause, told once: step 5 would fail with the same log.
    assert "step 5" not in done.text


def test_no_build_runs_no_code(work: Workplace) -> None:
    offer_setuptools(work.index)
    work.index.add(old_sdist(work.index.folder, "old", before="raise SystemExit('it ran')"))
    work.write("requirements.txt", "old")
    done = work.pack("-r", "requirements.txt", "--no-build", **TARGET)  # type: ignore[arg-type]
    assert done.exit_code == 3, done.text
    assert not work.index.asked("setuptools-*")


def test_a_check_says_what_would_be_built(work: Workplace) -> None:
    offer_setuptools(work.index)
    make_wheel(work.index.folder, "six-1.0-py3-none-any.whl")
    old_sdist(work.index.folder, "old", requires=["six"])
    work.write("requirements.txt", "old")
    done = work.check("-r", "requirements.txt", **TARGET)
    assert done.exit_code == 0, done.text
    assert "to be built from source" in done.text
    assert "old==1.0: there is no wheel" in done.text


def test_from_the_lock_the_same_comes_out(work: Workplace) -> None:
    first = packed(work, "uv", dated_sdist(work))
    again = work.packed("-r", first.lock_path, **TARGET)  # type: ignore[arg-type]
    assert contents(again.zip)["old_built_with.txt"].decode() == OLD
    assert again.bytes == first.bytes
