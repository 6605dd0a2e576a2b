"""Which of the user's own files go into the bundle."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from lambda_pack.errors import UsageError
from lambda_pack.files.entries import EXECUTABLE, OWN, PLAIN
from lambda_pack.files.source import IGNORE_FILE, read_source, settings_left_out
from lambda_pack.model.globs import GlobRules


def plant(folder: Path, *paths: str) -> Path:
    """Files, each with its path as content."""
    for path in paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(path)
    folder.mkdir(exist_ok=True)
    return folder


def names(folder: Path, excludes: Sequence[str] = (), includes: Sequence[str] = ()) -> list[str]:
    """The paths that are read."""
    return [entry.path for entry in read_source(folder, excludes=excludes, includes=includes)]


@pytest.mark.parametrize(
    ("path", "packed"),
    [
        ("handler.py", True),
        ("pkg/native.so", True),
        ("pkg/data.zip", True),
        (".env", False),
        (".env.production", False),
        ("pkg/.env", False),
        (".envrc", False),
        ("env.py", True),
        ("env/settings.py", True),
        (".gitignore", False),
        (".python-version", False),
        ("htmlcov/index.html", False),
        (".coverage.host.1", False),
        (".serverless/svc.zip", False),
        ("cdk.out/manifest.json", False),
        ("pip-log.txt", False),
        ("x.egg/EGG-INFO/PKG-INFO", False),
        ("dist/app.zip", False),
        ("pkg/dist/app.zip", True),
        ("dist/app.report.json", False),
        (".git/config", False),
        (".git", False),
        ("sub/.git", False),
        ("pkg/__pycache__/x.cpython-313.pyc", False),
        ("pkg/x.pyc", False),
        (".venv/bin/python", False),
        ("venv/pyvenv.cfg", False),
        ("venv.py", True),
        ("node_modules/x/index.js", False),
        ("web/node_modules/x/index.js", False),
        (".DS_Store", False),
        ("pkg/Thumbs.db", False),
        ("__MACOSX/x", False),
        ("pkg/._x.py", False),
        (".pytest_cache/x", False),
        (".mypy_cache/x", False),
        (".ruff_cache/x", False),
        ("app.egg-info/PKG-INFO", False),
        (IGNORE_FILE, False),
    ],
)
def test_defaults(tmp_path: Path, path: str, *, packed: bool) -> None:
    if path == IGNORE_FILE:
        (tmp_path / path).write_text("# nothing\n")
    else:
        plant(tmp_path, path)
    assert names(tmp_path) == ([path] if packed else [])


@pytest.mark.parametrize(
    ("ignored", "excludes", "includes", "expected"),
    [
        ("", [], [], ["a.txt", "pkg/b.txt", "pkg/c.so"]),
        ("*.txt\n", [], [], ["pkg/c.so"]),
        ("/a.txt\n", [], [], ["pkg/b.txt", "pkg/c.so"]),
        ("*.txt\n!b.txt\n", [], [], ["pkg/b.txt", "pkg/c.so"]),
        ("# a comment\n\npkg/\n", [], [], ["a.txt"]),
        ("", ["*.so"], [], ["a.txt", "pkg/b.txt"]),
        ("*.so\n", ["!c.so"], [], ["a.txt", "pkg/b.txt", "pkg/c.so"]),
        ("*.so\n", ["*.txt"], ["*.so", "a.*"], ["a.txt", "pkg/c.so"]),
        ("pkg/\n", [], ["pkg/c.so"], ["a.txt"]),
        ("pkg/*\n", [], ["pkg/c.so"], ["a.txt", "pkg/c.so"]),
        ("", [], ["venv/"], ["a.txt", "pkg/b.txt", "pkg/c.so", "venv/x"]),
        ("!venv/\n", [], [], ["a.txt", "pkg/b.txt", "pkg/c.so", "venv/x"]),
        ("\ufeff*.txt\r\n", [], [], ["pkg/c.so"]),
    ],
)
def test_later_patterns_win(
    tmp_path: Path, ignored: str, excludes: list[str], includes: list[str], expected: list[str]
) -> None:
    plant(tmp_path, "a.txt", "pkg/b.txt", "pkg/c.so", "venv/x")
    (tmp_path / IGNORE_FILE).write_text(ignored, "utf-8")
    assert names(tmp_path, excludes, includes) == expected


def test_entries_say_mode_size_and_owner(tmp_path: Path) -> None:
    plant(tmp_path, "b.py", "a/run.sh")
    (tmp_path / "a" / "run.sh").chmod(0o700)
    found = [(entry.path, entry.mode, entry.size, entry.owner) for entry in read_source(tmp_path)]
    assert found == [("a/run.sh", EXECUTABLE, 8, OWN), ("b.py", PLAIN, 4, OWN)]


def test_links_inside_stand_for_what_they_lead_to(tmp_path: Path) -> None:
    folder = plant(tmp_path / "app", "real/x.py", "z.py")
    (folder / "alias").symlink_to("real")
    (folder / "y.py").symlink_to(folder / "z.py")
    linked = tmp_path / "linked"
    linked.symlink_to(folder)
    assert names(folder) == names(linked) == ["alias/x.py", "real/x.py", "y.py", "z.py"]


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("/etc/hostname", "is a symbolic link out of"),
        ("..", "is a symbolic link out of"),
        ("gone", "is a symbolic link that leads nowhere"),
        ("link", "is a symbolic link that leads nowhere"),
        (".", "is a symbolic link to a folder above it"),
    ],
)
def test_other_links_are_refused_unless_excluded(tmp_path: Path, target: str, message: str) -> None:
    folder = plant(tmp_path / "app", "x.py")
    (folder / "link").symlink_to(target)
    with pytest.raises(UsageError, match=message):
        read_source(folder)
    assert names(folder, ["link"]) == ["x.py"]


def test_excluded_folders_are_not_looked_into(tmp_path: Path) -> None:
    folder = plant(tmp_path, "x.py", ".venv/bin/x")
    (folder / ".venv" / "bin" / "python").symlink_to("/nowhere")
    assert names(folder) == ["x.py"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are none on this system")
def test_what_is_neither_file_nor_folder_is_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UsageError, match="is neither a file nor a folder; exclude it"):
        read_source(tmp_path)


@pytest.mark.parametrize(("name", "message"), [(b"a\\b.py", "has a backslash"), (b"\xff.py", "is not UTF-8")])
def test_names_that_other_systems_cannot_have(tmp_path: Path, name: bytes, message: str) -> None:
    (tmp_path / os.fsdecode(name)).touch()
    with pytest.raises(UsageError, match=message):
        read_source(tmp_path)


@pytest.mark.parametrize(
    ("written", "message"), [(b"\xff\xfe", "cannot be read .* save it as UTF-8"), (b"a\n!\n", "is not one that")]
)
def test_an_ignore_file_that_is_none(tmp_path: Path, written: bytes, message: str) -> None:
    (tmp_path / IGNORE_FILE).write_bytes(written)
    with pytest.raises(UsageError, match=message):
        read_source(tmp_path)


def test_a_folder_is_needed(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is neither a folder nor a file; give the folder of your own code"):
        read_source(tmp_path / "gone")


def test_a_virtual_environment_is_left_out_whatever_its_name(tmp_path: Path) -> None:
    plant(tmp_path, "env/pyvenv.cfg", "env/lib/x.py", "app.py")
    assert names(tmp_path) == ["app.py"]
    assert names(tmp_path, includes=["env/"]) == ["app.py", "env/lib/x.py", "env/pyvenv.cfg"]


def test_settings_are_packed_where_they_are_asked_for(tmp_path: Path) -> None:
    plant(tmp_path, ".env", "app.py")
    assert names(tmp_path, includes=[".env"]) == [".env", "app.py"]


def test_settings_that_only_defaults_leave_out_are_known(tmp_path: Path) -> None:
    plant(tmp_path, ".env", ".env.local", ".env.example", ".envoy.yaml", "app.py")
    assert settings_left_out(tmp_path) == (".env", ".env.local")
    assert settings_left_out(tmp_path, excludes=[".env"], includes=[".env.local"]) == ()


@pytest.mark.parametrize(
    ("globs", "expected"),
    [
        (("!**", "app.py"), ["app.py"]),
        (("**",), ["app.py", "lib/a.py"]),
        ((".env",), [".env", "app.py", "lib/a.py"]),
        (("node_modules/left/**",), ["app.py", "lib/a.py", "node_modules/left/index.js"]),
        (("!lib/**", "**/*.js"), ["app.py"]),
    ],
)
def test_rules_decide_last_and_bring_back_only_what_they_name(
    tmp_path: Path, globs: tuple[str, ...], expected: list[str]
) -> None:
    plant(tmp_path, ".env", "app.py", "lib/a.py", "node_modules/left/index.js", "node_modules/right/index.js")
    assert [entry.path for entry in read_source(tmp_path, rules=GlobRules(globs))] == expected
