"""How uv is called, and what its endings mean, with a program in its place that says what it was told to say."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from lambda_pack.errors import IndexUnavailable, LambdaPackError, UnmetDependencies
from lambda_pack.model.exclusions import Conflict, Exclusions
from lambda_pack.model.indexes import IndexSettings
from lambda_pack.model.packages import Pin
from lambda_pack.model.requirements import Origin, Requested, Requirements
from lambda_pack.model.targets import Target
from lambda_pack.tools.environment import package_environment
from lambda_pack.tools.interpreters import base_interpreter
from lambda_pack.tools.uv_program import find_uv
from lambda_pack.tools.uv_resolver import UvResolver
from tests.support.index import LoopbackIndex
from tests.support.packages import make_wheel

TARGET = Target.parse("python3.13")


def resolver(folder: Path, script: str) -> UvResolver:
    """A resolver whose uv is this shell script."""
    uv = folder / "uv"
    uv.write_text(f"#!/bin/sh\n{script}\n")
    uv.chmod(0o755)
    scratch = folder / "scratch"
    scratch.mkdir()
    return UvResolver(Requirements(folder), str(uv), Path(sys.executable), {"PATH": "/usr/bin:/bin"}, scratch)


@pytest.mark.parametrize(
    ("said", "status", "error"),
    [
        ("error: No solution found when resolving dependencies", 1, UnmetDependencies),
        ("error: Failed to build `x==1`\n  cause: it broke\n         error: Failed to fetch", 1, UnmetDependencies),
        ("error: Failed to fetch: http://127.0.0.1:9/x.whl.metadata\n  cause: 404", 1, IndexUnavailable),
        ("error: Failed to download `x`\n  cause: Failed to fetch: http://127.0.0.1:9/x", 1, IndexUnavailable),
        ("error: Git operation failed\n  cause: failed to clone", 1, IndexUnavailable),
        ("error: Received some unexpected JSON from `http://127.0.0.1:9/x/`", 1, IndexUnavailable),
        ("error: Request failed after 5 retries", 2, IndexUnavailable),
    ],
)
def test_what_an_ending_means(tmp_path: Path, said: str, status: int, error: type[LambdaPackError]) -> None:
    with pytest.raises(error) as caught:
        resolver(tmp_path, f"printf '%s\\n' {shlex.quote(said)} >&2; exit {status}").resolve(TARGET)
    assert said in caught.value.log


def test_what_uv_leaves_behind_goes_with_the_scratch_folder(tmp_path: Path) -> None:
    with pytest.raises(IndexUnavailable) as caught:
        resolver(tmp_path, 'echo "$TMPDIR $TEMP $TMP"; exit 2').resolve(TARGET)
    assert caught.value.log.split() == [str(tmp_path / "scratch")] * 3


def real_uv(folder: Path, environment: Mapping[str, str], *lines: str) -> UvResolver:
    """The real uv, over the wheels in a folder alone."""
    scratch = folder / "scratch"
    scratch.mkdir()
    asked = tuple(Requested(Origin("r.txt", number), Requirement(line)) for number, line in enumerate(lines, 1))
    wanted = Requirements(folder, asked, indexes=IndexSettings(no_index=True, find_links=(str(folder / "wheels"),)))
    seen = package_environment(environment)
    return UvResolver(wanted, find_uv(environment), base_interpreter(), seen, scratch, scratch / "cache")


METADATA = b"""Metadata-Version: 2.1
Name: app
Version: 2.0
Requires-Python: >=3.8
Requires-Dist: base
Requires-Dist: more ; extra == "x"
Provides-Extra: x
"""


@pytest.mark.parametrize(
    ("lines", "pins", "expected"),
    [
        (("app", "base==2.0"), (), {"app": "1.0", "base": "2.0"}),
        (("app==2.0", "base"), (), {"app": "2.0", "base": "1.0"}),
        (("app[x]==2.0",), (), {"app": "2.0", "base": "1.0", "more": "1.0+local"}),
        (("more",), ("more==1.0+local",), {"more": "1.0"}),
        (("app",), ("app==2.0", "base==2.0"), {"app": "1.0", "base": "1.0"}),
    ],
)
def test_the_real_uv_heeds_exclusions(
    tmp_path: Path,
    clean_environment: dict[str, str],
    lines: tuple[str, ...],
    pins: tuple[str, ...],
    expected: dict[str, str],
) -> None:
    for version in ("1.0", "2.0"):
        make_wheel(tmp_path / "wheels", f"base-{version}-py3-none-any.whl")
        make_wheel(tmp_path / "wheels", f"app-{version}-py3-none-any.whl", requires=("base", 'more; extra == "x"'))
    for version in ("1.0", "1.0+local"):
        make_wheel(tmp_path / "wheels", f"more-{version}-py3-none-any.whl")
    conflict = Conflict(Pin.parse("app", "2.0"), "base<2", "was compiled for base 1", METADATA)
    excluded = frozenset(Pin.parse(*pin.split("==")) for pin in pins)
    lock = real_uv(tmp_path, clean_environment, *lines).resolve(
        TARGET, exclusions=Exclusions(excluded, frozenset({conflict}))
    )
    assert {str(package.name): str(package.version) for package in lock.packages} == expected


def test_uv_takes_pre_releases_where_all_else_is_excluded(tmp_path: Path, clean_environment: dict[str, str]) -> None:
    # So the search excludes them, too, and naming one pre-release must not let in another.
    for version in ("1.0", "2.0", "3.0rc1", "3.0rc2"):
        make_wheel(tmp_path / "wheels", f"app-{version}-py3-none-any.whl")
    uv = real_uv(tmp_path, clean_environment, "app")

    def chosen(*versions: str) -> str:
        excluded = Exclusions(frozenset(Pin.parse("app", version) for version in versions))
        (package,) = uv.resolve(TARGET, exclusions=excluded).packages
        return str(package.version)

    assert chosen("2.0") == "1.0"
    assert chosen("2.0", "3.0rc1", "3.0rc2") == "1.0"
    assert chosen("2.0", "1.0") == "3.0rc2"
    with pytest.raises(UnmetDependencies):
        chosen("1.0", "2.0", "3.0rc1", "3.0rc2")


def test_a_search_asks_an_index_once(tmp_path: Path, index: LoopbackIndex, clean_environment: dict[str, str]) -> None:
    # It does not say how long its pages may be kept, as many do not, and a search asks uv again within a second.
    for version in ("1.0", "2.0", "3.0"):
        index.add(make_wheel(tmp_path, f"app-{version}-py3-none-any.whl", requires=("base",)))
    index.add(make_wheel(tmp_path, "base-1.0-py3-none-any.whl"))
    (tmp_path / "scratch").mkdir()
    asked = Requested(Origin("r.txt", 1), Requirement("app"))
    uv = UvResolver(
        Requirements(tmp_path, (asked,), indexes=IndexSettings(index_url=index.url)),
        find_uv(clean_environment),
        base_interpreter(),
        package_environment(clean_environment),
        tmp_path / "scratch",
        tmp_path / "cache",
    )

    def chosen(*versions: str) -> tuple[str, int]:
        index.forget()
        packages = uv.resolve(TARGET, exclusions=Exclusions(frozenset(Pin.parse("app", one) for one in versions)))
        (version,) = (str(one.version) for one in packages.packages if one.name == "app")
        return version, len(index.asked("/simple/*"))

    assert chosen() == ("3.0", 2)
    assert chosen("3.0") == ("2.0", 2)
    assert chosen("3.0", "2.0") == ("1.0", 0)
    assert "cache-control" not in uv.question(TARGET).files["uv.toml"]
