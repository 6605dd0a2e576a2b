"""What changed since a revision: every file that decides about a bundle counts, and no other."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from lambda_pack.commands.changes import changed_since
from lambda_pack.errors import UsageError
from lambda_pack.inputs.footprint import footprint
from lambda_pack.model.cells import Cell, CellKind
from lambda_pack.model.request import PackRequest
from lambda_pack.model.targets import Target
from tests.support.processes import run

FILES = {
    "lambda-pack.yml": "functions: …",
    "api/requirements.txt": "-r ../base.txt\n--constraint=../limits.txt\n./lib ; python_version > '3'\nidna\n",
    "api/lib/pyproject.toml": "[project]\nname = 'lib'\n",
    "api/app.py": "",
    "base.txt": "six\n-e shared\n",
    "limits.txt": "six<2\n",
    "shared/pyproject.toml": "[project]\nname = 'shared'\n",
    "jobs/uv.lock": 'version = 1\n[[package]]\nname = "jobs"\nsource = { editable = "." }\n'
    '[[package]]\nname = "tools"\nsource = { directory = "../tools" }\n',
    "jobs/pyproject.toml": "[project]\nname = 'jobs'\ndependencies = []\n",
    "jobs/src/jobs.py": "",
    "tools/tools.py": "",
    "space/pyproject.toml": "[project]\nname = 'space'\n[tool.uv.workspace]\nmembers = ['member']\n",
    "space/uv.lock": "version = 1\n",
    "space/member/pyproject.toml": "[project]\nname = 'member'\ndependencies = ['six']\n",
    "script.py": "# /// script\n# ///\n",
    "other/README.md": "",
}
INPUTS = {
    "api": ("api/requirements.txt", ("api/app",)),
    "jobs": ("jobs", ("jobs/src",)),
    "member": ("space/member", ()),
    "script": ("script.py", ()),
}


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A repository with one commit; we are in it."""
    footprint.cache_clear()
    for name, text in FILES.items():
        write(tmp_path / name, text)
    monkeypatch.chdir(tmp_path)
    for words in (("init", "-q"), ("add", "-A"), ("commit", "-q", "-m", "begin"), ("tag", "begin")):
        git(*words)
    yield tmp_path
    footprint.cache_clear()


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")


def environment() -> Mapping[str, str]:
    return {"PATH": os.environ["PATH"]}  # noqa: TID251  # git is where the machine has it


def git(*words: str) -> None:
    done = run(("git", "-c", "user.name=me", "-c", "user.email=me@example.org", *words), environment(), folder=Path())
    assert done.exit_code == 0, done.text


def cell(name: str) -> Cell:
    requirements, contents = INPUTS[name]
    request = PackRequest(Target.parse("python3.13"), (Path(requirements),), name=name)
    return Cell(CellKind.FUNCTION, name, request, contents=tuple(map(Path, contents)))


def changed(revision: str = "begin") -> set[str]:
    cells = [cell(name) for name in INPUTS]
    return {one.name for one in changed_since(revision, cells, Path("lambda-pack.yml"), environment())}


@pytest.mark.parametrize(
    ("file", "names"),
    [
        ("api/requirements.txt", {"api"}),
        ("base.txt", {"api"}),
        ("limits.txt", {"api"}),
        ("api/lib/pyproject.toml", {"api"}),
        ("shared/new/module.py", {"api"}),
        ("api/app/deep/new.py", {"api"}),
        ("api/app.py", set()),
        ("jobs/uv.lock", {"jobs"}),
        ("jobs/pyproject.toml", {"jobs"}),
        ("jobs/src/jobs.py", {"jobs"}),
        ("jobs/pylock.toml", {"jobs"}),
        ("jobs/notes.md", set()),
        ("tools/tools.py", {"jobs"}),
        ("space/member/pyproject.toml", {"member"}),
        ("space/uv.lock", {"member"}),
        ("space/pyproject.toml", {"member"}),
        ("script.py", {"script"}),
        ("script.py.lock", {"script"}),
        ("other/README.md", set()),
        ("lambda-pack.yml", {"api", "jobs", "member", "script"}),
    ],
)
def test_a_file_changes_what_is_packed_from_it(repository: Path, file: str, names: set[str]) -> None:
    write(repository / file, "# something else\n" + FILES.get(file, ""))

    assert changed() == names
    git("add", "-A")
    git("commit", "-q", "-m", "change")
    footprint.cache_clear()
    assert (changed(), changed("HEAD")) == (names, set())


def test_what_was_removed_or_moved_away_has_changed(repository: Path) -> None:
    (repository / "limits.txt").unlink()
    (repository / "jobs" / "src" / "jobs.py").rename(repository / "moved.py")
    git("add", "-A")

    assert changed() == {"api", "jobs"}


def test_what_git_ignores_does_not_count(repository: Path) -> None:
    write(repository / ".gitignore", "*.pyc\n")
    write(repository / "jobs/src/jobs.pyc", "")

    assert changed() == set()


@pytest.mark.parametrize("revision", ["nowhere", "0" * 40, "--output=stolen", "begin:base.txt", ""])
def test_an_unknown_revision_is_said(repository: Path, revision: str) -> None:
    with pytest.raises(UsageError, match="is no revision that git knows here; name a commit"):
        changed(revision)
    assert not (repository / "stolen").exists()


def test_a_folder_without_a_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="is in no git repository that can be read"):
        changed()
