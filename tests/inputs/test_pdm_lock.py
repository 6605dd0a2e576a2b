from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from lambda_pack.errors import UsageError
from lambda_pack.model.selection import Selection
from tests.inputs.locks import ARM, X86, names, packages, read

HASH = "sha256:" + "0" * 64
DEPENDENCIES = ["requests[socks]", "six; platform_machine == 'aarch64'"]
MANIFEST = f"""\
[project]
name = "shop"
dependencies = {json.dumps(DEPENDENCIES)}
[dependency-groups]
web = ["attrs"]
[[tool.pdm.source]]
name = "mine"
url = "https://me:${{TOKEN}}@x.example/simple"
"""
_RELEVANT = {
    "sources": [{"name": "mine", "url": "https://me:${TOKEN}@x.example/simple"}],
    "dependencies": DEPENDENCIES,
    "dev-dependencies": {"web": ["attrs"]},
    "optional-dependencies": {},
    "requires-python": "",
    "resolution": {},
}
CONTENT_HASH = hashlib.sha256(json.dumps(_RELEVANT, sort_keys=True).encode()).hexdigest()


def package(name: str, *lines: str, group: str = "default") -> str:
    """One package of a lock."""
    head = f'[[package]]\nname = "{name}"\nversion = "1.0"\nrequires_python = ">=3.8"\ngroups = ["{group}"]\n'
    files = f'files = [{{file = "{name}-1.0-py3-none-any.whl", hash = "{HASH}"}}]\n'
    return head + files + "".join(f"{line}\n" for line in lines)


PACKAGES = (
    package("attrs", group="web")
    + package("pysocks")
    + package("requests")
    + package("requests", 'extras = ["socks"]', 'dependencies = ["PySocks", "requests==1.0"]')
    + package("six", "marker = \"platform_machine == 'aarch64'\"")
)


def write(
    folder: Path, packages: str = PACKAGES, *, strategy: str = "inherit_metadata", version: str = "4.5.0"
) -> Path:
    """A project of pdm's."""
    metadata = (
        f"[metadata]\n"
        f'groups = ["default", "web"]\n'
        f'strategy = ["{strategy}"]\n'
        f'lock_version = "{version}"\n'
        f'content_hash = "sha256:{CONTENT_HASH}"\n'
    )
    (folder / "pyproject.toml").write_text(MANIFEST, "utf-8")
    (folder / "pdm.lock").write_text(f'{metadata}[[metadata.targets]]\nrequires_python = ">=3.11"\n{packages}', "utf-8")
    return folder


@pytest.mark.parametrize("strategy", ["inherit_metadata", "static_urls"])
def test_what_a_target_needs(tmp_path: Path, strategy: str) -> None:
    write(tmp_path, strategy=strategy)
    assert names(read(tmp_path), X86).keys() == {"pysocks", "requests"}
    assert names(read(tmp_path), ARM).keys() == {"pysocks", "requests", "six"}
    assert names(read(tmp_path, Selection(groups=("web",))), X86).keys() == {"attrs", "pysocks", "requests"}
    assert (read(tmp_path).name, read(tmp_path).stale) == ("shop", None)


def test_its_indexes_are_asked_and_their_logins_come_from_variables(tmp_path: Path) -> None:
    reading = read(write(tmp_path), TOKEN="secret")  # noqa: S106  # what is looked for
    assert reading.written.indexes is not None
    assert reading.written.indexes.urls == ("https://me:secret@x.example/simple",)


def test_a_group_that_was_not_locked(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"'docs' is not a group of .*pdm\.lock'; choose one of: default, web"):
        read(write(tmp_path), Selection(groups=("docs",)))


def test_places(tmp_path: Path) -> None:
    rows = package("a", 'path = "./a"') + package("b", 'git = "https://x.example/b.git"', 'revision = "abc"')
    found = {str(one.package.name): one.package for one in packages(read(write(tmp_path, rows)), X86)}
    assert found["a"].directory is not None
    assert found["b"].vcs is not None
    assert (found["b"].version, found["b"].vcs.commit_id) == (None, "abc")


def test_a_manifest_that_went_on(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "pyproject.toml").write_text(MANIFEST.replace("attrs", "attrs>1"), "utf-8")
    assert read(tmp_path).stale is not None


@pytest.mark.parametrize(("version", "now"), [("5.0", "update lambda-pack"), ("3.1", "lock again with a newer pdm")])
def test_other_formats(tmp_path: Path, version: str, now: str) -> None:
    with pytest.raises(UsageError, match=f"has the format {version}, and lambda-pack knows 4.x; {now}"):
        read(write(tmp_path, version=version))
