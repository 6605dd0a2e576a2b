"""What real packages load or start by name, as their wheels say it and the tables."""

from __future__ import annotations

from pathlib import Path

import pytest

from lambda_pack.commands.audit import audit
from lambda_pack.files.binaries import judged_files
from lambda_pack.files.bundled import open_bundled
from lambda_pack.model.binaries import LoadsByName
from lambda_pack.model.known_loads import LOADS, READ, known_loads
from lambda_pack.model.library_names import library_stem
from lambda_pack.model.targets import Target
from tests.audits.fetching import fetch

pytestmark = pytest.mark.network

# pip takes wheels of exactly the platform that it is told, or of none.
PLATFORM = "manylinux_2_28_x86_64"
OLDER = "manylinux2014_x86_64"
ON_OLDER = {"psycopg2-binary", "psycopg-binary", "cryptography", "cffi", "grpcio", "pycryptodome"}

# What the audit of each wheel alone warns of; nothing for packages that bring what they load, or load nothing.
ALONE = {
    "pyzbar==0.1.9": {"libzbar.so"},
    "python-magic==0.4.27": {"libmagic.so.1"},
    "cairocffi==1.7.1": {"libcairo.so.2"},
    "weasyprint==70.0": {
        "libgobject-2.0.so.0",
        "libpango-1.0.so.0",
        "libharfbuzz.so.0",
        "libfontconfig.so.1",
        "libpangoft2-1.0.so.0",
    },
    "wand==0.7.2": {"libMagickWand-7.Q16HDRI.so"},
    "pylibdmtx==0.1.10": {"libdmtx.so"},
    "sounddevice==0.5.6": {"libportaudio.so"},
    "psycopg==3.3.9": {"libpq.so"},
    "pyvips==2.1.0": {"libvips.so.42"},
    "pdf2image==1.17.0": {"pdftoppm"},
    "pytesseract==0.3.13": {"tesseract"},
    "pydub==0.25.1": {"ffmpeg"},
    "graphviz==0.21": {"dot"},
    "GitPython==3.2.1": {"git"},
    "soundfile==0.14.0": set(),
    "rtree==1.4.1": set(),
    "imageio-ffmpeg==0.8.1": set(),
    "psycopg2-binary==2.9.13": set(),
    "cryptography==50.0.2": set(),
    "cffi==2.1.1": set(),
    "boto3==1.44.8": set(),
    "numpy==2.5.5": set(),
    "pandas==3.1.1": set(),
    "shapely==2.2.0": set(),
    "pyproj==3.8.0": set(),
    "llvmlite==0.50.0": set(),
    "numba==0.68.1": set(),
    "grpcio==1.85.3": set(),
    "nvidia-ml-py==13.615.71": set(),
    "ansible-core==2.21.5": set(),
    "django==6.1.3": set(),
    "pycryptodome==4.4.0": set(),
    "trio==0.35.0": set(),
    "pyarrow==26.0.1": set(),
}


@pytest.mark.parametrize("requirement", ALONE)
def test_an_audit_names_what_is_missing(requirement: str, shelf: Path) -> None:
    platform = OLDER if requirement.partition("==")[0] in ON_OLDER else PLATFORM
    wheel = fetch(requirement, "312", platform, shelf)

    (archive,) = audit([wheel], Target.parse("python3.12")).archives

    found = [one for one in archive.findings if one.concern.value in {"loaded-by-name", "missing-program"}]
    assert {one.library or one.what.split()[1] for one in found} == ALONE[requirement]
    assert all(one.severity.value == "warning" for one in found)


def test_what_another_wheel_brings_is_not_missing(shelf: Path) -> None:
    """Psycopg finds libpq through psycopg-binary, whose vendored libpq has a name of its own."""
    wheels = [
        fetch("psycopg==3.3.9", "312", PLATFORM, shelf),
        fetch("psycopg-binary==3.3.9", "312", OLDER, shelf),
    ]

    assert not any(archive.findings for archive in audit(wheels, Target.parse("python3.12")).archives)


@pytest.mark.parametrize("package", sorted(READ))
def test_what_check_says_is_what_the_newest_wheel_says(package: str, shelf: Path) -> None:
    wheel = fetch(package, "312", PLATFORM, shelf)

    with open_bundled(wheel) as entries:
        files = judged_files(entries)

    read = [load for file in files if isinstance(file.binary, LoadsByName) for load in file.binary.loads]
    stems = [set(map(library_stem, (*load.sonames, *load.searched))) for load in read]
    assert not any(known_loads(file.path) for file in files), "a row of LOADS says it already"
    for load in READ[package]:
        wanted = set(map(library_stem, (*load.sonames, *load.searched)))
        assert any(wanted <= one for one in stems), f"nothing in {package} loads {wanted}"


@pytest.mark.parametrize("row", LOADS, ids=lambda row: row.package)
def test_the_module_of_a_row_is_in_the_newest_wheel(row: object, shelf: Path) -> None:
    known = next(one for one in LOADS if one is row)
    wheel = fetch(known.package, "312", PLATFORM, shelf)

    with open_bundled(wheel) as entries:
        assert known.path in {entry.path for entry in entries}
