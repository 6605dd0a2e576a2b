"""Several indexes: which files are candidates, what builds require, what locks name, and what is said about it."""

from __future__ import annotations

import hashlib
import io
import json
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.command import COMMAND
from tests.end_to_end.workplace import Packed, Workplace, contents
from tests.support.index import LoopbackIndex
from tests.support.packages import make_wheel

OLD = "lib-1.0-cp38-abi3-manylinux2014_aarch64.manylinux_2_17_aarch64.whl"
NEW = "lib-1.0-cp39-abi3-manylinux_2_34_aarch64.whl"
HERE = f"python{sys.version_info[0]}.{sys.version_info[1]}"
# A backend that writes its own version into what it builds.
BACKEND = """
import os, zipfile

def build_wheel(directory, config_settings=None, metadata_directory=None):
    name = "made-1.0-py3-none-any.whl"
    info = "made-1.0.dist-info/"
    with zipfile.ZipFile(os.path.join(directory, name), "w") as wheel:
        wheel.writestr("made.py", "BUILT_WITH = {version!r}")
        wheel.writestr(info + "METADATA", "Metadata-Version: 2.1\\nName: made\\nVersion: 1.0\\n")
        said = ("Wheel-Version: 1.0", "Generator: x", "Root-Is-Purelib: true", "Tag: py3-none-any")
        wheel.writestr(info + "WHEEL", "".join(line + "\\n" for line in said))
        listed = ("made.py", *(info + file for file in ("METADATA", "WHEEL", "RECORD")))
        wheel.writestr(info + "RECORD", "".join(path + ",,\\n" for path in listed))
    return name
"""
PYPROJECT = (
    '[build-system]\nrequires = ["corp-tool"]\nbuild-backend = "corp_tool"\n[project]\nname = "made"\nversion = "1.0"\n'
)


@pytest.fixture
def private(tmp_path: Path) -> Iterator[LoopbackIndex]:
    """A second index, beside the one of the workplace."""
    with LoopbackIndex(tmp_path / "private") as index:
        yield index


def packed(work: Workplace, *arguments: str | Path, **environ: str) -> Packed:
    """Packed for this interpreter's version, with the settings of the environment alone."""
    output = work.folder.parent / f"out-{len(list(work.folder.parent.glob('out-*')))}"
    options = ("--runtime", HERE, "--retries", "0", "--cache-dir", work.cache, "--builder", "host", "-o", output)
    done = work.run(*COMMAND, "pack", *options, *arguments, extra=environ)
    assert done.exit_code == 0, done.text
    (archive,) = output.glob("*.zip")
    return Packed(archive, done)


@pytest.mark.parametrize("resolver", ["uv", "pip"])
@pytest.mark.parametrize("place", ["extra-index-url", "find-links"])
def test_the_files_of_a_version_are_candidates_wherever_they_are(
    work: Workplace, private: LoopbackIndex, resolver: str, place: str
) -> None:
    make_wheel(work.index.folder, OLD)
    make_wheel(private.folder, NEW)
    where = private.url if place == "extra-index-url" else private.files_url
    work.write("requirements.txt", "lib")
    done = work.packed("-v", "--resolver", resolver, f"--{place}", where)
    (package,) = done.report["packages"]
    assert package["file"] == NEW
    assert package["verified"] is True
    assert package["index"] == where
    assert f"from {where}" in done.said.text


@pytest.mark.parametrize("resolver", ["uv", "pip"])
def test_with_the_first_index_only_its_files_are_candidates(
    work: Workplace, private: LoopbackIndex, resolver: str
) -> None:
    make_wheel(private.folder, OLD)
    make_wheel(work.index.folder, NEW)
    make_wheel(work.index.folder, "lib-2.0-py3-none-any.whl")
    work.write("requirements.txt", "lib")
    rule = ("--extra-index-url", private.url, "--index-strategy", "first-index")
    (package,) = work.packed("--resolver", resolver, *rule).report["packages"]
    assert (package["file"], package["index"]) == (OLD, private.url)


@pytest.mark.parametrize("resolver", ["uv", "pip"])
def test_older_versions_are_looked_for_where_the_package_may_come_from(
    work: Workplace, private: LoopbackIndex, resolver: str
) -> None:
    make_wheel(private.folder, "lib-1.0-py3-none-any.whl")
    make_wheel(private.folder, "lib-3.0-cp313-cp313-manylinux_2_38_aarch64.whl")
    make_wheel(work.index.folder, "lib-2.0-py3-none-any.whl")
    project = '[project]\nname = "shop"\nversion = "1.0"\ndependencies = ["lib"]\n'
    index = f'[[tool.uv.index]]\nname = "corp"\nurl = "{private.url}"\nexplicit = true\n'
    work.write("pyproject.toml", project, index, '[tool.uv.sources]\nlib = { index = "corp" }')
    done = work.packed("--resolver", resolver)
    assert done.closure == {"lib": "1.0"}
    assert not [one for one in work.index.requests if "lib" in one.path]


