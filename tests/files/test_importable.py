"""What of a bundle is imported, and what only looks like it: rows that a reader can check."""

from __future__ import annotations

from pathlib import Path

import pytest

from lambda_pack.files.importable import find_importable
from lambda_pack.files.owners import find_owners
from lambda_pack.model.targets import Target

EXTENSION = b"\x7fELF .. PyInit_fast .."
LIBRARY = b"\x7fELF .. nothing of Python's"


def lay(folder: Path, files: dict[str, bytes]) -> Path:
    """These files below a folder."""
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


@pytest.mark.parametrize(
    ("files", "modules"),
    [
        ({"six.py": b""}, ["six"]),
        ({"six.pyc": b""}, ["six"]),
        ({"six.py": b"", "six.pyc": b""}, ["six"]),
        ({"numpy/__init__.py": b"", "numpy/core.py": b""}, ["numpy"]),
        ({"fast.cpython-313-aarch64-linux-gnu.so": EXTENSION}, ["fast"]),
        ({"fast.abi3.so": EXTENSION}, ["fast"]),
        ({"fast.so": EXTENSION}, ["fast"]),
        (
            {"google/api/__init__.py": b"", "google/cloud/storage/__init__.py": b""},
            ["google.api", "google.cloud.storage"],
        ),
        ({"plugins/one.py": b"", "plugins/readme.txt": b""}, ["plugins.one"]),
        ({"six-1.0.dist-info/METADATA": b"", "numpy.libs/libopenblas.so": LIBRARY}, []),
        ({"share/man/man1/tool.1": b"", "README": b"", "libx.so.1": LIBRARY}, []),
        # Only for another interpreter: importing it says what that means.
        ({"fast.cpython-311-aarch64-linux-gnu.so": EXTENSION}, ["fast"]),
        ({"fast.cpython-313-x86_64-linux-gnu.so": EXTENSION}, ["fast"]),
    ],
)
def test_what_is_imported(tmp_path: Path, files: dict[str, bytes], modules: list[str]) -> None:
    found = find_importable([lay(tmp_path, files)], Target.parse("python3.13", "arm64"))

    assert list(found.modules) == modules
    assert not found.skipped


@pytest.mark.parametrize(
    ("name", "content", "what", "why"),
    [
        ("__main__.py", b"", "__main__.py", "a program"),
        ("setup.py", b"", "setup.py", "a build script"),
        ("conftest.py", b"", "conftest.py", "pytest's"),
        ("__init__.py", b"", "__init__.py", "no package"),
        ("2to3.py", b"", "2to3.py", "no name that an import statement can have"),
        ("my.script.py", b"", "my.script.py", "no name that an import statement can have"),
        ("my-tool/run.py", b"", "my-tool/", "no name that an import statement can have"),
        ("81d__mypyc.abi3.so", b"PyInit_81d__mypyc", "81d__mypyc.abi3.so", "no name that an import statement can have"),
        ("libx.so", LIBRARY, "libx.so", "it has no PyInit_libx"),
        ("fast.pyd", b"MZ", "fast.pyd", "for Windows"),
        ("ns/libx.so", LIBRARY, "ns/libx.so", "it has no PyInit_libx"),
        ("bin/read.py", b"", "bin/", "programs"),
    ],
)  # fmt: skip
def test_what_is_left_out_is_said(tmp_path: Path, name: str, content: bytes, what: str, why: str) -> None:
    found = find_importable([lay(tmp_path, {name: content})], Target.parse("python3.13", "arm64"))

    assert found.modules == ()
    assert [one.what for one in found.skipped] == [what]
    assert why in found.skipped[0].why


def test_one_extension_for_each_interpreter(tmp_path: Path) -> None:
    names = [f"fast.cpython-3{minor}-aarch64-linux-gnu.so" for minor in (11, 12, 13)]

    found = find_importable([lay(tmp_path, dict.fromkeys(names, EXTENSION))], Target.parse("python3.12", "arm64"))

    assert found.modules == ("fast",)
    assert [one.what for one in found.skipped] == [names[0], names[2]]


