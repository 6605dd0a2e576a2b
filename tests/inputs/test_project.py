"""Which file of a folder counts."""

from __future__ import annotations

from pathlib import Path

import pytest

from lambda_pack.errors import UsageError
from lambda_pack.inputs.functions_file import find_functions_file
from lambda_pack.inputs.project import read_inputs
from lambda_pack.model.selection import Selection
from tests.inputs.locks import X86, names, read

PYLOCK = 'lock-version = "1.0"\ncreated-by = "a test"\npackages = []\n'
TEXTS = {
    "pylock.toml": PYLOCK,
    "pylock.dev.toml": PYLOCK,
    "uv.lock": 'version = 1\n[[package]]\nname = "a"\nversion = "1"\nsource = { virtual = "." }\n',
    "pyproject.toml": '[project]\nname = "from-manifest"\ndependencies = ["six"]\n',
    "settings.toml": "",
    "requirements.txt": "six\n",
    "Pipfile": "",
}


def write(folder: Path, *names: str) -> Path:
    """These files."""
    for name in names:
        (folder / name).write_text(TEXTS[name], "utf-8")
    return folder


@pytest.mark.parametrize(
    ("names", "is_lock"),
    [
        (("pylock.toml", "pyproject.toml", "requirements.txt"), True),
        (("pylock.dev.toml",), True),
        (("uv.lock", "requirements.txt"), True),
        # A lock of PEP 751 with a name of its own (hatch writes pylock.ENVIRONMENT.toml) is for a special purpose.
        (("pylock.dev.toml", "pylock.toml"), True),
        (("pylock.dev.toml", "uv.lock"), True),
        (("pyproject.toml",), False),
        (("requirements.txt", "Pipfile"), False),
    ],
)
def test_a_lock_before_a_manifest(tmp_path: Path, names: tuple[str, ...], is_lock: bool) -> None:  # noqa: FBT001  # a row
    assert (read(write(tmp_path, *names)).lock is not None) is is_lock


def test_a_pyproject_of_settings_alone_is_no_manifest(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.lambda-pack]\nname = 'a'\n", "utf-8")
    assert [str(line) for line in read(write(tmp_path, "requirements.txt")).written.requested] == ["six"]


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (
            ("pylock.toml", "uv.lock"),
            r"has pylock\.toml, uv\.lock; say which one counts: --input pylock\.toml or --input uv\.lock",
        ),
        (("pyproject.toml", "requirements.txt"), r"has pyproject\.toml, requirements\.txt; say which one counts"),
        (("pylock.dev.toml", "pyproject.toml"), r"has pyproject\.toml, pylock\.dev\.toml; .* --input pyproject\.toml"),
        (("pylock.dev.toml", "pylock.toml", "uv.lock"), r"has pylock\.toml, uv\.lock; say which one counts"),
        (("Pipfile",), "has a Pipfile and no Pipfile.lock; make one with `pipenv lock`"),
        ((), "has no lock, no pyproject.toml with dependencies and no requirements.txt"),
    ],
)
def test_what_leaves_a_choice_or_none(tmp_path: Path, names: tuple[str, ...], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read(write(tmp_path, *names))


@pytest.mark.parametrize("name", ["template.yaml", "serverless.yml", "cdk.out"])
def test_a_folder_with_a_template_says_how_that_is_packed(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("service: x\n")
    with pytest.raises(UsageError, match=rf"-r FILE; the functions of {name} are packed with .* --template .*{name}`"):
        read(tmp_path)
    with pytest.raises(UsageError, match=rf"or name the file; the functions of {name} are packed with"):
        find_functions_file(tmp_path)


@pytest.mark.parametrize("name", ["template.yaml", "serverless.yml"])
def test_a_template_is_not_read_as_something_else(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("service: x\n")
    with pytest.raises(UsageError, match=r"is a template; its functions are packed with `lambda-pack pack --template"):
        read_inputs([tmp_path / name], Selection(), {})
    with pytest.raises(UsageError, match="is a template"):
        find_functions_file(tmp_path / name)


def test_nothing_stands_beside_a_project(tmp_path: Path) -> None:
    write(tmp_path, "requirements.txt")
    with pytest.raises(UsageError, match="is a folder and must be the only input"):
        read_inputs([tmp_path, tmp_path / "requirements.txt"], Selection(), {})
    with pytest.raises(UsageError, match="requirements files have no groups and no extras"):
        read(tmp_path, Selection(groups=("web",)))


def test_a_standard_lock_with_extras_and_groups(tmp_path: Path) -> None:
    package = '[[packages]]\nname = "{0}"\nversion = "1"\nmarker = "{1}"\n[packages.directory]\npath = "{0}"\n'
    text = (
        PYLOCK.replace("packages = []\n", "")
        + "extras = ['fast']\ndependency-groups = ['web', 'main']\ndefault-groups = ['main']\n"
    )
    text += package.format("a", "'fast' in extras") + package.format("b", "'web' in dependency_groups")
    text += package.format("c", "'main' in dependency_groups")
    (tmp_path / "pylock.toml").write_text(text, "utf-8")
    assert names(read(tmp_path), X86).keys() == {"c"}
    assert names(read(tmp_path, Selection(extras=("fast",))), X86).keys() == {"a", "c"}
    assert names(read(tmp_path, Selection(only_groups=("web",))), X86).keys() == {"b"}
    with pytest.raises(UsageError, match=r"'docs' is not a group of .*; choose one of: main, web"):
        read(tmp_path, Selection(groups=("docs",)))
