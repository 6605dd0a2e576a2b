"""Which files a smaller bundle goes without, and that nothing else happens to it."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lambda_pack.files.entries import EXECUTABLE, PLAIN, Entry
from lambda_pack.files.slimming import slimmed
from lambda_pack.model.choices import DistInfo, Part
from lambda_pack.model.packages import Pin
from lambda_pack.model.slimming import Measure, Slimming, saved_in_all
from tests.files.bundles import composed, contents, made
from tests.support.wheels import make_wheel

ALL = frozenset(part for part in Part if part is not Part.SOURCES)

GOING = {
    "pkg/tests/test_a.py": "tests",
    "pkg/test/data.bin": "tests",
    "tests/__init__.py": "tests",
    "pkg/conftest.py": "tests",
    "pkg/docs/guide.rst": "docs",
    "share/man/man1/pkg.1": "docs",
    "pkg/README.md": "docs",
    "CHANGELOG": "docs",
    "pkg/include/pkg.h": "headers",
    "pkg/_core.pxd": "headers",
    "pkg/libstatic.a": "headers",
    "pkg/a.pyi": "pyi",
    "pkg/py.typed": "pyi",
}
STAYING = (
    "pkg/testing.py",
    "pkg/test_helpers.py",
    "pkg/latest/a.py",
    "pkg/doc.py",
    "pkg/deep/README.md",
    "pkg/LICENSE",
    "pkg/docs/licence-of-fonts.txt",
    "tests/COPYING",
    "pkg/a.html",
    "pkg/libreal.so",
    "pkg-1.0.dist-info/METADATA",
    "pkg-1.0.dist-info/licenses/docs/LICENSE",
)


@pytest.mark.parametrize("prefix", ["", "python/"])
@pytest.mark.parametrize("name", [*GOING, *STAYING])
def test_what_goes(name: str, prefix: str) -> None:
    kept, savings = slimmed([(made(prefix + name, b"12345"),)], Slimming(parts=ALL), prefix)

    assert [entry.path for entry in kept[0]] == ([] if name in GOING else [prefix + name])
    assert [(one.measure.value, one.size, one.files) for one in savings] == (
        [(GOING[name], 5, 1)] if name in GOING else []
    )


@pytest.mark.parametrize("part", [part for part in Part if part in ALL])
def test_only_what_was_asked_for(part: Part) -> None:
    entries = tuple(made(name) for name in (*GOING, *STAYING))
    kept, _ = slimmed([entries], Slimming(parts=frozenset({part})), "")
    gone = {entry.path for entry in entries} - {entry.path for entry in kept[0]}
    assert gone == {name for name, why in GOING.items() if why == part.value}


@pytest.mark.parametrize(
    ("importer", "source", "stays"),
    [
        ("app.py", b"import pkg.tests\n", True),
        ("app.py", b"from pkg import tests\n", True),
        ("app.py", b"from pkg.tests.support import x\n", True),
        ("pkg/a.py", b"from .tests import support\n", True),
        ("pkg/a.py", b"def later():\n    from . import tests\n", True),
        ("pkg/deep/a.py", b"from ..tests import support\n", True),
        ("app.py", b"from importlib import import_module\nimport_module('pkg.tests.support')\n", True),
        ("app.py", b"import importlib\nimportlib.import_module('.tests', 'pkg')\n", True),
        ("app.py", b"import importlib\nimportlib.import_module('.tests', package='pkg')\n", True),
        ("pkg/a.py", b"import importlib\nimportlib.import_module('.tests', __package__)\n", True),
        ("pkg/deep/a.py", b"import importlib\nimportlib.import_module('..tests', __package__)\n", True),
        ("app.py", b"__import__('pkg.tests')\n", True),
        ("app.py", b"import pkgutil\npkgutil.resolve_name('pkg.tests:support')\n", True),
        ("app.py", b"BACKENDS = {'test': 'pkg.tests.support'}\n", True),
        ("app.py", b"import_module('pkg.testsuite')\n", False),
        ("app.py", b"import_module('....tests', 'pkg')\n", False),
        ("app.py", b"NAMES = ['tests']\n", False),
        ("other/tests/test_a.py", b"import pkg.tests\n", False),
        ("app.py", b"# import pkg.tests\n", False),
        ("app.py", b"import pkg.testsuite\n", False),
        ("app.py", b"import pkg.tests; print 'two'\n", False),
        ("app.txt", b"import pkg.tests\n", False),
    ],
)
def test_tests_that_code_imports_are_code(importer: str, source: bytes, *, stays: bool) -> None:
    files = (made("pkg/__init__.py"), made("pkg/tests/support.py"), made(importer, source))
    kept, _ = slimmed([files], Slimming(parts=frozenset({Part.TESTS})), "")
    assert ("pkg/tests/support.py" in {entry.path for entry in kept[0]}) is stays


def test_what_a_needed_folder_imports_is_needed_too() -> None:
    files = (
        made("app.py", b"import a.tests\n"),
        made("a/tests/__init__.py", b"from b.docs import c\n"),
        made("b/docs/c.py", b""),
        made("b/tests/test_c.py", b""),
    )
    kept, _ = slimmed([files], Slimming(parts=ALL), "")
    assert {entry.path for entry in kept[0]} == {"app.py", "a/tests/__init__.py", "b/docs/c.py"}


def test_stubs_that_are_read_at_run_time_stay() -> None:
    files = (
        made("lazy/__init__.py", b"__getattr__, _, _ = lazy_loader.attach_stub(__name__, __file__)\n"),
        made("lazy/__init__.pyi"),
        made("plain/__init__.py"),
        made("plain/__init__.pyi"),
    )
    kept, _ = slimmed([files], Slimming(parts=frozenset({Part.STUBS})), "")
    assert "lazy/__init__.pyi" in {entry.path for entry in kept[0]}
    assert "plain/__init__.pyi" not in {entry.path for entry in kept[0]}


@pytest.mark.parametrize(
    ("rule", "inside"),
    [
        (DistInfo.KEEP, {"METADATA", "WHEEL", "entry_points.txt", "top_level.txt", "LICENSE.txt", "sboms/a.json"}),
        (DistInfo.MINIMAL, {"METADATA", "entry_points.txt", "top_level.txt", "LICENSE.txt"}),
        (DistInfo.DROP, set()),
    ],
)
def test_metadata(tmp_path: Path, rule: DistInfo, inside: set[str]) -> None:
    names = ("entry_points.txt", "top_level.txt", "LICENSE.txt", "sboms/a.json")
    wheel = make_wheel(tmp_path, "x-1.0-py3-none-any.whl", files={f"x-1.0.dist-info/{name}": "" for name in names})
    with composed(wheel, slimming=Slimming(dist_info=rule)) as bundle:
        found = {entry.path for entry in bundle.entries}
    assert {path.removeprefix("x-1.0.dist-info/") for path in found} == inside


def test_the_long_description_is_nothing_that_runs(tmp_path: Path) -> None:
    text = "Metadata-Version: 2.1\nName: x\nVersion: 1.0\nRequires-Dist: y\n\n# X\n\nMany words.\n"
    wheel = make_wheel(tmp_path, "x-1.0-py3-none-any.whl", files={"x-1.0.dist-info/METADATA": text})
    with composed(wheel, slimming=Slimming(dist_info=DistInfo.MINIMAL)) as bundle:
        kept = contents(bundle)["x-1.0.dist-info/METADATA"]
        saved = saved_in_all(bundle.savings)
    assert kept == b"Metadata-Version: 2.1\nName: x\nVersion: 1.0\nRequires-Dist: y\n"
    assert saved >= len(text) - len(kept)


SEGMENTS = st.sampled_from(["pkg", "tests", "docs", "a", "x-1.0.dist-info", "include"])
NAMES = st.sampled_from(["__init__.py", "a.py", "a.pyi", "a.h", "README.md", "METADATA", "WHEEL", "conftest.py"])
TEXTS = st.sampled_from([b"", b"import pkg.tests", b"from . import docs", b"Name: x\n\nwords", b"from pkg import a"])
PATHS = st.builds(lambda folders, name: "/".join([*folders, name]), st.lists(SEGMENTS, max_size=3), NAMES)
FILES = st.dictionaries(PATHS, st.tuples(TEXTS, st.sampled_from([PLAIN, EXECUTABLE])), max_size=12)
SLIMMINGS = st.builds(
    lambda parts, rule: Slimming(parts=frozenset(parts), dist_info=rule),
    st.sets(st.sampled_from([part for part in Part if part in ALL])),
    st.sampled_from(DistInfo),
)


@given(FILES, FILES, SLIMMINGS)
def test_slimming_never_adds_and_what_is_told_is_what_went(
    one: dict[str, tuple[bytes, int]], two: dict[str, tuple[bytes, int]], slimming: Slimming
) -> None:
    parts = [
        tuple(Entry(path, text, mode, Pin.parse(name, "1"), len(text)) for path, (text, mode) in sorted(files.items()))
        for name, files in (("one", one), ("two", two))
    ]

    kept, savings = slimmed(parts, slimming, "")

    for before, after in zip(parts, kept, strict=True):
        whole = {entry.path: entry for entry in before}
        stays = {entry.path for entry in after}
        assert [entry.path for entry in after] == [entry.path for entry in before if entry.path in stays]
        assert all(entry.size <= whole[entry.path].size and entry.mode == whole[entry.path].mode for entry in after)
    assert saved_in_all(savings) == _size(parts) - _size(kept)
    assert len({saving.measure for saving in savings}) == len(savings)
    assert not {saving.measure for saving in savings} & {Measure.PACKAGE, Measure.STRIP, Measure.COMPILE}
    again, nothing = slimmed(kept, slimming, "")
    assert again == kept, "what stays the first time stays"
    assert not nothing


def _size(parts: list[tuple[Entry, ...]]) -> int:
    return sum(entry.size for part in parts for entry in part)