def test_submodules(tmp_path: Path) -> None:
    names = ["__init__.py", "__main__.py", "core.py", "tests/__init__.py", "tests/test_core.py", "sub/__init__.py"]
    names += [
        "_tests/__init__.py",
        "sub/deep.py",
        "sub/conftest.py",
        "templates/project/setup.py",
        "__pycache__/core.cpython-313.pyc",
    ]
    lay(tmp_path, {f"pkg/{name}": b"" for name in names})
    lay(tmp_path, {"pkg/fast.cpython-313-x86_64-linux-gnu.so": EXTENSION, "pkg/libx.so": LIBRARY, "single.py": b""})

    found = find_importable([tmp_path], Target.parse("python3.13"), submodules=True)

    assert found.modules == ("pkg", "pkg.core", "pkg.fast", "pkg.sub", "pkg.sub.deep", "single")
    assert {one.what: one.why.partition(",")[0] for one in found.skipped} == {
        "pkg/libx.so": "a library",
        "1 module of packages: programs": "`python -m` runs them",
        "4 modules of packages: tests": "a test runner imports them",
        "1 module of packages: folders without `__init__.py`": "data of a package",
    }


def test_python37_names_its_abi_otherwise(tmp_path: Path) -> None:
    lay(tmp_path, {"fast.cpython-37m-x86_64-linux-gnu.so": b"PyInit_fast"})

    assert find_importable([tmp_path], Target.parse("python3.7")).modules == ("fast",)


def test_several_folders_are_one_path(tmp_path: Path) -> None:
    task = lay(tmp_path / "task", {"app.py": b"", "ns/one.py": b""})
    layer = lay(tmp_path / "opt", {"app.py": b"", "ns/two.py": b""})

    found = find_importable([task, tmp_path / "missing", layer], Target.parse("python3.13"))

    assert found.modules == ("app", "ns.one", "ns.two")


@pytest.mark.parametrize(
    ("files", "path", "owner"),
    [
        ({"python_dateutil-2.9.dist-info/top_level.txt": b"dateutil\n"}, "dateutil/parser.py", "python-dateutil 2.9"),
        ({"six-1.17.0.dist-info/METADATA": b""}, "six.py", "six 1.17.0"),
        ({"pydantic_core-2.0.dist-info/METADATA": b""}, "pydantic_core/x.so", "pydantic-core 2.0"),
        ({"bs4-1.dist-info/RECORD": b"soup/a.py,,\n", "soup/a.py": b""}, "soup/a.py", "bs4 1"),
        # RECORD says whose it is, whatever other distributions call theirs.
        (
            {
                "googleapis_common_protos-1.dist-info/RECORD": b"google/api/http.py,,\n",
                "googleapis_common_protos-1.dist-info/top_level.txt": b"google\n",
                "google/api/http.py": b"",
                "google_cloud_storage-3.dist-info/RECORD": b"google/cloud/_storage_v2/__init__.py,,\n",
                "google/cloud/_storage_v2/__init__.py": b"",
            },
            "google/cloud/_storage_v2",
            "google-cloud-storage 3",
        ),
        (
            {
                "a-1.dist-info/RECORD": b"ns/a.py,,\n",
                "ns/a.py": b"",
                "b-1.dist-info/RECORD": b"ns/b/x.py,,\n",
                "ns/b/x.py": b"",
            },
            "ns/b",
            "b 1",
        ),
        ({"a-1.dist-info/RECORD": b"a/x.py,,\n", "a/x.py": b"", "a/mine.py": b""}, "a/mine.py", None),
        (
            {"cffi-1.dist-info/RECORD": b"_cffi.cpython-313.so,,\n", "_cffi.cpython-313.so": b""},
            "_cffi",
            "cffi 1",
        ),
        ({}, "yaml/__init__.py", None),
        ({}, "reported.py", "reported 3.0"),
    ],
)
def test_whose_a_file_is(tmp_path: Path, files: dict[str, bytes], path: str, owner: str | None) -> None:
    owners = find_owners([lay(tmp_path, files)], [("reported", "3.0")])

    assert owners.of(path) == owner
