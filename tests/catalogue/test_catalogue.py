"""The committed data of the catalogue: the list is as wide as it should be, the page is its own, all is explained."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec
import pytest

from tests.catalogue.disagreements import disagreements
from tests.catalogue.page import page
from tests.catalogue.runs import NotRunError, Place, run_cell, settings_of
from tests.catalogue.table import (
    KINDS,
    TRAITS,
    Cell,
    Explanation,
    Failure,
    Load,
    Need,
    Package,
    Row,
    cells,
    read_explanations,
    read_packages,
    read_rows,
)
from tests.support.packages import make_elf, make_wheel

PAGE = Path(__file__).parents[2] / "docs" / "catalogue.md"
# Those that the catalogue was asked for.
ASKED_FOR = (
    "ansible ddtrace llama-cpp-python mysqlclient newrelic oracledb playwright pymupdf pyodbc pyspark "
    "snowflake-connector-python tensorflow-cpu torch weasyprint xgboost"
)


def test_the_list() -> None:
    packages = read_packages()
    names = [package.name for package in packages]

    assert len(names) == len(set(names)) == 150
    assert len(cells(packages)) == 900
    assert set(ASKED_FOR.split()) <= set(names)
    assert [(KINDS.index(package.kind), package.name) for package in packages] == sorted(
        (KINDS.index(package.kind), package.name) for package in packages
    )
    assert {package.kind for package in packages} == set(KINDS)
    assert {trait for package in packages for trait in package.traits} == set(TRAITS)
    assert sum(bool(package.traits) for package in packages) >= 40
    assert sum(package.submodules for package in packages) == 60


def test_the_rows_are_of_the_list_and_sorted() -> None:
    lines = (Path(__file__).parent / "results.jsonl").read_bytes().splitlines()
    rows = [msgspec.json.decode(line, type=Row) for line in lines]

    assert {row.key for row in rows} <= {cell.key for cell in cells(read_packages())}
    assert [row.key for row in rows] == sorted({row.key for row in rows})
    assert [msgspec.json.encode(row) for row in rows] == lines


def test_the_page_is_made_of_the_rows() -> None:
    expected = page(read_packages(), read_rows(), read_explanations())

    assert PAGE.read_text("utf-8") == expected, "run script/catalogue --page"


def test_every_disagreement_is_explained_and_no_explanation_is_left_over() -> None:
    found = list(disagreements(read_rows().values(), read_explanations()))

    assert [(one.row.key, one.failure.module) for one in found if one.state == "open"] == []
    told = {one.why for one in found}
    assert [one.module for one in read_explanations() if one.why not in told] == []


def row(verdict: str, *failed: Failure, needs: tuple[Need, ...] = (), unaudited: bool = False) -> Row:
    load = Load(place="here", submodules=False, modules=1, skipped=0, failed=failed, unaudited=unaudited)
    fields = {"package": "reader", "runtime": "python3.13", "architecture": "x86_64", "date": "2026-11-28"}
    return msgspec.convert({**fields, "verdict": verdict, "needs": needs, "load": load}, Row, from_attributes=True)


BARCODES = Need("pyzbar", "pyzbar/zbar_library.py loads libzbar.so by name", "libzbar.so")
EXPLANATIONS = (Explanation(module="reader.*", error="*'yaml'", why="needs yaml"),)


@pytest.mark.parametrize(
    ("failure", "state"),
    [
        (Failure("pyzbar.wrapper", "ImportError: Unable to find zbar shared library", "pyzbar"), "warned"),
        # By the package alone: not every error names the library.
        (Failure("pyzbar.wrapper", "OSError: cannot open shared object file", "pyzbar"), "warned"),
        (Failure("reader", "ImportError: Unable to find zbar shared library", "reader"), "warned"),
        # A warning about a library does not excuse a module that is missing.
        (Failure("pyzbar", "ModuleNotFoundError: No module named 'zbar'", "pyzbar"), "open"),
        (Failure("reader.config", "ModuleNotFoundError: No module named 'yaml'", "reader"), "explained"),
        (Failure("reader.config", "ModuleNotFoundError: No module named 'toml'", "reader"), "open"),
        (Failure("other.config", "ModuleNotFoundError: No module named 'yaml'", "other"), "open"),
    ],
)
def test_what_explains_a_module_that_does_not_load(failure: Failure, state: str) -> None:
    (found,) = disagreements([row("packed", failure, needs=(BARCODES,))], EXPLANATIONS)

    assert found.state == state


def test_a_refused_bundle_that_loads_is_a_disagreement() -> None:
    failure = Failure("reader", "ImportError: libgomp.so.1: cannot open shared object file", "reader")

    assert list(disagreements([row("refused", failure, unaudited=True)], ())) == []
    (found,) = disagreements([row("refused", unaudited=True)], ())
    assert (found.state, found.failure.error) == ("open", "refused, and loads")


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Cells that find their packages in a folder, and no index."""
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    module = {"reader/__init__.py": "import reader_core\n"}
    make_wheel(wheels, "reader-2.0-py3-none-any.whl", files=module, requires=["reader-core"])
    make_wheel(wheels, "reader_core-1.0-py3-none-any.whl", files={"reader_core.py": ""})
    needy = {"needy.so": make_elf("aarch64", needed=["libnowhere.so.1"])}
    make_wheel(wheels, "reader_core-2.0-cp313-cp313-manylinux_2_17_aarch64.whl", files=needy)
    make_wheel(wheels, "needy-1.0-cp313-cp313-manylinux_2_17_aarch64.whl", files=needy)
    machine = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}  # noqa: TID251  # where the programs are
    return Place(tmp_path / "cache", settings_of(machine) | {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(wheels)})


def test_a_cell_is_packed(place: Place) -> None:
    seen = run_cell(Cell(Package(name="reader", kind="data", why=""), "python3.13", "arm64"), place)

    assert (seen.verdict, seen.version, seen.newest) == ("packed", "2.0", None)
    assert seen.behind == ("reader-core 1.0 for 2.0",)
    assert seen.zipped
    assert seen.unzipped
    assert seen.load is None


def test_a_cell_is_held_back_or_refused(place: Place) -> None:
    core = run_cell(Cell(Package(name="reader-core", kind="data", why=""), "python3.13", "arm64"), place)
    needy = run_cell(Cell(Package(name="needy", kind="data", why=""), "python3.13", "arm64"), place)

    assert (core.verdict, core.version, core.newest) == ("held back", "1.0", "2.0")
    assert core.reason
    assert needy.verdict == "refused"
    assert needy.reason
    assert "needs libnowhere.so.1" in needy.reason


def test_a_command_that_fails_is_no_verdict(place: Place) -> None:
    package = Package(name="reader", kind="data", why="", options=("--resolver", "no-such"))

    with pytest.raises(NotRunError, match="exit code 2"):
        run_cell(Cell(package, "python3.13", "x86_64"), place)
