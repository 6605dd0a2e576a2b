"""Files that are too new enter by no way: resolvers, older and other files, build requirements."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.end_to_end.workplace import Workplace
from tests.support.packages import make_sdist, make_wheel

OLD, NEW = "2023-06-01T00:00:00Z", "2024-06-01T00:00:00Z"
LIMIT = "2024-01-01T00:00:00Z"


@pytest.fixture
def dated(work: Workplace) -> Workplace:
    """An index with an old and a new version of a package."""
    offer(work, "tool-1.0-py3-none-any.whl", OLD)
    offer(work, "tool-2.0-py3-none-any.whl", NEW)
    work.write("requirements.txt", "tool")
    return work


def offer(work: Workplace, name: str, uploaded: str | None) -> None:
    work.index.add(make_wheel(work.index.folder, name), uploaded=uploaded)


@pytest.mark.parametrize("resolver", ["uv", "pip"])
@pytest.mark.parametrize(
    ("variables", "files", "options"),
    [
        ({"UV_EXCLUDE_NEWER": LIMIT}, {}, ()),
        ({"PIP_UPLOADED_PRIOR_TO": "2024-01-01"}, {}, ()),
        ({}, {"uv.toml": f'exclude-newer = "{LIMIT}"'}, ()),
        ({}, {"pyproject.toml": f'[tool.uv]\nexclude-newer = "{LIMIT}"'}, ()),
        ({}, {}, ("--exclude-newer", LIMIT)),
        ({"UV_EXCLUDE_NEWER": "false"}, {}, ("--exclude-newer", LIMIT)),
    ],
    ids=["UV", "PIP", "uv.toml", "tool.uv", "option", "loudest"],
)
def test_the_newest_before_the_limit_is_packed(
    dated: Workplace, resolver: str, variables: dict[str, str], files: dict[str, str], options: tuple[str, ...]
) -> None:
    for name, text in files.items():
        dated.write(name, text)

    packed = dated.packed("--resolver", resolver, *options, extra=variables)

    assert packed.closure == {"tool": "1.0"}


def test_a_package_may_have_a_limit_of_its_own(dated: Workplace) -> None:
    offer(dated, "exempt-2.0-py3-none-any.whl", NEW)
    dated.write("requirements.txt", "tool", "exempt")

    packed = dated.packed("--exclude-newer", LIMIT, "--exclude-newer-package", "Exempt=false")

    assert packed.closure == {"tool": "1.0", "exempt": "2.0"}
    refused = dated.pack(
        "--resolver", "pip", "--exclude-newer-package", "exempt=false", "--exclude-newer-package", f"tool={LIMIT}"
    )
    assert refused.exit_code == 2
    assert "pip has one cooldown for all packages" in refused.text


def test_step_3_takes_nothing_too_new_and_nothing_without_a_time(work: Workplace) -> None:
    # The resolver chooses 3.0, which does not fit; of the older ones that do, the newest two must stay out.
    offer(work, "tool-3.0-cp313-cp313-manylinux_2_99_x86_64.whl", OLD)
    offer(work, "tool-2.0-py3-none-any.whl", NEW)
    offer(work, "tool-1.5-py3-none-any.whl", None)
    offer(work, "tool-1.0-py3-none-any.whl", OLD)
    work.write("requirements.txt", "tool")

    packed = work.packed("--exclude-newer", LIMIT)

    assert packed.closure == {"tool": "1.0"}


def test_a_place_of_find_links_has_no_times_and_is_used(dated: Workplace, tmp_path: Path) -> None:
    make_wheel(tmp_path / "links", "tool-1.5-py3-none-any.whl")

    packed = dated.packed("--exclude-newer", LIMIT, "--find-links", str(tmp_path / "links"))

    assert packed.closure == {"tool": "1.5"}


def test_build_requirements_are_held_to_it(dated: Workplace) -> None:
    source = make_sdist(dated.index.folder, "compiled", "1.0", project_table=True, build_requires=["tool>=2"])
    dated.index.add(source, uploaded=OLD)
    dated.write("requirements.txt", "compiled")

    # In the cache of built wheels from here on: it must not answer for a build under a limit.
    built = dated.pack()
    held = dated.pack("--exclude-newer", LIMIT)

    assert (built.exit_code, held.exit_code) == (0, 3), held.text
    assert "tool" in held.text


def test_a_lock_is_packed_as_it_is_and_that_is_said(dated: Workplace) -> None:
    lock = dated.packed().lock_path
    shutil.copy(lock, dated.folder / "pylock.toml")

    ended = dated.pack("-r", "pylock.toml", "--exclude-newer", LIMIT)

    assert ended.exit_code == 0
    assert "the versions in the lock are packed as they are" in ended.text


def test_requirements_in_uvs_settings(dated: Workplace) -> None:
    for name in ("left-1.0", "left-2.0", "unwanted-1.0"):
        make_wheel(dated.index.folder, f"{name}-py3-none-any.whl", requires=["unwanted"] if name[0] == "l" else [])
    make_wheel(dated.index.folder, "root-1.0-py3-none-any.whl", requires=["tool>=2", "left"])
    dated.write("requirements.txt", "root")
    dated.write(
        "pyproject.toml",
        "[tool.uv]",
        'constraint-dependencies = ["left<2"]',
        'override-dependencies = ["tool==1.0"]',
        'exclude-dependencies = ["unwanted"]',
    )

    packed = dated.packed()

    assert packed.closure == {"root": "1.0", "left": "1.0", "tool": "1.0"}
    refused = dated.pack("--resolver", "pip")
    assert refused.exit_code == 2
    assert "pyproject.toml:3: pip cannot override tool==1.0" in refused.text


def test_a_setting_that_is_not_heeded_is_named_with_its_place(dated: Workplace) -> None:
    dated.write("pyproject.toml", "[tool.uv]", "exclude-newer = false", 'torch-backend = "cpu"', "soon = 1")

    ended = dated.pack(extra={"PIP_NO_DEPS": "1", "UV_OFFLINE": "0", "PIP_IGNORE_REQUIRES_PYTHON": "no"})

    assert ended.exit_code == 0
    assert "pyproject.toml:3: torch-backend is not heeded" in ended.text
    assert "pyproject.toml:4: lambda-pack does not know uv's setting 'soon'" in ended.text
    assert "PIP_NO_DEPS: no-deps is not heeded" in ended.text
    assert "UV_OFFLINE" not in ended.text
    assert "ignore-requires-python" not in ended.text


def test_a_manifest_above_that_cannot_be_read_is_named_and_stops_nothing(dated: Workplace) -> None:
    (dated.folder.parent / "pyproject.toml").write_text("[tool.{{ name }}]\n")

    ended = dated.pack("-r", "requirements.txt")

    assert ended.exit_code == 0
    assert "uv's settings are not read: " in ended.text


def test_an_index_without_times_is_named_as_the_cause(work: Workplace) -> None:
    offer(work, "tool-1.0-py3-none-any.whl", None)
    work.write("requirements.txt", "tool")

    ended = work.pack("--exclude-newer", LIMIT)

    assert ended.exit_code == 3
    assert "has no upload time on its index" in ended.text


@pytest.mark.parametrize("resolver", ["uv", "pip"])
@pytest.mark.parametrize(
    ("lines", "version"),
    [
        (("--only-final :all:", "beta"), "1.0"),
        (("--all-releases beta", "beta"), "2.0rc1"),
        (("--pre", "--only-final beta", "beta"), "1.0"),
        (("--use-feature fast-deps", "--no-require-hashes", "beta"), "1.0"),
    ],
    ids=["only-final", "all-releases", "one-is-final", "others"],
)
def test_options_of_requirements_files(work: Workplace, resolver: str, lines: tuple[str, ...], version: str) -> None:
    make_wheel(work.index.folder, "beta-1.0-py3-none-any.whl")
    make_wheel(work.index.folder, "beta-2.0rc1-py3-none-any.whl")
    work.write("requirements.txt", *lines)

    assert work.packed("--resolver", resolver).closure == {"beta": version}


def test_a_scripts_own_settings(dated: Workplace) -> None:
    dated.write(
        "s.py", "# /// script", '# dependencies = ["tool"]', "# [tool.uv]", f'# exclude-newer = "{LIMIT}"', "# ///"
    )

    assert dated.packed("-r", "s.py").closure == {"tool": "1.0"}
