"""Locks of other tools through the whole command, against an index on loopback."""

from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path

import pytest
from packaging.pylock import Pylock

from tests.end_to_end.command import COMMAND
from tests.end_to_end.workplace import Workplace
from tests.support.faults import Protect, Rule
from tests.support.index import LoopbackIndex
from tests.support.packages import make_wheel

MANIFEST = """\
[tool.poetry]
name = "front-door"
[tool.poetry.dependencies]
python = "^3.11"
parent = "*"
"""
METADATA = '[metadata]\nlock-version = "2.1"\npython-versions = "^3.11"\n'


def locked(wheel: Path, *lines: str, digest: str | None = None) -> str:
    """A package of a poetry.lock, with one wheel."""
    name, version = wheel.name.split("-")[:2]
    said = digest or hashlib.sha256(wheel.read_bytes()).hexdigest()
    head = (
        f"[[package]]\n"
        f'name = "{name}"\n'
        f'version = "{version}"\n'
        f"optional = false\n"
        f'python-versions = "*"\n'
        f'groups = ["main"]\n'
    )
    return (
        head + f'files = [{{file = "{wheel.name}", hash = "sha256:{said}"}}]\n' + "".join(f"{line}\n" for line in lines)
    )


@pytest.fixture
def parent(work: Workplace) -> Path:
    """A wheel of this index."""
    return make_wheel(work.index.folder, "parent-1.0-py3-none-any.whl", requires=["child"])


@pytest.fixture
def child(work: Workplace) -> Path:
    """A wheel that loads on one machine only."""
    return make_wheel(work.index.folder, "child-2.0-cp313-cp313-manylinux_2_28_aarch64.whl")


def test_files_are_found_by_the_names_in_the_lock(work: Workplace, parent: Path, child: Path) -> None:
    make_wheel(work.index.folder, "child-3.0-py3-none-any.whl")
    work.write("pyproject.toml", MANIFEST)
    work.write("poetry.lock", locked(parent, "[package.dependencies]", 'child = "*"'), locked(child), METADATA)

    packed = work.packed()

    assert packed.zip.name == "front-door-python3.13-arm64.zip"
    assert packed.closure == {"parent": "1.0", "child": "2.0"}


def test_what_is_unmet_says_who_wanted_it_on_which_line(work: Workplace, parent: Path, child: Path) -> None:
    work.write("pyproject.toml", MANIFEST)
    work.write("poetry.lock", locked(parent, "[package.dependencies]", 'child = "*"'), locked(child), METADATA)

    done = work.check(architecture="x86_64")

    assert done.exit_code == 3
    assert "unmet: child==2.0  (pyproject.toml:5: parent → child)" in done.output


def test_a_digest_that_is_not_the_locks(work: Workplace, parent: Path) -> None:
    work.write("pyproject.toml", MANIFEST)
    work.write("poetry.lock", locked(parent, digest="0" * 64), METADATA)
    assert work.pack().exit_code == 6


def test_a_file_that_the_index_no_longer_has(work: Workplace, parent: Path) -> None:
    work.write("pyproject.toml", MANIFEST)
    text = locked(parent)
    parent.unlink()
    make_wheel(work.index.folder, "parent-2.0-py3-none-any.whl")
    work.write("poetry.lock", text, METADATA)
    done = work.pack()
    assert done.exit_code == 3
    assert "none of the files that the lock has is on offer any more" in done.output


def test_a_source_of_its_own_with_its_login(work: Workplace, tmp_path: Path, parent: Path) -> None:
    with LoopbackIndex(tmp_path / "private", rules=[Rule("*", Protect("me", "s3cret"))]) as private:
        wheel = make_wheel(private.folder, "mine-1.0-py3-none-any.whl")
        source = ["[[tool.poetry.source]]", 'name = "mine"', f'url = "{private.url}"']
        work.write("pyproject.toml", MANIFEST, *source)
        place = ["[package.source]", 'type = "legacy"', f'url = "{private.url}"', 'reference = "mine"']
        work.write("poetry.lock", locked(parent), locked(wheel, *place), METADATA)
        login = {"POETRY_HTTP_BASIC_MINE_USERNAME": "me", "POETRY_HTTP_BASIC_MINE_PASSWORD": "s3cret"}

        packed = work.packed("-v", extra=login)
        assert packed.closure == {"parent": "1.0", "mine": "1.0"}
        assert not any("mine" in request.path for request in work.index.requests)
        for text in (packed.said.text, packed.report_path.read_text("utf-8"), packed.lock_path.read_text("utf-8")):
            assert "s3cret" not in text
        refused = work.pack("--no-cache")
        assert refused.exit_code == 5


