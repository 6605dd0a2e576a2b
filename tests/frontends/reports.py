"""Reports as runs make them, with what is worth reading in each."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from packaging.utils import canonicalize_name
from packaging.version import Version

from lambda_pack.model.building import Build
from lambda_pack.model.choices import BuilderName
from lambda_pack.model.delivery import Delivered
from lambda_pack.model.glue import GlueFacts
from lambda_pack.model.packages import Pin
from lambda_pack.model.report import ArchiveFacts, FileOnOffer, LayerFacts, PackedPackage, Report, ToBuild, Unmet
from lambda_pack.model.slimming import Measure, Saving
from lambda_pack.model.stock import Attempt, HeldBack
from lambda_pack.model.targets import Target

__all__ = ["REPORTS", "package"]

ARM = Target.parse("python3.13", "arm64")
TIMINGS = tuple((step, step / 8) for step in range(1, 10))
TOOLS = (("lambda-pack", "0.1.0"), ("python", "3.13.1"), ("uv", "0.9.1"))
ZIP = ArchiveFacts(Path("dist/api-python3.13-arm64.zip"), 21_000_000, 64_000_000, 1834, "ab" * 32)


def package(name: str, size: int | None = 250_000, *, verified: bool = True) -> PackedPackage:
    """A wheel from an index."""
    filename = f"{name.replace('-', '_')}-1.0-py3-none-any.whl"
    url = f"https://files.example/{filename}"
    return PackedPackage(Pin.parse(name, "1.0"), filename, url, "cd" * 32, size, verified)


BUILT = PackedPackage(
    Pin.parse("crc32c", "2.3"),
    "crc32c-2.3-py3-none-any.whl",
    None,
    "ef" * 32,
    12_000,
    is_verified=True,
    evidence="built here, pure Python",
    source="crc32c-2.3.tar.gz",
    build=Build(BuilderName.HOST),
)
COMPILING = Attempt(
    Pin.parse("crc32c", "2.3"),
    4,
    "not compiled: this machine is Linux on x86_64, the target Linux on aarch64",
)
FAILED = Attempt(
    Pin.parse("lxml", "6.0"),
    5,
    "the build with Python 3.13 failed",
    command="python3.13 -m pip wheel --no-deps --no-cache-dir --progress-bar off lxml-6.0.tar.gz",
    log="\n".join(f"line {number}" for number in range(1, 31)) + "\nError: libxml2 is missing",
)
LXML = Unmet(
    pin=Pin.parse("lxml", "6.0"),
    required_by=(canonicalize_name("readable"), canonicalize_name("lxml")),
    origin="requirements.txt:3",
    reason="no wheel fits: the closest needs glibc 2.39 or newer; python3.13 has 2.34; the build failed",
    files=(
        FileOnOffer(
            "lxml-6.0-cp313-cp313-manylinux_2_39_aarch64.whl",
            "glibc",
            "needs glibc 2.39 or newer; python3.13 has 2.34",
        ),
        *(
            FileOnOffer(f"lxml-6.0-cp313-cp313-macosx_{version}_0_arm64.whl", "system", "is for macOS")
            for version in range(11, 21)
        ),
        FileOnOffer("lxml-6.0.tar.gz", "source", "source, to be built"),
    ),
    attempts=(FAILED,),
    advice=("choose another runtime: lxml==6.0 has a wheel for python3.14", "build it where python3.13-arm64 runs"),
)
UNKNOWN = Unmet(
    pin=Pin(canonicalize_name("requets"), None),
    required_by=(),
    origin=None,
    reason="unknown to every index",
    files=(),
    attempts=(),
    advice=("no index knows 'requets': check the spelling, or name its index with --extra-index-url",),
)
HELD = HeldBack(
    canonicalize_name("numpy"),
    Version("2.4.6"),
    Version("2.2.6"),
    "numpy==2.4.6 needs glibc 2.27 or newer; python3.11 has 2.26",
)
FAR_BEHIND = HeldBack(
    canonicalize_name("numpy"),
    Version("2.5.5"),
    Version("1.26.4"),
    "rasterio==1.3.9 was compiled for NumPy 1: the bundle has numpy 2.5.5",
    (canonicalize_name("rasterio"), canonicalize_name("numpy")),
    "requirements.txt:1",
    (date(2026, 9, 14), date(2024, 2, 5)),
)

REPORTS = {
    "far-behind": Report(
        "map",
        ARM,
        "function",
        packages=(package("numpy", 60_000_000),),
        held_back=(HELD, FAR_BEHIND),
        archive=ZIP,
        timings=TIMINGS,
        tools=TOOLS,
    ),
    "good": Report(
        "api",
        ARM,
        "function",
        packages=(*(package(f"part-{number}", 2**number * 100_000) for number in range(1, 8)), BUILT),
        attempts=(COMPILING,),
        archive=ZIP,
        delivered=Delivered("s3://code/api.zip", "3HL4", "ab" * 32, 21_000_000, was_there=False),
        timings=TIMINGS,
        tools=TOOLS,
    ),
    "layers": Report(
        "api",
        ARM,
        "function",
        packages=(package("data", 60_000_000), package("web")),
        archive=ArchiveFacts(Path("dist/api-python3.13-arm64.zip"), 9_000, 20_000, 3, "34" * 32),
        layers=(
            LayerFacts(
                "data",
                ArchiveFacts(Path("dist/api-data-python3.13-arm64.zip"), 21_000_000, 60_000_000, 900, "56" * 32),
                (canonicalize_name("data"),),
                Delivered("s3://code/api-data.zip", None, "56" * 32, 21_000_000, was_there=True),
            ),
            LayerFacts(
                "rest",
                ArchiveFacts(Path("dist/api-rest-python3.13-arm64.zip"), 90_000, 250_000, 9, "78" * 32),
                (canonicalize_name("web"),),
            ),
        ),
        timings=TIMINGS,
        tools=TOOLS,
    ),
    "glue": Report(
        "shop",
        Target.parse("glue-ray2.4", "arm64"),
        "glue-ray",
        packages=(package("rich"),),
        archive=ArchiveFacts(Path("dist/shop-glue-ray2.4-arm64.zip"), 90_000, 250_000, 90, "90" * 32),
        glue=GlueFacts(
            (("--s3-py-modules", "s3://code/shop.zip"), ("--pip-install", "lxml==5.0")),
            ("lxml==5.0",),
            ("s3://code/main.py",),
            "nightly",
        ),
        timings=TIMINGS,
        tools=TOOLS,
    ),
    "held-back": Report(
        "data",
        Target.parse("python3.11"),
        "layer",
        packages=(package("numpy", 60_000_000), package("odd", verified=False)),
        held_back=(HELD,),
        warnings=("72.0 MB zipped is more than the 50.0 MB Lambda takes directly: upload it to S3",),
        archive=ArchiveFacts(Path("dist/data-python3.11-x86_64.zip"), 75_497_472, 200_000_000, 900, "12" * 32),
        timings=TIMINGS,
        tools=TOOLS,
    ),
    "unmet": Report(
        "api",
        ARM,
        "function",
        packages=(package("six"),),
        unmet=(LXML, UNKNOWN),
        attempts=(FAILED,),
        timings=TIMINGS[:7],
        tools=TOOLS,
    ),
    "unmet-allowed": Report(
        "api",
        ARM,
        "function",
        packages=(package("six"),),
        unmet=(UNKNOWN,),
        archive=ZIP,
        timings=TIMINGS,
        tools=TOOLS,
    ),
    "tree": Report(
        "api",
        ARM,
        "function",
        packages=(package("six"),),
        archive=ArchiveFacts(Path("task"), 250_000, 250_000, 7),
        timings=TIMINGS,
        tools=TOOLS,
    ),
    "slimmed": Report(
        "api",
        ARM,
        "function",
        packages=(package("six"),),
        savings=(
            Saving(Measure.PACKAGE, 14_300_000, package="botocore==1.41.0"),
            Saving(Measure.PACKAGE, None, package="unfetched==1.0"),
            Saving(Measure.TESTS, 3_000_000, 120),
            Saving(Measure.DIST_INFO, 40_000, 1),
            Saving(Measure.COMPILE, -900_000, 300),
        ),
        archive=ZIP,
        timings=TIMINGS,
        tools=TOOLS,
    ),
    "check": Report(
        "api",
        ARM,
        "function",
        packages=(package("six", None),),
        held_back=(HELD,),
        unmet=(UNKNOWN,),
        to_build=(ToBuild(Pin.parse("crc32c", "2.3"), "crc32c-2.3.tar.gz", "there is no wheel"),),
        is_check=True,
        timings=TIMINGS[:3],
        tools=TOOLS,
    ),
    "nothing": Report("api", ARM, "function", archive=ArchiveFacts(Path("api.zip"), 22, 0, 0, "00" * 32), tools=TOOLS),
}
"""A report for each way a run can end."""