@pytest.mark.parametrize("resolver", ["uv", "pip"])
def test_a_project_may_name_an_index_that_only_a_variable_has(
    work: Workplace, private: LoopbackIndex, resolver: str
) -> None:
    make_wheel(private.folder, "lib-1.0-py3-none-any.whl")
    make_wheel(work.index.folder, "lib-2.0-py3-none-any.whl")
    project = '[project]\nname = "shop"\nversion = "1.0"\ndependencies = ["lib"]\n'
    work.write("pyproject.toml", project, '[tool.uv.sources]\nlib = { index = "corp" }')
    first = {"UV_INDEX": work.index.url, "UV_DEFAULT_INDEX": f"corp={private.url}"}
    assert packed(work, "--resolver", resolver, **first).closure == {"lib": "1.0"}

    refused = work.pack("--resolver", resolver)
    assert refused.exit_code == 2
    assert "'corp'" in refused.errors


def test_builds_find_what_they_require_by_the_same_rule(work: Workplace, private: LoopbackIndex) -> None:
    for folder, version in ((private.folder, "1.0"), (work.index.folder, "99.0")):
        name = f"corp_tool-{version}-py3-none-any.whl"
        make_wheel(folder, name, files={"corp_tool.py": BACKEND.replace("{version!r}", repr(version))})
    with tarfile.open(private.folder / "made-1.0.tar.gz", "w:gz") as sdist:
        said = "Metadata-Version: 2.2\nName: made\nVersion: 1.0\n"
        for name, text in (("pyproject.toml", PYPROJECT), ("PKG-INFO", said)):
            member = tarfile.TarInfo(f"made-1.0/{name}")
            member.size = len(text)
            sdist.addfile(member, io.BytesIO(text.encode()))
    work.write("requirements.txt", "made")
    indexes = {"UV_INDEX": private.url, "UV_DEFAULT_INDEX": work.index.url}
    first = packed(work, **indexes)
    assert contents(first.zip)["made.py"] == b"BUILT_WITH = '1.0'"
    assert not [one for one in work.index.requests if one.path.endswith(".whl")]
    # What was built with other indexes is not reused.
    merged = packed(work, **indexes, UV_INDEX_STRATEGY="unsafe-best-match")
    assert contents(merged.zip)["made.py"] == b"BUILT_WITH = '99.0'"


def test_mixed_settings_are_decided_once_and_said(work: Workplace, private: LoopbackIndex) -> None:
    make_wheel(private.folder, "lib-1.0-py3-none-any.whl")
    make_wheel(work.index.folder, "lib-99.0-py3-none-any.whl")
    work.write("requirements.txt", "lib")
    done = packed(work, UV_INDEX=private.url, PIP_INDEX_URL=work.index.url, PIP_EXTRA_INDEX_URL=work.index.url)
    assert done.closure == {"lib": "1.0"}
    (warning,) = done.report["warnings"]
    assert "uv's rule counts for all of them" in warning
    assert "UV_INDEX" in warning
    assert "PIP_EXTRA_INDEX_URL" in warning


def test_a_lock_keeps_to_the_index_that_it_names(work: Workplace, private: LoopbackIndex) -> None:
    """An index of the settings has a file of the same name; the lock has no digest that would tell them apart."""
    ours = make_wheel(private.folder, "lib-1.0-py3-none-any.whl", files={"lib.py": "ours"})
    make_wheel(work.index.folder, ours.name, files={"lib.py": "theirs"})
    sources = [{"name": "pub", "url": work.index.url}, {"name": "corp", "url": private.url}]
    entry = {"version": "==1.0", "index": "corp", "hashes": [f"sha256:{_digest(ours)}"]}
    lock = {"_meta": {"pipfile-spec": 6, "sources": sources}, "default": {"lib": entry}}
    work.write("Pipfile.lock", json.dumps(lock))
    done = packed(work, "--input", "Pipfile.lock", PIP_INDEX_URL=work.index.url, UV_INDEX=work.index.url)
    assert contents(done.zip)["lib.py"] == b"ours"
    assert not work.index.requests


def test_a_view_hides_its_index_from_what_it_says(work: Workplace, private: LoopbackIndex) -> None:
    """An index behind a view that fails is named itself, not the address on loopback that uv was given."""
    project = '[project]\nname = "shop"\nversion = "1.0"\ndependencies = ["lib"]\n'
    index = '[[tool.uv.index]]\nname = "corp"\nurl = "http://127.0.0.1:9/simple"\nexplicit = true\n'
    work.write("pyproject.toml", project, index, '[tool.uv.sources]\nlib = { index = "corp" }')
    done = work.pack("-o", work.folder.parent / "out", "--find-links", private.files_url)
    assert done.exit_code == 5
    assert "127.0.0.1:9" in done.text


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
