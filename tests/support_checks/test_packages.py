"""The makers of packages, by the word of pip."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path
from typing import get_args

import pytest

from tests.support.packages import (
    Form,
    Kind,
    build_events,
    built_environment,
    make_elf,
    make_project,
    make_sdist,
    make_wheel,
)
from tests.support.processes import Finished, run

PIP = (sys.executable, "-m", "pip")


def pip_wheel(source: Path, environment: dict[str, str], *options: str) -> tuple[Finished, tuple[str, ...]]:
    """What pip said, and the names of the wheels it made, in `source`'s folder's `wheels`."""
    into = source.parent / "wheels"
    command: tuple[str | Path, ...] = (
        *PIP,
        "wheel",
        "--no-index",
        "--no-deps",
        "--no-cache-dir",
        *options,
        "-w",
        into,
        source,
    )
    done = run(command, environment, folder=source.parent)
    return done, tuple(path.name for path in into.iterdir())


@pytest.mark.parametrize(
    ("compression", "streamed"), [(zipfile.ZIP_STORED, False), (zipfile.ZIP_DEFLATED, True), (zipfile.ZIP_LZMA, False)]
)
def test_a_wheel_installs(
    tmp_path: Path, clean_environment: dict[str, str], compression: int, *, streamed: bool
) -> None:
    wheel = make_wheel(
        tmp_path,
        "Foo_Bar-1.0-3-py3-none-any.whl",
        requires=["six>=1"],
        requires_python=">=3.8",
        extras={"more": ["attrs ; python_version > '3'"]},
        entry_points={"console_scripts": {"tool": "foo_bar:main"}},
        data={"purelib/pure.py": "", "scripts/run": "#!python\n"},
        compression=compression,
        streamed=streamed,
    )
    target = tmp_path / "target"
    done = run(
        (*PIP, "install", "--no-index", "--no-deps", "--target", target, wheel), clean_environment, folder=tmp_path
    )
    assert done.exit_code == 0, done.text
    assert {"foo_bar.py", "pure.py", "Foo_Bar-1.0.dist-info"} <= {path.name for path in target.iterdir()}
    code = "from importlib.metadata import requires; print(requires('foo-bar'))"
    said = run((sys.executable, "-c", code), clean_environment, folder=target).output
    assert said == "['six>=1', 'attrs ; (python_version > \"3\") and extra == \"more\"']\n"


def test_the_same_calls_make_the_same_bytes(tmp_path: Path) -> None:
    folders = (tmp_path / "a", tmp_path / "b")
    for folder in folders:
        make_wheel(folder, "x-1.0-py3-none-any.whl")
        for form in get_args(Form):
            make_sdist(folder, "x", "1.0", form=form)
    first, second = ({path.name: path.read_bytes() for path in folder.iterdir()} for folder in folders)
    assert first == second
    assert len(first) == 1 + len(get_args(Form))


def test_a_wheel_can_lie(tmp_path: Path) -> None:
    wheel = make_wheel(
        tmp_path, "x-1.0-py3-none-any.whl", files={"x.so": make_elf("aarch64"), "x-1.0.dist-info/RECORD": "wrong"}
    )
    with zipfile.ZipFile(wheel) as archive:
        assert archive.read("x-1.0.dist-info/RECORD") == b"wrong"
        assert archive.read("x.so")[18:20] == b"\xb7\x00"


NATIVE = f"foo_bar-1.0-cp3{sys.version_info[1]}-"
PURE = "foo_bar-1.0-py3-none-any.whl"

# Kind, its C compiler, how the name of the wheel begins (None: the build fails), something in the log.
BUILDS: tuple[tuple[Kind, str, str | None, str], ...] = (
    ("pure", "cc", PURE, ""),
    ("c-extension", "cc", NATIVE, ""),
    ("c-extension", "false", None, "the C compiler failed with exit code 1"),
    ("c-extension", "no-such-compiler", None, "is not on PATH"),
    ("optional-c", "cc", NATIVE, ""),
    ("optional-c", "false", PURE, ""),
    ("broken", "cc", None, "still building"),
    ("broken", "cc", None, "RuntimeError: broken on purpose"),
    ("broken-metadata", "cc", None, "RuntimeError: metadata broken on purpose"),
)


@pytest.mark.parametrize(("kind", "compiler", "made", "log"), BUILDS)
def test_an_sdist_builds_as_it_says(  # noqa: PLR0913  # one row of the table, and two fixtures
    tmp_path: Path, clean_environment: dict[str, str], kind: Kind, *, compiler: str, made: str | None, log: str
) -> None:
    sdist = make_sdist(tmp_path, "Foo.Bar", "1.0", build_backend=kind)
    done, wheels = pip_wheel(sdist, clean_environment | {"CC": compiler}, "--no-build-isolation")
    assert (done.exit_code == 0) == (made is not None), done.text
    assert log in done.text
    assert len(wheels) == (made is not None)
    assert all(wheel.startswith(made or "") for wheel in wheels)


def test_a_compiled_extension_runs(tmp_path: Path, clean_environment: dict[str, str]) -> None:
    project = make_project(tmp_path / "project", "fast", build_backend="c-extension")
    _, wheels = pip_wheel(project, clean_environment, "--no-build-isolation")
    with zipfile.ZipFile(tmp_path / "wheels" / wheels[0]) as archive:
        archive.extractall(tmp_path / "tree")
    code = "import _fast_native, fast; print(_fast_native.answer(), fast.__version__)"
    done = run((sys.executable, "-c", code), clean_environment, folder=tmp_path / "tree")
    assert done.text == "42 1.0\n"


def test_every_form_of_sdist_builds(tmp_path: Path, clean_environment: dict[str, str]) -> None:
    sdists = [make_sdist(tmp_path, f"x{number}", "1.0", form=form) for number, form in enumerate(get_args(Form))]
    done, wheels = pip_wheel(sdists[0], clean_environment, "--no-build-isolation", *map(str, sdists[1:]))
    assert len(wheels) == len(sdists), done.text


def test_a_build_tells_what_it_saw(tmp_path: Path, clean_environment: dict[str, str]) -> None:
    report = tmp_path / "report"
    sdist = make_sdist(tmp_path, "x", "1.0", build_backend="dump-environment", report_to=report)
    assert build_events(report) == ()
    _, wheels = pip_wheel(sdist, clean_environment | {"WHISPER": "told"}, "--config-settings", "a=b")
    assert built_environment(tmp_path / "wheels" / wheels[0])["WHISPER"] == "told"
    assert [event.hook for event in build_events(report)] == ["metadata", "wheel"]
    assert all(event.environment["WHISPER"] == "told" for event in build_events(report))
    assert all(event.config_settings == {"a": "b"} for event in build_events(report))


def test_a_legacy_sdist_builds_with_setuptools(tmp_path: Path, clean_environment: dict[str, str]) -> None:
    sdist = make_sdist(tmp_path, "old", "1.0", build_backend="legacy-setup-py", requires=["six"])
    done, wheels = pip_wheel(sdist, clean_environment, "--no-build-isolation")
    assert wheels == ("old-1.0-py3-none-any.whl",), done.text


def test_a_project_installs_editable(tmp_path: Path, clean_environment: dict[str, str]) -> None:
    project = make_project(
        tmp_path / "project",
        "mine",
        project_table=True,
        requires=["six"],
        extras={"a": ["attrs"]},
        requires_python=">=3",
    )
    command = (*PIP, "install", "--no-index", "--no-deps", "--target", tmp_path / "target", "-e", project)
    done = run(command, clean_environment, folder=tmp_path)
    assert done.exit_code == 0, done.text
    assert (tmp_path / "target" / "__editable__.mine.pth").is_file()
