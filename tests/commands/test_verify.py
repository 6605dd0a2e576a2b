"""Verify over a loader that only says what it was given: what is unpacked, in which order, and who is to blame."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from lambda_pack.commands.verify import ChooseLoader, verify
from lambda_pack.errors import UsageError
from lambda_pack.model.loading import (
    Answered,
    Failed,
    Invocation,
    Loaded,
    Rooms,
    Skipped,
    Verification,
    VerifyRequest,
)
from lambda_pack.model.targets import Target
from tests.support.fakes import RecordingNarrator
from tests.support.zips import make_zip

TARGET = Target.parse("python3.13", "arm64")


@dataclass
class FakeLoader:
    """Behind the port `Loader`: imports nothing, and remembers what there was."""

    description: str = "nothing at all"
    failures: Sequence[Failed] = ()
    doubtful: tuple[str, ...] = ()
    files: list[str] = field(default_factory=list)

    def imports(self, modules: Sequence[str], rooms: Rooms) -> Iterable[Loaded | Failed]:
        """A failure where one was foreseen."""
        for room in (rooms.task, rooms.layers):
            self.files += sorted(f"{room.name}/{path.relative_to(room).as_posix()}" for path in room.rglob("*.py"))
        failures = {failure.what: failure for failure in self.failures}
        return [failures.get(module) or Loaded(module, self.doubtful) for module in modules]

    def invoke(self, invocation: Invocation, rooms: Rooms) -> Answered | Failed:
        """The event comes back, unless a failure was foreseen."""
        del rooms
        for failure in self.failures:
            if failure.what == invocation.handler:
                return failure
        return Answered(invocation.handler, invocation.event)


def loaded(request: VerifyRequest, loader: FakeLoader, narrator: RecordingNarrator | None = None) -> Verification:
    """What came of it."""
    choose: ChooseLoader = lambda _target: (loader, "a note")  # noqa: E731  # its type is what is checked
    return verify(request, {}, narrator or RecordingNarrator(), choose=choose)


def test_a_function_with_layers(tmp_path: Path) -> None:
    function = make_zip(tmp_path / "f.zip", {"app.py": "", "setup.py": ""})
    layers = [make_zip(tmp_path / f"{name}.zip", {f"python/{name}.py": "", "python/both.py": ""}) for name in "ab"]
    loader = FakeLoader()

    done = loaded(VerifyRequest(function, TARGET, tuple(layers), Invocation("app.handler", "[1]")), loader)

    assert loader.files == ["task/app.py", "task/setup.py", "opt/python/a.py", "opt/python/b.py", "opt/python/both.py"]
    assert [one for one in done.outcomes if not isinstance(one, Skipped)] == [
        *map(Loaded, ("app", "a", "b", "both")),
        Answered("app.handler", "[1]"),
    ]
    assert [one.what for one in done.outcomes if isinstance(one, Skipped)] == ["setup.py"]
    assert (done.loads, done.loader, done.notes) == (True, "nothing at all", ("a note",))


def test_a_layer_alone(tmp_path: Path) -> None:
    loader = FakeLoader()

    done = loaded(VerifyRequest(make_zip(tmp_path / "l.zip", {"python/six.py": ""}), TARGET), loader)

    assert loader.files == ["opt/python/six.py"]
    assert done.outcomes == (Loaded("six"),)


def test_the_package_is_named(tmp_path: Path) -> None:
    files = {"numpy/__init__.py": "", "numpy-2.4.0.dist-info/METADATA": "", "dateutil/__init__.py": ""}
    files |= {"python_dateutil-2.9.dist-info/top_level.txt": "dateutil", "yaml/__init__.py": ""}
    function = make_zip(tmp_path / "f.zip", files)
    failures = [
        # The file says more than the module's name: it failed because of numpy.
        Failed("dateutil", "ImportError: x", file="/var/task/numpy/core.so"),
        Failed("numpy", "ImportError: x", file="/var/task/numpy/core.so"),
        Failed("yaml", "ImportError: x"),
    ]

    done = loaded(VerifyRequest(function, TARGET), FakeLoader(failures=failures))

    assert not done.loads
    assert {one.what: one.package for one in done.outcomes if isinstance(one, Failed)} == {
        "dateutil": "numpy 2.4.0",
        "numpy": "numpy 2.4.0",
        "yaml": None,
    }


BLACK = """Metadata-Version: 2.4
Name: black
Version: 25.11.0
Requires-Dist: click
Requires-Dist: aiohttp; extra == "d"
Provides-Extra: d
"""


def test_a_module_that_needs_an_extra_is_left_out(tmp_path: Path) -> None:
    files = {"black-25.11.0.dist-info/METADATA": BLACK, "app.py": "", "black/__init__.py": "", "black/cli.py": ""}
    files |= {"blackd/__init__.py": "", "blackd/middlewares.py": ""}
    record = "".join(f"{name},,\n" for name in files if name != "app.py")
    function = make_zip(tmp_path / "f.zip", {**files, "black-25.11.0.dist-info/RECORD": record})
    error, blackd = "ModuleNotFoundError: No module named 'aiohttp'", "/var/task/blackd/__init__.py"
    failures = [
        Failed("blackd", error, "...", blackd, missing=(("aiohttp", blackd),)),
        Failed("blackd.middlewares", error, "...", blackd, missing=(("aiohttp", blackd),)),
        Failed("black.cli", "ModuleNotFoundError: x", "...", missing=(("click", "/var/task/black/cli.py"),)),
        # The user's own code needs what it imports.
        Failed("app", error, "...", blackd, missing=(("aiohttp", blackd),)),
    ]

    done = loaded(VerifyRequest(function, TARGET, submodules=True), FakeLoader(failures=failures))

    why = "needs extra 'd' of black 25.11.0 (aiohttp)"
    assert [one for one in done.outcomes if isinstance(one, Skipped)] == [
        Skipped("blackd", why),
        Skipped("blackd.middlewares", why),
    ]
    assert {one.what: one.error for one in done.outcomes if isinstance(one, Failed)} == {
        "app": f"{error} (aiohttp comes with the extra 'd' of black 25.11.0)",
        "black.cli": "ModuleNotFoundError: x (black 25.11.0 requires click)",
    }


def test_a_module_inside_a_package_may_need_what_nothing_requires(tmp_path: Path) -> None:
    files = {"black-25.11.0.dist-info/METADATA": BLACK, "black/__init__.py": "", "black/plugin.py": "", "app/a.py": ""}
    files |= {"app/__init__.py": "", "black/settings.py": "", "black/fast.py": ""}
    record = "".join(f"{name},,\n" for name in files if not name.startswith("app"))
    function = make_zip(tmp_path / "f.zip", {**files, "black-25.11.0.dist-info/RECORD": record})
    error, missing = "ModuleNotFoundError: No module named 'pytest'", (("pytest", None),)
    failures = [
        Failed("black.plugin", error, "...", missing=missing, kinds=("ModuleNotFoundError",)),
        Failed("black.settings", "x.Error: no settings", "...", kinds=("RuntimeError",)),
        Failed("black.fast", "ImportError: libfast.so: cannot open shared object file", "...", kinds=("ImportError",)),
        # The user's own code has no excuse.
        Failed("app.a", error, "...", missing=missing, kinds=("ModuleNotFoundError",)),
    ]

    done = loaded(VerifyRequest(function, TARGET, submodules=True), FakeLoader(failures=failures))

    assert [one for one in done.outcomes if isinstance(one, Skipped)] == [
        Skipped("black.plugin", "needs pytest, which black 25.11.0 does not require"),
        Skipped("black.settings", "its import fails in any bundle, and does not count (x.Error: no settings)"),
    ]
    assert [one.what for one in done.outcomes if isinstance(one, Failed)] == ["app.a", "black.fast"]


def test_what_lies_below_a_package_that_fails_is_not_blamed(tmp_path: Path) -> None:
    function = make_zip(tmp_path / "f.zip", {"pkg/__init__.py": "", "pkg/one.py": "", "pkgs.py": ""})
    failures = [Failed(name, "ValueError: x") for name in ("pkg", "pkg.one", "pkgs")]

    done = loaded(VerifyRequest(function, TARGET, submodules=True), FakeLoader(failures=failures))

    assert done.outcomes == (
        Failed("pkg", "ValueError: x"),
        Skipped("pkg.one", "pkg, the package that it is in, does not load"),
        Failed("pkgs", "ValueError: x"),
    )


def test_a_handler_is_not_left_out_with_its_module(tmp_path: Path) -> None:
    function = make_zip(tmp_path / "f.zip", {"app.py": ""})
    loader = FakeLoader(failures=[Failed(name, "ImportError: x") for name in ("app", "app.handler")])

    done = loaded(VerifyRequest(function, TARGET, invocation=Invocation("app.handler")), loader)

    assert done.outcomes == (Failed("app", "ImportError: x"), Failed("app.handler", "ImportError: x"))


def test_libraries_that_the_runtime_may_lack_are_noted(tmp_path: Path) -> None:
    function = make_zip(tmp_path / "f.zip", {"magic.py": ""})

    done = loaded(VerifyRequest(function, TARGET), FakeLoader(doubtful=("libmagic.so.1",)))

    assert done.loads
    assert done.notes[1].startswith(
        "magic loaded libmagic.so.1 from the system, not from the bundle: images of python3.13 "
    )


def test_the_report_beside_says_target_and_packages(tmp_path: Path) -> None:
    function = make_zip(tmp_path / "f.zip", {"six.py": ""})
    digest = hashlib.sha256(function.read_bytes()).hexdigest()
    report = {
        "name": "f",
        "archive": {"sha256": digest},
        "target": {"runtime": "python3.12", "architecture": "arm64"},
        "packages": [{"name": "six", "version": "1.17.0"}],
    }
    (tmp_path / "f.report.json").write_text(json.dumps(report), "utf-8")

    done = loaded(VerifyRequest(function), FakeLoader(failures=[Failed("six", "ImportError: x")]))

    assert str(done.target) == "python3.12-arm64"
    assert done.outcomes == (Failed("six", "ImportError: x", package="six 1.17.0"),)


def test_the_file_name_says_the_target(tmp_path: Path) -> None:
    archive = make_zip(tmp_path / "shop-python3.11-arm64.zip", {"six.py": ""})
    narrator = RecordingNarrator()

    assert str(loaded(VerifyRequest(archive), FakeLoader()).target) == "python3.11-arm64"
    assert loaded(VerifyRequest(archive, TARGET), FakeLoader(), narrator).target == TARGET
    assert narrator.warnings == [
        "the bundle was packed for python3.11-arm64, and is loaded as one for python3.13-arm64"
    ]


def test_without_either_it_must_be_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="name it with --runtime"):
        loaded(VerifyRequest(make_zip(tmp_path / "f.zip", {"six.py": ""})), FakeLoader())


@pytest.mark.parametrize("missing", ["f.zip", "l.zip"])
def test_what_is_not_there(tmp_path: Path, missing: str) -> None:
    there = make_zip(tmp_path / ("l.zip" if missing == "f.zip" else "f.zip"), {"python/x.py": ""})
    function, layer = tmp_path / "f.zip", tmp_path / "l.zip"

    with pytest.raises(UsageError, match=missing):
        loaded(VerifyRequest(function, TARGET, (layer,)), FakeLoader())
    assert there.is_file()


def test_skip_takes_a_module_with_all_below_it(tmp_path: Path) -> None:
    archive = make_zip(tmp_path / "f.zip", {"ns/one.py": "", "ns/two/__init__.py": "", "nsother.py": ""})

    done = loaded(VerifyRequest(archive, TARGET, skip=frozenset({"ns"})), FakeLoader())

    assert done.outcomes == (
        Skipped("ns.one", "left out with --skip"),
        Skipped("ns.two", "left out with --skip"),
        Loaded("nsother"),
    )


def test_unreadable_files_fail_though_everything_is_imported(tmp_path: Path) -> None:
    archive = make_zip(tmp_path / "f.zip", {"six.py": ""}, modes={"six.py": 0o600})

    done = loaded(VerifyRequest(archive, TARGET), FakeLoader())

    assert not done.loads
    (failed,) = (one for one in done.outcomes if isinstance(one, Failed))
    assert failed.file == "/var/task/six.py"
    assert "mode 0600" in failed.error
