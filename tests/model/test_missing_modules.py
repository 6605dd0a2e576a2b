"""Whether a module that lacks another one is optional: rows that a reader can check against the metadata."""

from __future__ import annotations

import pytest
from msgspec import Struct
from packaging.requirements import Requirement

from lambda_pack.model.loading import Failed
from lambda_pack.model.missing_modules import Declared, Missing, Optional, Required, judge_inside, judge_missing
from lambda_pack.model.targets import Target


def declared(package: str, *requires: str, extras: tuple[str, ...] = ()) -> Declared:
    """What METADATA says."""
    return Declared(package, tuple(map(Requirement, requires)), extras)


DECLARED = {
    one.package: one
    for one in (
        declared(
            "black 25.11.0",
            "click>=8",
            'aiohttp>=3.10; extra == "d"',
            'colorama>=0.4.3; extra == "colorama"',
            'uvloop>=0.15; sys_platform != "win32" and extra == "uvloop"',
            'winloop; sys_platform == "win32" and extra == "uvloop"',
            'tomli>=1.1; python_version < "3.11"',
            extras=("d", "colorama", "uvloop"),
        ),
        declared("google-api-core 2.44.0", "requests", 'grpcio>=1.33; extra == "grpc"', extras=("grpc",)),
        declared(
            "google-cloud-storage 3.17.1",
            "google-api-core>=2.27",
            'google-api-core[grpc]>=2.27; extra == "grpc"',
            'google-cloud-bigquery-storage; extra == "all"',
            'google-cloud-bigquery-storage; extra == "bigquery"',
            'pandas; extra == "all"',
            extras=("grpc", "all", "bigquery"),
        ),
        declared("google-cloud-tasks 2.0", "google-api-core[grpc]>=2"),
        declared("google-cloud-plain 1.0", "google-api-core>=2"),
        declared("click 8.5.1", 'colorama; platform_system == "Windows"'),
        declared("zstandard 0.25.0", 'cffi; extra == "cffi"', extras=("cffi",)),
        declared("reader 1.0", 'pyyaml; extra == "yaml"', 'Pillow; extra == "images"', extras=("yaml", "images")),
    )
}
API_CORE = "google-api-core 2.44.0"


@pytest.mark.parametrize(
    ("owner", "missing", "why"),
    [
        ("black 25.11.0", ("aiohttp", None), "needs extra 'd' of black 25.11.0 (aiohttp)"),
        ("black 25.11.0", ("aiohttp.web", None), "needs extra 'd' of black 25.11.0 (aiohttp)"),
        # The fallback of a fallback: the extra that works on the target is named.
        ("black 25.11.0", ("uvloop", None), "needs extra 'uvloop' of black 25.11.0 (uvloop)"),
        (
            "black 25.11.0",
            ("winloop", None),
            'needs winloop, which black 25.11.0 requires only where sys_platform == "win32" and extra == "uvloop"',
        ),
        # A module of cffi's own, which code that cffi made imports by itself.
        ("zstandard 0.25.0", ("_cffi_backend", None), "needs extra 'cffi' of zstandard 0.25.0 (cffi)"),
        ("reader 1.0", ("yaml", None), "needs extra 'yaml' of reader 1.0 (pyyaml)"),
        ("reader 1.0", ("PIL.Image", None), "needs extra 'images' of reader 1.0 (Pillow)"),
        (
            "click 8.5.1",
            ("colorama", None),
            'needs colorama, which click 8.5.1 requires only where platform_system == "Windows"',
        ),
        # Code of google-api-core's that needs its extra, imported by google-cloud-storage, whose extra brings that one.
        (API_CORE, ("grpc", API_CORE), "needs extra 'grpc' of google-api-core 2.44.0 (grpcio)"),
        (
            "google-cloud-storage 3.17.1",
            ("grpc", API_CORE),
            "needs extra 'grpc' of google-cloud-storage 3.17.1 (google-api-core)",
        ),
        # Of several extras, the one that brings the fewest.
        (
            "google-cloud-storage 3.17.1",
            ("google.cloud.bigquery_storage", None),
            "needs extra 'bigquery' of google-cloud-storage 3.17.1 (google-cloud-bigquery-storage)",
        ),
        ("click 8.5.1", ("winreg", None), "needs winreg, which only Windows has"),
        ("click 8.5.1", ("js", None), "needs js, which only Pyodide has"),
        ("click 8.5.1", ("six.moves.winreg", None), "needs winreg, which only Windows has"),
        # Debian has some of the standard library in packages of their own; Python may be built without others.
        ("click 8.5.1", ("tkinter", None), "needs tkinter of the standard library, which this interpreter lacks"),
    ],
)
def test_what_a_bundle_may_lack(owner: str, missing: tuple[str, str | None], why: str) -> None:
    assert judge(owner, missing) == Optional(why)


