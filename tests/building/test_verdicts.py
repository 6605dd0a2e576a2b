"""What becomes of real sources on real targets: the table of script/verdicts, held against what happens now."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.building.real_sources import ARCHITECTURES, RUNTIMES, lay_out, read_table, verdicts_on, why_not

TARGETS = [(runtime, architecture) for runtime in RUNTIMES for architecture in ARCHITECTURES]


@pytest.mark.parametrize(("runtime", "architecture"), TARGETS)
def test_the_table_covers_every_target(runtime: str, architecture: str) -> None:
    row = read_table()[f"{runtime}-{architecture}"]
    assert {"docopt", "langdetect", "simplejson", "psutil", "sqlalchemy", "psycopg2", "rusty", "mesonic"} <= set(row)
    # Whether a source compiles anything is known afterwards: for another machine none is tried with a compiler.
    pure = "pure" if architecture == "x86_64" else "pure, by step 5"
    assert (row["docopt"], row["edited"], row["committed"]) == (pure, pure, pure)


def test_nothing_is_compiled_for_another_architecture() -> None:
    for runtime in RUNTIMES:
        kinds = set(read_table()[f"{runtime}-arm64"].values())
        assert not {kind for kind in kinds if kind.startswith("compiled")}


def test_step_5_saves_what_compiles_only_to_be_faster() -> None:
    for runtime in RUNTIMES:
        row = read_table()[f"{runtime}-arm64"]
        assert (row["simplejson"], row["crcmod"]) == ("pure, by step 5", "pure, by step 5")
        assert row["psutil"].startswith("unmet: ")


@pytest.mark.proof
@pytest.mark.parametrize(("runtime", "architecture"), TARGETS)
def test_every_source_has_its_verdict(runtime: str, architecture: str, tmp_path: Path) -> None:
    reason = why_not()
    if reason is not None:
        pytest.skip(reason)
    assert verdicts_on(runtime, architecture, lay_out(tmp_path)) == read_table()[f"{runtime}-{architecture}"]


@pytest.mark.network
@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_a_pure_one_and_one_with_optional_c(architecture: str, tmp_path: Path) -> None:
    reason = why_not()
    if reason is not None:
        pytest.skip(reason)
    requirements = tmp_path / "requirements.txt"
    requirements.write_text("docopt==0.6.2\nsimplejson==3.8.2\n--no-binary simplejson\n")
    known = read_table()[f"python3.12-{architecture}"]
    expected = {name: known[name] for name in ("docopt", "simplejson")}
    assert verdicts_on("python3.12", architecture, requirements) == expected
