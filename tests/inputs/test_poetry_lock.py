from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from packaging.markers import Marker
from packaging.utils import canonicalize_name

from lambda_pack.errors import UsageError
from lambda_pack.inputs.poetry_constraints import alternatives, python_marker
from lambda_pack.model.selection import Selection
from tests.inputs.locks import ARM, X86, lock_in, names, packages, read

HASH = "sha256:" + "0" * 64
FAST, WEB = Selection(extras=("fast",)), Selection(groups=("web",))
MANIFEST = """\
[tool.poetry]
name = "shop"
[tool.poetry.dependencies]
python = "^3.11"
pandas = "^2"
six = { version = "*", markers = "platform_machine == 'aarch64'" }
ujson = { version = "*", optional = true }
[tool.poetry.extras]
fast = ["ujson"]
[tool.poetry.group.web.dependencies]
attrs = "*"
[[tool.poetry.source]]
name = "mine"
url = "https://x.example/simple"
priority = "explicit"
"""


def package(name: str, version: str, *lines: str, source: str = "") -> str:
    """One package of a lock with a wheel and an sdist."""
    files = ", ".join(
        f'{{file = "{name}-{version}{end}", hash = "{HASH}"}}' for end in ("-py3-none-any.whl", ".tar.gz")
    )
    body = "\n".join(lines)
    return (
        f"[[package]]\n"
        f'name = "{name}"\n'
        f'version = "{version}"\n'
        f"optional = false\n"
        f'python-versions = "*"\n'
        f"files = [{files}]\n"
        f"{body}\n"
        f"{source}\n"
    )


LOCK = (
    package(
        "attrs",
        "1.0",
        'groups = ["web"]',
        source='[package.source]\ntype = "legacy"\nurl = "https://x.example/simple"\nreference = "mine"',
    )
    + package("numpy", "1.0", 'groups = ["main"]', "markers = \"python_version < '3.12'\"")
    + package(
        "numpy",
        "2.0",
        'groups = ["main", "web"]',
        "markers = {main = \"python_version >= '3.12'\", web = \"sys_platform == 'win32'\"}",
    )
    + package(
        "pandas",
        "2.1",
        'groups = ["main"]',
        (
            "[package.dependencies]\n"
            'numpy = [{version = ">=1,<2", markers = "python_version < \'3.12\'"}, '
            '{version = ">=2 || >=3", markers = "python_version >= \'3.12\'"}]'
        ),
    )
    + package("six", "1.0", 'groups = ["main"]', "markers = \"platform_machine == 'aarch64'\"")
    + package("ujson", "5.0", 'groups = ["main"]', "markers = \"extra == 'fast'\"")
)


def content_hash(manifest: str) -> str:
    """What poetry writes about a manifest without `[project]`."""
    import tomllib

    own = tomllib.loads(manifest)["tool"]["poetry"]
    relevant = {key: own.get(key) for key in ("dependencies", "source", "extras", "dev-dependencies")} | {
        "group": own["group"]
    }
    return hashlib.sha256(json.dumps(relevant, sort_keys=True).encode()).hexdigest()


def write(folder: Path, lock: str = LOCK, version: str = "2.1") -> Path:
    """A project of poetry's."""
    metadata = (
        f"[metadata]\n"
        f'lock-version = "{version}"\n'
        f'python-versions = "^3.11"\n'
        f'content-hash = "{content_hash(MANIFEST)}"\n'
    )
    (folder / "pyproject.toml").write_text(MANIFEST, "utf-8")
    (folder / "poetry.lock").write_text(lock + "[extras]\nfast = ['ujson']\n" + metadata, "utf-8")
    return folder


# Before 2.1 there is nothing but the graph.
OLD = "\n".join(line for line in LOCK.splitlines() if not line.startswith(("groups", "markers"))) + "\n"


@pytest.mark.parametrize(("lock", "version"), [(LOCK, "2.1"), (OLD, "2.0"), (OLD, "1.1")])
def test_what_a_target_needs(tmp_path: Path, lock: str, version: str) -> None:
    write(tmp_path, lock, version)
    assert names(read(tmp_path), X86) == {"numpy": "2.0", "pandas": "2.1"}
    assert names(read(tmp_path), ARM) == {"numpy": "2.0", "pandas": "2.1", "six": "1.0"}
    assert names(read(tmp_path, FAST), X86).keys() == {"numpy", "pandas", "ujson"}
    assert names(read(tmp_path, WEB), X86).keys() == {"numpy", "pandas", "attrs"}
    assert names(read(tmp_path, Selection(only_groups=("web",))), X86).keys() == {"attrs"}
    assert (read(tmp_path).name, read(tmp_path).stale) == ("shop", None)


@pytest.mark.parametrize("markers", ['"<empty>"', '{main = "<empty>", web = "sys_platform == \'linux\'"}'])
def test_a_condition_that_never_holds(tmp_path: Path, markers: str) -> None:
    lock = package("never", "1.0", 'groups = ["main", "web"]', f"markers = {markers}")

    reading = read(write(tmp_path, LOCK + lock))

    assert "never" not in names(reading, X86)


