"""The search for older versions whose wheels fit, with the real resolvers (docs/adr/0008)."""

from __future__ import annotations

import pytest

from tests.end_to_end.workplace import Workplace
from tests.frontends.schema import valid_report
from tests.support.packages import make_elf, make_wheel

EXPAT = make_elf("aarch64", needed=["libexpat.so.1"])


@pytest.fixture
def rasters(work: Workplace) -> Workplace:
    """Wheels of every version from 1.4 on need a library that Lambda has not; what wants them wants no older one."""
    folder = work.index.folder
    make_wheel(folder, "tiles-7.0-py3-none-any.whl", requires=["raster>=1.4"])
    for version in ("1.3", "1.4", "1.4.1", "1.5", "2.0rc1"):
        files: dict[str, str | bytes] = {"raster/__init__.py": ""}
        if version != "1.3":
            files["raster/_io.so"] = EXPAT
        make_wheel(folder, f"raster-{version}-cp313-cp313-manylinux_2_17_aarch64.whl", files=files)
    return work


@pytest.mark.parametrize("resolver", ["uv", "pip"])
def test_it_ends_and_says_what_keeps_out_the_version_that_fits(rasters: Workplace, resolver: str) -> None:
    rasters.write("requirements.txt", "tiles")

    done = rasters.pack("--json", "--resolver", resolver)

    assert done.exit_code == 3, done.text
    report = valid_report(done.output)
    (unmet,) = report["unmet"]
    assert (unmet["name"], unmet["version"], unmet["required_by"]) == ("raster", "1.5", ["tiles", "raster"])
    assert unmet["reason"].startswith(
        "tiles 7.0 needs raster>=1.4; every such wheel needs libexpat.so.1: neither python3.13 nor the bundle has it"
    )
    # The newest closure, and once more for each of three versions; the last answer is that there is none.
    assert report["resolver_runs"] == 4


@pytest.mark.parametrize("resolver", ["uv", "pip"])
def test_it_finds_the_newest_that_fits(rasters: Workplace, resolver: str) -> None:
    make_wheel(rasters.index.folder, "tiles-6.0-py3-none-any.whl", requires=["raster"])
    make_wheel(rasters.index.folder, "tiles-5.0-py3-none-any.whl", requires=["raster"])
    rasters.write("requirements.txt", "tiles")

    packed = rasters.packed("--resolver", resolver)

    assert packed.closure == {"tiles": "6.0", "raster": "1.3"}
    assert "resolver run 2: without raster 2.0rc1 (and 1 more)\n" in packed.said.errors
    assert "resolver run 4: without raster 1.4\n" in packed.said.errors
    assert packed.report["resolver_runs"] == 4
    held = {one["name"]: one["why"] for one in packed.report["held_back"]}
    assert held["raster"].startswith("raster==1.5 needs libexpat.so.1")
    assert held["tiles"] == "tiles==7.0 does not go with what is held back: raster"
