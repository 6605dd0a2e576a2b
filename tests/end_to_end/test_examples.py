"""The examples, packed by the real command from the real index; what loads here is loaded.

Versions on the index move, so properties are asserted and never versions.
"""

from __future__ import annotations

import os
import platform
import sys
from pathlib import Path

import pytest
from packaging.utils import parse_wheel_filename
from packaging.version import Version

from lambda_pack.model.packages import Wheel
from lambda_pack.model.targets import Target
from lambda_pack.model.verdicts import Fits, judge
from lambda_pack.tools.interpreters import find_interpreter
from tests.end_to_end.command import COMMAND
from tests.end_to_end.workplace import Packed
from tests.support.processes import run

pytestmark = pytest.mark.network

EXAMPLES = Path(__file__).parents[2] / "examples"
NAMES = ("api", "auth", "data")
RUNTIMES = ("python3.11", "python3.12", "python3.13")
# What each is about, and so must hold.
MUST_HOLD = {
    "api": {"fastapi", "pydantic-core", "psycopg-binary", "orjson", "boto3", "email-validator"},
    "auth": {"cryptography", "lxml", "pydantic-core", "pyjwt", "cffi"},
    "data": {"numpy", "pandas"},
}


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One for all: most files serve several targets."""
    return tmp_path_factory.mktemp("cache")


def packed(example: str, target: Target, cache: Path, *, into: Path, resolver: str = "uv") -> Packed:
    """The example's bundle, made with this machine's settings of pip: they say where the index is."""
    names = ("--runtime", target.runtime.name, "--architecture", target.architecture.value, "--resolver", resolver)
    where = ("-r", EXAMPLES / example / "requirements.txt", "-o", into, "--cache-dir", cache)
    done = run((*COMMAND, "pack", *names, *where), os.environ, folder=into.parent, timeout=300)  # noqa: TID251
    assert done.exit_code == 0, done.text
    return Packed(into / f"{example}-{target}.zip", done)


@pytest.mark.parametrize("runtime", RUNTIMES)
@pytest.mark.parametrize("architecture", ["x86_64", "arm64"])
@pytest.mark.parametrize("example", NAMES)
def test_an_example(example: str, architecture: str, runtime: str, cache: Path, tmp_path: Path) -> None:
    target = Target.parse(runtime, architecture)

    bundle = packed(example, target, cache, into=tmp_path / "dist")

    report = bundle.report
    assert MUST_HOLD[example] <= bundle.closure.keys()
    assert {package["name"] for package in report["packages"]} == bundle.closure.keys()
    assert not report["unmet"]
    for package in report["packages"]:
        assert package["verified"], package["file"]
        assert isinstance(judge(Wheel.parse(f"https://x.example/{package['file']}"), target), Fits), package["file"]
    if architecture == "x86_64":
        _load(bundle, target)


def _load(bundle: Packed, target: Target) -> None:
    """Every module at the top of the bundle, where a fitting interpreter is at hand."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        pytest.skip(f"packed, but not imported: this is {platform.system()} on {platform.machine()}")
    if find_interpreter(target.runtime.python, environ=os.environ) is None:  # noqa: TID251  # this machine's
        pytest.skip(f"packed, but not imported: there is no Python for {target.runtime.name} here")
    done = run((*COMMAND, "verify", bundle.zip, "--with", "host"), os.environ, folder=bundle.zip.parent)  # noqa: TID251
    assert done.exit_code == 0, done.text


def test_python311_holds_numpy_back_to_what_its_glibc_allows(cache: Path, tmp_path: Path) -> None:
    target = Target.parse("python3.11", "x86_64")

    bundle = packed("data", target, cache, into=tmp_path / "dist")

    held = {one["name"]: one for one in bundle.report["held_back"]}
    assert "numpy" in held
    assert "glibc" in held["numpy"]["why"]
    assert "python3.11 has 2.26" in held["numpy"]["why"]
    assert Version(held["numpy"]["chosen"]) < Version(held["numpy"]["newest"])
    assert bundle.closure["numpy"] == held["numpy"]["chosen"]
    (file,) = (package["file"] for package in bundle.report["packages"] if package["name"] == "numpy")
    assert parse_wheel_filename(file)[3] & set(target.tags)
    assert f"numpy {held['numpy']['chosen']}, not {held['numpy']['newest']}: " in bundle.said.output


@pytest.mark.parametrize("example", NAMES)
def test_pip_gives_the_same_closure_as_uv(example: str, cache: Path, tmp_path: Path) -> None:
    target = Target.parse("python3.13", "arm64")

    uv, pip = (packed(example, target, cache, into=tmp_path / name, resolver=name) for name in ("uv", "pip"))

    assert pip.closure == uv.closure
    assert pip.bytes == uv.bytes
