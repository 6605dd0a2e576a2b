"""The patch level of a runtime is not known, so nothing depends on it in silence; nor on the kernel."""

from __future__ import annotations

import hashlib
import re

import pytest

from lambda_pack.model.patch_levels import NEWEST_PATCHES
from tests.end_to_end.workplace import Workplace
from tests.support.packages import make_wheel

NEWEST = f"3.12.{NEWEST_PATCHES[3, 12]}"
RESOLVERS = pytest.mark.parametrize("resolver", ["uv", "pip"])


@pytest.fixture
def shop(work: Workplace) -> Workplace:
    """An index with packages that ask for patch levels and kernels."""
    index = work.index.folder
    make_wheel(index, "six-1.0-py3-none-any.whl", requires_python=">=3.12.4")
    make_wheel(index, "backport-1.0-py3-none-any.whl")
    parents = {
        "newer": ['backport; python_full_version >= "3.12.4"'],
        "older": ['backport; python_full_version < "3.12.9"'],
        "fixed": ['backport; python_full_version < "3.12.2"', 'backport; python_full_version < "3.13"'],
        "kernel": ['backport; platform_release >= "5"'],
        "named": ['backport; "amzn2023" not in platform_version and sys_platform == "linux"'],
    }
    for name, requires in parents.items():
        make_wheel(index, f"{name}-1.0-py3-none-any.whl", requires=requires)
    make_wheel(index, "behind-1.0-py3-none-any.whl", extras={"a": ['backport; implementation_version < "3.12.9"']})
    return work


@RESOLVERS
def test_a_project_and_a_package_for_later_patch_levels_are_packed(shop: Workplace, resolver: str) -> None:
    shop.write(
        "pyproject.toml",
        "[project]",
        'name = "shop"',
        'version = "1"',
        'requires-python = ">=3.12.4"',
        'dependencies = ["six"]',
    )

    packed = shop.packed(".", "--resolver", resolver, runtime="python3.12")

    assert list(packed.closure) == ["six"]
    assert "patch level" not in packed.said.errors


@RESOLVERS
@pytest.mark.parametrize(
    ("line", "is_packed", "words"),
    [
        ('backport; python_full_version >= "3.12.4"', True, f"requirements.txt:1: .* {NEWEST} is assumed"),
        ('backport; python_full_version < "3.12.4"', False, "requirements.txt:1: .* so it is left out"),
        ("newer", True, "newer: whether backport is needed depends on the patch level of Python .* so it is packed"),
        ("older", False, "older: whether backport is needed depends on the patch level of Python .* so it is left out"),
        ("kernel", False, "kernel: whether backport is needed depends on platform_release .* so it is left out"),
        ("named", True, "named: whether backport is needed depends on platform_version .* so it is packed"),
        ("behind[a]", False, "behind: whether backport is needed depends on the patch level of Python"),
        ("behind", False, None),
        ("fixed", True, None),
    ],
)  # fmt: skip
def test_a_marker_that_the_target_does_not_determine_is_named(
    shop: Workplace, line: str, words: str | None, resolver: str, *, is_packed: bool
) -> None:
    shop.write("requirements.txt", line)

    packed = shop.packed("-r", "requirements.txt", "--resolver", resolver, runtime="python3.12")

    assert ("backport" in packed.closure) is is_packed
    if words is None:
        assert "depends on" not in packed.said.errors
    else:
        assert re.search(words, packed.said.errors), packed.said.errors


@RESOLVERS
def test_a_package_that_only_later_patch_levels_meet_is_packed_with_a_warning(shop: Workplace, resolver: str) -> None:
    make_wheel(shop.index.folder, "future-1.0-py3-none-any.whl", requires=["backport"], requires_python=">=3.12.99")
    shop.write("requirements.txt", "future")

    packed = shop.packed("-r", "requirements.txt", "--resolver", resolver, runtime="python3.12")

    assert sorted(packed.closure) == ["backport", "future"]
    assert "future==1.0 requires Python >=3.12.99, and the newest patch level known" in packed.said.errors


def test_check_and_lock_name_it_too(shop: Workplace) -> None:
    shop.write("requirements.txt", "older")

    for command in ("check", "lock"):
        done = shop.run(*shop.command(command, "-r", "requirements.txt", runtime="python3.12"))
        assert done.exit_code == 0, done.text
        assert "older: whether backport is needed depends on the patch level" in done.errors


@pytest.mark.parametrize("required", [">=3.12.99", "<3.12.2"])
def test_a_project_that_only_unknown_patch_levels_meet_is_packed_with_a_warning(shop: Workplace, required: str) -> None:
    shop.write(
        "pyproject.toml",
        "[project]",
        'name = "shop"',
        'version = "1"',
        f'requires-python = "{required}"',
        'dependencies = ["backport"]',
    )

    packed = shop.packed(".", runtime="python3.12")

    assert (
        f"the project requires Python {required}, and the newest patch level known for python3.12" in packed.said.errors
    )


def test_a_lock_whose_marker_turns_on_the_patch_level_says_so(shop: Workplace) -> None:
    file = shop.index.folder / "backport-1.0-py3-none-any.whl"
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    shop.write(
        "pylock.toml",
        'lock-version = "1.0"',
        'created-by = "a test"',
        'requires-python = ">=3.12.4"',
        "environments = [\"python_full_version == '3.12.7'\"]",
        "[[packages]]",
        'name = "backport"',
        'version = "1.0"',
        "marker = \"python_full_version >= '3.12.7'\"",
        f'wheels = [{{ name = "{file.name}", url = "{shop.index.file_url(file.name)}", '
        f'hashes = {{ sha256 = "{digest}" }} }}]',
    )

    packed = shop.packed("pylock.toml", runtime="python3.12")

    assert list(packed.closure) == ["backport"]
    assert "the lock: whether backport is needed depends on the patch level of Python" in packed.said.errors