def test_lines_and_chains(tmp_path: Path) -> None:
    reading = read(write(tmp_path))
    assert {str(root.name): root.origin.line for root in lock_in(reading).roots} == {"pandas": 5, "six": 6}
    assert [str(one) for one in lock_in(reading).requires_of(X86)[canonicalize_name("pandas")]][1].startswith(
        "numpy===2.0"
    )


def test_a_named_source_and_its_login(tmp_path: Path) -> None:
    login = {"POETRY_HTTP_BASIC_MINE_USERNAME": "me", "POETRY_HTTP_BASIC_MINE_PASSWORD": "secret"}
    reading = read(write(tmp_path), WEB, **login)
    found = {str(one.package.name): one.package for one in packages(reading, X86)}
    assert found["attrs"].index == "https://me:secret@x.example/simple"
    assert found["pandas"].index is None
    wheels = found["attrs"].wheels
    assert wheels is not None
    assert (wheels[0].filename, wheels[0].url, wheels[0].hashes) == (
        "attrs-1.0-py3-none-any.whl",
        None,
        {"sha256": "0" * 64},
    )


def test_trees_and_archives(tmp_path: Path) -> None:
    rows = (
        (
            "git",
            (
                'type = "git"\n'
                'url = "https://x.example/a.git"\n'
                'reference = "v1"\n'
                'resolved_reference = "abc"\n'
                'subdirectory = "in"'
            ),
        ),
        ("there", 'type = "directory"\nurl = "../there"'),
        ("file", 'type = "file"\nurl = "w/file-1.0-py3-none-any.whl"'),
        ("url", 'type = "url"\nurl = "https://x.example/url-1.0-py3-none-any.whl"'),
    )
    lock = "".join(package(name, "1.0", 'groups = ["main"]', source=f"[package.source]\n{text}") for name, text in rows)
    found = {str(one.package.name): one.package for one in packages(read(write(tmp_path, lock)), X86)}
    assert found["git"].vcs is not None
    assert (found["git"].vcs.commit_id, found["git"].vcs.subdirectory) == ("abc", "in")
    assert found["there"].directory is not None
    assert found["there"].directory.path == "../there"
    assert found["file"].archive is not None
    assert found["file"].archive.path == "w/file-1.0-py3-none-any.whl"
    assert found["url"].archive is not None
    assert found["url"].archive.hashes == {"sha256": "0" * 64}


def test_a_manifest_that_went_on(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "pyproject.toml").write_text(MANIFEST.replace("^2", "^3"), "utf-8")
    assert read(tmp_path).stale is not None


def test_a_newer_format(tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match=r"has the format 3\.0, and lambda-pack knows 1\.0 to 2\.x; update lambda-pack"
    ):
        read(write(tmp_path, version="3.0"))


@pytest.mark.parametrize(
    ("constraint", "expected"),
    [
        ("^1.2.3", ["<2,>=1.2.3"]),
        ("^0.2.3", ["<0.3,>=0.2.3"]),
        ("^0.0.3", ["<0.0.4,>=0.0.3"]),
        ("^0.0", ["<0.1,>=0.0"]),
        ("^0", ["<1,>=0"]),
        ("~1.2.3", ["<1.3,>=1.2.3"]),
        ("~1.2", ["<1.3,>=1.2"]),
        ("~1", ["<2,>=1"]),
        ("~=1.2", ["~=1.2"]),
        ("1.2.*", ["==1.2.*"]),
        ("1.2", ["==1.2"]),
        ("*", [""]),
        (">= 1.2, < 2", ["<2,>=1.2"]),
        (">=1.2 <2 || ^3.0", ["<2,>=1.2", "<4,>=3.0"]),
    ],
)
def test_constraints(constraint: str, expected: list[str]) -> None:
    assert [",".join(sorted(str(one).split(","))) for one in alternatives(constraint)] == expected


@pytest.mark.parametrize("constraint", ["", "^", "latest", "^x.1", ">=1 ||"])
def test_what_is_no_constraint(constraint: str) -> None:
    with pytest.raises(UsageError, match="is not a version constraint"):
        alternatives(constraint)


def test_python_as_a_marker() -> None:
    assert python_marker("*") is None
    assert python_marker("^3.9") == Marker("python_full_version < '4' and python_full_version >= '3.9'")


def test_an_extra_of_the_project_is_none_of_its_packages(tmp_path: Path) -> None:
    """In a lock before 2.1 a package's own extra of the same name is not asked for."""
    (tmp_path / "pyproject.toml").write_text(
        '[tool.poetry]\nname = "shop"\n[tool.poetry.dependencies]\npython = ">=3.8"\na = "*"\n'
        'b = { version = "*", optional = true }\n'
        '[tool.poetry.extras]\nfast = ["b"]\n',
        "utf-8",
    )
    package = '[[package]]\nname = "{0}"\nversion = "1.0"\noptional = false\npython-versions = "*"\nfiles = []\n'
    wants = '[package.dependencies]\nc = { version = "*", optional = true, markers = "extra == \'fast\'" }\n'
    lock = package.format("a") + wants + package.format("b") + package.format("c")
    metadata = '[metadata]\nlock-version = "2.0"\npython-versions = ">=3.8"\ncontent-hash = "x"\n'
    (tmp_path / "poetry.lock").write_text(lock + metadata, "utf-8")
    assert names(read(tmp_path, Selection(extras=("fast",))), X86) == {"a": "1.0", "b": "1.0"}
