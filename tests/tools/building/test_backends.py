from __future__ import annotations

from pathlib import Path

import pytest

from lambda_pack.tools.building.backends import BuildSystem, read_build_system


@pytest.mark.parametrize(
    ("table", "compiles"),
    [
        ('build-backend = "maturin"', True),
        ('build-backend = "scikit_build_core.build"', True),
        ('build-backend = "mesonpy"', True),
        ('build-backend = "setuptools.build_meta"', False),
        ('build-backend = "flit_core.buildapi"', False),
        # A backend of the project's own may fall back to whatever it likes.
        ('build-backend = "maturin"\nbackend-path = ["."]', False),
        ("", False),
    ],
)
def test_which_backends_compile_in_any_case(tmp_path: Path, table: str, *, compiles: bool) -> None:
    (tmp_path / "pyproject.toml").write_text(f"[build-system]\nrequires = []\n{table}\n")
    assert bool(read_build_system(tmp_path).needs_compiler) is compiles


@pytest.mark.parametrize("text", [None, "", "[build-system", "build-system = 3", "[build-system]\nrequires = 3"])
def test_a_project_that_says_nothing_is_built_by_setuptools(tmp_path: Path, text: str | None) -> None:
    if text is not None:
        (tmp_path / "pyproject.toml").write_text(text)
    assert read_build_system(tmp_path) == BuildSystem()