@pytest.mark.parametrize(
    ("owner", "missing", "why"),
    [
        ("black 25.11.0", ("click", None), "black 25.11.0 requires click"),
        ("black 25.11.0", ("nothing_declares_it", None), None),
        # A part of the distribution itself.
        ("black 25.11.0", ("black.linegen", None), None),
        ("google-cloud-tasks 2.0", ("grpc", API_CORE), "google-cloud-tasks 2.0 requires google-api-core"),
        # Its code imports what only an extra of another distribution makes work, and nothing asks for the extra.
        (
            "google-cloud-plain 1.0",
            ("grpc", API_CORE),
            "grpcio comes with the extra 'grpc' of google-api-core 2.44.0",
        ),
        # The user's own code: no extra excuses it.
        (None, ("aiohttp", "black 25.11.0"), "aiohttp comes with the extra 'd' of black 25.11.0"),
        (None, ("winreg", None), None),
        (None, ("tkinter", None), None),
        ("unknown 1.0", ("winreg", None), None),
    ],
)
def test_what_a_bundle_must_have(owner: str | None, missing: tuple[str, str | None], why: str | None) -> None:
    assert judge(owner, missing) == Required(why)


def test_a_promise_outweighs_an_extra_that_was_tried_before() -> None:
    assert judge("black 25.11.0", ("aiohttp", None), ("click", None)) == Required("black 25.11.0 requires click")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        ("AttributeError: module 'ctypes' has no attribute 'windll'. Did you mean: 'cdll'?", Optional),
        ("ImportError: cannot import name 'WinDLL' from 'ctypes' (/usr/lib/python3.13/ctypes/__init__.py)", Optional),
        ("AttributeError: module 'select' has no attribute 'kqueue'", Optional),
        ('Traceback:\n    assert sys.platform == "win32"\nAssertionError', Optional),
        ("AssertionError: two and two", Required),
        ("ImportError: MagickWand shared library not found.", Required),
    ],
)
def test_a_module_of_another_system_by_its_error(error: str, expected: type) -> None:
    judgement = judge_missing("click 8.5.1", [], DECLARED, error=error, target=Target.parse("python3.13"))

    assert isinstance(judgement, expected)


def judge(owner: str | None, *missing: tuple[str, str | None]) -> Optional | Required:
    """For python3.13 on x86_64."""
    names = [Missing(*one) for one in missing]
    return judge_missing(owner, names, DECLARED, error="ModuleNotFoundError: x", target=Target.parse("python3.13"))


OWNERS = {"pkg": "pkg 1.0", "other": "other 2.0", "google.cloud.thing": "google-cloud-thing 1.0"}


class ByTop(Struct, frozen=True):
    """The distribution of a module by its top-level package."""

    incomplete: frozenset[str] = frozenset()

    def of(self, module: str) -> str | None:
        return OWNERS.get(module.partition(".")[0])


PKG = declared("pkg 1.0", 'crt; extra == "fast"', extras=("fast",))


def inside(error: str, *missing: str, kinds: tuple[str, ...] = ("ImportError",), what: str = "pkg.part") -> Failed:
    """A module inside a package that failed."""
    return Failed(what, error, "...", missing=tuple((name, None) for name in missing), kinds=kinds)


