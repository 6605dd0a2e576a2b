from __future__ import annotations

import hashlib
import json
import tomllib
from pathlib import Path
from typing import Any

import pytest

from lambda_pack.errors import UsageError
from lambda_pack.model.selection import Selection
from tests.inputs.locks import ARM, X86, lock_in, names, packages, read

HASH = "sha256:" + "0" * 64
PIPFILE = """\
[[source]]
name = "main"
url = "https://${TOKEN}@x.example/simple"
[[source]]
name = "other"
url = "https://y.example/simple"
[packages]
idna = "*"
six = {version = "*", markers = "platform_machine == 'aarch64'"}
[dev-packages]
pytest = "*"
[docs]
attrs = "*"
"""
ENTRIES: dict[str, Any] = {
    "default": {
        "idna": {"hashes": [HASH], "version": "==3.0", "index": "other"},
        "six": {"markers": "platform_machine == 'aarch64'", "version": "*"},
        "local": {"path": "./local", "editable": True},
    },
    "develop": {"pytest": {"hashes": [HASH], "version": "==8.0"}},
    "docs": {"attrs": {"hashes": [HASH], "version": "==1.0", "sys_platform": "== 'linux'"}},
}


def write(folder: Path, spec: int = 6) -> Path:
    """A project of pipenv's."""
    content = tomllib.loads(PIPFILE)
    relevant = {
        "_meta": {"sources": content["source"], "requires": {}},
        "default": content["packages"],
        "develop": content["dev-packages"],
        "docs": content["docs"],
    }
    digest = hashlib.sha256(json.dumps(relevant, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    meta = {"hash": {"sha256": digest}, "pipfile-spec": spec, "sources": content["source"]}
    (folder / "Pipfile").write_text(PIPFILE, "utf-8")
    (folder / "Pipfile.lock").write_text(json.dumps({"_meta": meta, **ENTRIES}), "utf-8")
    return folder


def test_what_a_target_needs(tmp_path: Path) -> None:
    reading = read(write(tmp_path))
    assert names(reading, X86) == {"idna": "3.0", "local": "None"}
    assert names(reading, ARM).keys() == {"idna", "local", "six"}
    assert reading.stale is None
    assert {str(root.name): root.origin.line for root in lock_in(reading).roots} == {"idna": 8, "six": 9}


@pytest.mark.parametrize(
    ("selection", "expected"),
    [
        (Selection(groups=("docs",)), {"idna", "local", "attrs"}),
        (Selection(groups=("dev-packages",)), {"idna", "local", "pytest"}),
        (Selection(only_groups=("dev",)), {"pytest"}),
    ],
)
def test_categories_are_groups(tmp_path: Path, selection: Selection, expected: set[str]) -> None:
    assert names(read(write(tmp_path), selection), X86).keys() == expected


def test_each_package_has_its_index(tmp_path: Path) -> None:
    reading = read(write(tmp_path), Selection(groups=("docs",)), TOKEN="secret")  # noqa: S106  # what is looked for
    found = {str(one.package.name): one for one in packages(reading, X86)}
    assert found["idna"].package.index == "https://y.example/simple"
    assert found["attrs"].package.index == "https://secret@x.example/simple"
    assert found["idna"].hashes == (("sha256", "0" * 64),)


def test_a_manifest_that_went_on(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "Pipfile").write_text(PIPFILE.replace('idna = "*"', 'idna = ">1"'), "utf-8")
    assert read(tmp_path).stale is not None


def test_a_newer_format(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="has the format 7, and lambda-pack knows 6; update lambda-pack"):
        read(write(tmp_path, spec=7))


@pytest.mark.parametrize(
    ("text", "message"), [("[", "is not JSON"), ("[]", "is not a JSON object"), ("{}", "'_meta' is missing")]
)
def test_what_is_no_lock_is_said(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "Pipfile.lock").write_text(text, "utf-8")
    with pytest.raises(UsageError, match=message):
        read(tmp_path)


@pytest.mark.parametrize(
    ("default", "docs", "expected"),
    [
        ({"version": "==1.0"}, {"version": "==2.0"}, ["1.0", "2.0"]),
        ({"version": "==1.0"}, {"version": "==1.0"}, ["1.0"]),
        ({"version": "==1.0", "markers": "sys_platform == 'win32'"}, {"version": "==1.0"}, ["1.0"]),
        ({"version": "==1.0", "markers": "sys_platform == 'win32'"}, {"version": "==2.0"}, ["2.0"]),
    ],
)
def test_categories_with_one_name(
    tmp_path: Path, default: dict[str, str], docs: dict[str, str], expected: list[str]
) -> None:
    """Categories are locked apart; two versions for one target are refused later, where the lock is used."""
    write(tmp_path)
    content = json.loads((tmp_path / "Pipfile.lock").read_text("utf-8"))
    content["default"], content["docs"] = {"a": default}, {"a": docs}
    (tmp_path / "Pipfile.lock").write_text(json.dumps(content), "utf-8")
    found = packages(read(tmp_path, Selection(groups=("docs",))), X86)
    assert [str(one.package.version) for one in found] == expected