def test_a_stale_lock(work: Workplace, parent: Path) -> None:
    work.write("pyproject.toml", MANIFEST)
    work.write("poetry.lock", locked(parent), METADATA, 'content-hash = "00"')
    assert "warning: the lock is out of date: 'pyproject.toml' has changed since" in work.packed().said.errors
    refused = work.pack("--locked")
    assert refused.exit_code == 2
    assert "the lock is out of date" in refused.errors


def test_a_project_elsewhere_with_its_settings(work: Workplace, parent: Path) -> None:
    work.write("apps/api/pyproject.toml", MANIFEST, "[tool.lambda-pack]", 'source = ["src"]')
    work.write("apps/api/poetry.lock", locked(parent), METADATA)
    work.write("apps/api/src/app.py", "")
    assert {"app.py", "parent.py"} <= set(work.packed("apps/api").names)
    assert "apps/api' and -r both" not in work.pack("apps/api").errors
    assert work.pack("apps/api", "-r", "apps/api/poetry.lock").exit_code == 2
    assert work.pack("apps/api", "--input", "poetry.lock", "-o", "out").exit_code == 0


def test_one_lock_for_several_targets(work: Workplace) -> None:
    """Version 2.0 fits new machines alone: the old one is held back, in the lock too."""
    make_wheel(work.index.folder, "pure-1.0-py3-none-any.whl")
    for version, glibc in (("1.0", "2_17"), ("2.0", "2_28")):
        for machine in ("x86_64", "aarch64"):
            make_wheel(work.index.folder, f"fast-{version}-cp311-abi3-manylinux_{glibc}_{machine}.whl")
    make_wheel(work.index.folder, "arms-1.0-py3-none-any.whl")
    work.write("requirements.txt", "pure", "fast", "arms; platform_machine == 'aarch64'")
    targets = (
        "--runtime",
        "python3.11",
        "--runtime",
        "python3.13",
        "--architecture",
        "x86_64",
        "--architecture",
        "arm64",
    )
    where = ("--index-url", work.index.url, "--cache-dir", work.cache)

    done = work.run(*COMMAND, "lock", *targets, *where)

    assert done.exit_code == 0, done.text
    lock = Pylock.from_dict(tomllib.loads((work.folder / "pylock.toml").read_text("utf-8")))
    found = {(package.name, str(package.version)): str(package.marker) for package in lock.packages}
    assert found == {
        ("pure", "1.0"): "None",
        ("fast", "1.0"): 'python_version == "3.11"',
        ("fast", "2.0"): 'python_version == "3.13"',
        ("arms", "1.0"): 'platform_machine == "aarch64"',
    }
    old = work.packed("-r", "pylock.toml", runtime="python3.11", architecture="x86_64")
    new = work.packed("-r", "pylock.toml", runtime="python3.13", architecture="arm64")
    assert old.closure == {"pure": "1.0", "fast": "1.0"}
    assert new.closure == {"pure": "1.0", "fast": "2.0", "arms": "1.0"}
    assert "the lock is for" in work.pack("-r", "pylock.toml", runtime="python3.12").errors


def test_nothing_is_locked_where_something_is_unmet(work: Workplace, child: Path) -> None:
    work.write("requirements.txt", child.name.split("-")[0])
    where = ("--index-url", work.index.url, "--cache-dir", work.cache, "--runtime", "python3.13")
    done = work.run(*COMMAND, "lock", *where, "-o", "pylock.dev.toml")
    assert done.exit_code == 3
    assert not (work.folder / "pylock.dev.toml").exists()
    assert work.run(*COMMAND, "lock", *where, "-o", "lock.toml").exit_code == 2