@pytest.mark.parametrize(
    ("failure", "why"),
    [
        (
            inside("x: no pytest", "pytest", kinds=("ModuleNotFoundError",)),
            "needs pytest, which pkg 1.0 does not require",
        ),
        # Of the namespace package `google` the bundle has another part.
        (inside("cannot import name 'genai' from 'google' (unknown location)", "google.genai"), "needs google.genai, "),
        (
            inside("x.ImproperlyConfigured: no settings", kinds=("Exception",)),
            "its import fails in any bundle, and does not count",
        ),
        (inside("KeyError: 'HOME_OF_X'", kinds=("KeyError",)), "its import fails in any bundle, and does not count"),
        (inside("ImportError: install one of: PyQt6, PySide6"), "its import fails in any bundle, and does not count"),
        (
            inside("NameError: name 'KafkaError' is not defined", kinds=("NameError",)),
            "its import fails in any bundle, and does not count",
        ),
        # Both are parts of one wheel: nothing in the bundle could mend it.
        (
            inside("ImportError: cannot import name 'a' from 'pkg.utils' (/x.py)"),
            "its import fails in any bundle, and does not count",
        ),
        (
            inside("ImportError: cannot import name 'crt' from 'pkg.compat' (/x.py)"),
            "needs extra 'fast' of pkg 1.0 (crt)",
        ),
    ],
)
def test_what_may_fail_inside_a_package(failure: Failed, why: str) -> None:
    judged = judge_inside(failure, ByTop(), list(OWNERS), {PKG.package: PKG})
    assert isinstance(judged, Optional), judged
    assert judged.why.startswith(why)


@pytest.mark.parametrize(
    "failure",
    [
        inside("No module named 'other.part'", "other.part", kinds=("ModuleNotFoundError",)),
        inside("No module named 'pkg._fast'", "pkg._fast", kinds=("ModuleNotFoundError",)),
        inside("ImportError: cannot import name 'gone' from 'other' (/x.py)"),
        inside("ImportError: cannot import name 'Mapping' from 'collections' (/x.py)"),
        inside("SyntaxError: invalid syntax", kinds=("SyntaxError",)),
        inside("json.decoder.JSONDecodeError: Expecting value", kinds=("ValueError",)),
        inside("importlib.metadata.PackageNotFoundError: No package metadata", kinds=("ModuleNotFoundError",)),
        inside("ImportError: libGL.so.1: cannot open shared object file: No such file or directory"),
        inside("ImportError: Unable to find zbar shared library"),
        inside("OSError: cannot load library 'pango'", kinds=("OSError",)),
        inside("FileNotFoundError: [Errno 2] No such file: '/var/task/pkg/data.json'", kinds=("FileNotFoundError",)),
        inside("ValueError: numpy.dtype size changed, may indicate binary incompatibility", kinds=("ValueError",)),
        inside("x.Error: no data", kinds=("Exception", "OSError")),
        inside("AttributeError: module 'numpy' has no attribute 'float'", kinds=("AttributeError",)),
        # A crash: nothing was raised.
        inside("SystemExit: the import was ended by SIGSEGV", kinds=()),
    ],
    ids=lambda failure: failure.error,
)
def test_what_counts_inside_a_package(failure: Failed) -> None:
    assert judge_inside(failure, ByTop(), list(OWNERS), {PKG.package: PKG}) == Required()


@pytest.mark.parametrize(
    "failure",
    [
        inside("ImportError: cannot import name '_fast' from 'pkg' (/x.py)"),
        inside("KeyError: 'x'", kinds=("KeyError",)),
    ],
    ids=lambda failure: failure.error,
)
def test_nothing_excuses_a_package_of_which_files_are_missing(failure: Failed) -> None:
    assert isinstance(judge_inside(failure, ByTop(), list(OWNERS), {PKG.package: PKG}), Optional)
    judged = judge_inside(failure, ByTop(frozenset({"pkg 1.0"})), list(OWNERS), {PKG.package: PKG})
    assert judged == Required("files that the RECORD of pkg 1.0 lists are missing")


def test_no_extra_brings_a_part_of_the_distribution_itself() -> None:
    pandas = declared(
        "pandas 3.1.1", 'pandas[pyarrow]; extra == "parquet"', 'pyarrow; extra == "pyarrow"', extras=("parquet",)
    )
    missing = [Missing("pandas._libs.parsers", "pandas 3.1.1")]
    judged = judge_missing(
        "pandas 3.1.1", missing, {pandas.package: pandas}, error="", target=Target.parse("python3.13", "x86_64")
    )
    assert judged == Required()
