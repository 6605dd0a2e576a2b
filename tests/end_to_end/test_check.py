"""`check`: the same verdicts, nothing written, nothing fetched but what says what a package needs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.end_to_end.workplace import Workplace, files_below
from tests.frontends.schema import valid_report
from tests.support.packages import make_sdist, make_wheel


@pytest.fixture
def shop(work: Workplace) -> Workplace:
    """A project with a package that is held back and one that has to be built."""
    make_wheel(work.index.folder, "api-1.0-py3-none-any.whl", requires=["fast"])
    make_wheel(work.index.folder, "fast-1.0-cp313-cp313-manylinux_2_17_aarch64.whl")
    make_wheel(work.index.folder, "fast-2.0-cp313-cp313-manylinux_2_38_aarch64.whl")
    make_sdist(work.index.folder, "source_only", "3.0", project_table=True)
    work.write("requirements.txt", "api", "source-only")
    return work


def test_it_writes_nothing_and_fetches_no_wheel(shop: Workplace) -> None:
    before = files_below(shop.folder)

    done = shop.check()

    assert done.exit_code == 0, done.text
    assert files_below(shop.folder) == before
    assert not files_below(shop.temporary)
    # A range at the end of a wheel holds its METADATA, where the index has no file of it.
    assert not [request for request in shop.index.asked("*.whl") if request.range is None]


def test_it_decides_as_pack_does(shop: Workplace) -> None:
    shop.write("requirements.txt", "api")

    checked, packed = valid_report(shop.check("--json").output), shop.packed().report

    def decided(report: dict[str, Any]) -> list[tuple[str, ...]]:
        return [tuple(package[key] for key in ("name", "version", "file", "sha256")) for package in report["packages"]]

    assert sorted(decided(checked)) == sorted(decided(packed))
    assert checked["held_back"] == packed["held_back"]
    assert checked["archive"] is None


def test_it_lists_what_would_be_built(shop: Workplace) -> None:
    output = shop.check().output
    report = valid_report(shop.check("--json").output)

    assert report["to_build"] == [
        {"name": "source-only", "version": "3.0", "source": "source_only-3.0.tar.gz", "why": "there is no wheel"}
    ]

    assert "to be built from source\n  source-only==3.0: there is no wheel (source_only-3.0.tar.gz)\n" in output
    assert output.endswith(
        "checked shop for python3.13-arm64: 3 packages, 2 with a wheel that fits by its tags, 1 to be built\n"
    )


def test_only_what_is_certainly_unmet_is_an_error(shop: Workplace) -> None:
    done = shop.check("--only-binary", "source-only")

    assert done.exit_code == 3
    assert "unmet: source-only==3.0" in done.output
    assert "let it be built: lift --only-binary for it" in done.output
    assert files_below(shop.folder) == ["requirements.txt"]


def test_a_source_that_cannot_even_give_its_metadata_is_unmet_as_in_pack(shop: Workplace) -> None:
    make_sdist(shop.index.folder, "broken", "1.0", build_backend="broken-metadata")
    shop.write("requirements.txt", "broken", "api")

    for done in (shop.check(), shop.pack("-r", "requirements.txt")):
        assert done.exit_code == 3, done.text
        assert "unmet: broken==1.0" in done.output


def test_options_for_writing_are_not_its_own(shop: Workplace) -> None:
    assert shop.check("-o", "dist").exit_code == 2
