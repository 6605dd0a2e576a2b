"""Dependencies into a folder, as programs of the seed document's time ask for them, against an index on loopback."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from lambda_pack import (
    Config,
    LambdaPackError,
    PythonPipDependencyBuilder,
    UnmetDependencies,
)
from lambda_pack.errors import IntegrityError, UsageError
from lambda_pack.model.choices import Collision
from lambda_pack.model.report import Unmet
from tests.end_to_end.workplace import files_below
from tests.frontends.projects import write_requirements
from tests.support.faults import Damage
from tests.support.index import LoopbackIndex
from tests.support.packages import build_events, make_project, make_wheel

pytestmark = pytest.mark.usefixtures("machine")


@dataclass
class Listener:
    """A `ui` that remembers."""

    status: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)

    def write(self, text: str) -> None:
        self.status.append(text)

    def error(self, text: str) -> None:
        self.errors.append(text)


@pytest.fixture
def config(index: LoopbackIndex, tmp_path: Path) -> Config:
    """Asks the loopback index."""
    return Config(options={"index-url": (index.url,), "retries": ("0",)}, cache=tmp_path / "cache")


@pytest.fixture
def task(tmp_path: Path) -> Path:
    """A folder with a customer's code."""
    folder = tmp_path / "task"
    (folder / "lib").mkdir(parents=True)
    (folder / "handler.py").write_text("def handler(event, context): ...\n", encoding="utf-8")
    (folder / "lib" / "mine.py").write_text("MINE = True\n", encoding="utf-8")
    return folder


def snapshot(folder: Path) -> dict[str, bytes | None]:
    """Every path below and what is in it."""
    return {name: (folder / name).read_bytes() if (folder / name).is_file() else None for name in files_below(folder)}


@pytest.mark.parametrize(
    ("runtime", "architecture", "expected"),
    [
        ("python3.13", "arm64", "cp313-cp313-manylinux_2_28_aarch64"),
        ("python3.13", "x86_64", "cp313-cp313-manylinux_2_28_x86_64"),
        ("python3.9", "x86_64", "cp39-cp39-manylinux2014_x86_64"),
    ],
)
def test_dependencies_are_those_of_the_runtime(  # noqa: PLR0913  # three columns of the table, and fixtures
    index: LoopbackIndex, config: Config, tmp_path: Path, *, runtime: str, architecture: str, expected: str
) -> None:
    tags = ["cp313-cp313-manylinux_2_28_aarch64", "cp313-cp313-manylinux_2_28_x86_64", "cp39-cp39-manylinux2014_x86_64"]
    for tag in tags:
        make_wheel(index.folder, f"fast-1.0-{tag}.whl", files={"fast/tag.txt": tag})

    PythonPipDependencyBuilder(architecture=architecture).build_dependencies(
        tmp_path / "new" / "task", write_requirements(tmp_path, "fast"), runtime, config=config
    )

    assert (tmp_path / "new" / "task" / "fast" / "tag.txt").read_text("utf-8") == expected


def test_paths_may_be_text_and_the_architecture_has_a_default(
    index: LoopbackIndex, config: Config, tmp_path: Path
) -> None:
    make_wheel(index.folder, "fast-1.0-cp313-cp313-manylinux_2_28_x86_64.whl")

    PythonPipDependencyBuilder().build_dependencies(
        str(tmp_path / "task"), str(write_requirements(tmp_path, "fast")), "python3.13", None, config
    )

    assert (tmp_path / "task" / "fast.py").is_file()


def test_it_merges_into_the_code_of_a_customer(
    index: LoopbackIndex, config: Config, task: Path, tmp_path: Path
) -> None:
    make_wheel(index.folder, "six-1.0-py3-none-any.whl", files={"six.py": "", "lib/theirs.py": ""})
    before = snapshot(task)

    PythonPipDependencyBuilder().build_dependencies(
        task, write_requirements(tmp_path, "six"), "python3.13", config=config
    )

    after = snapshot(task)
    assert {name: after[name] for name in before} == before
    assert {"six.py", "lib/theirs.py", "six-1.0.dist-info/METADATA"} <= after.keys() - before.keys()
    assert not [name for name in after if name.startswith(".lambda-pack")]


def test_an_older_copy_is_replaced(index: LoopbackIndex, config: Config, task: Path, tmp_path: Path) -> None:
    build = PythonPipDependencyBuilder().build_dependencies
    make_wheel(index.folder, "six-1.0-py3-none-any.whl", files={"six/__init__.py": "", "six/old.py": ""})
    make_wheel(index.folder, "six-2.0-py3-none-any.whl", files={"six/__init__.py": "", "six/new.py": ""})
    build(task, write_requirements(tmp_path, "six<2"), "python3.13", config=config)
    assert (task / "six" / "old.py").exists()

    build(task, write_requirements(tmp_path, "six"), "python3.13", config=config)

    assert sorted(path.name for path in (task / "six").iterdir()) == ["__init__.py", "new.py"]
    assert [path.name for path in task.glob("six-*")] == ["six-2.0.dist-info"]
    assert (task / "lib" / "mine.py").read_text("utf-8") == "MINE = True\n"


def test_a_file_of_the_customer_in_the_way_undoes_everything(
    index: LoopbackIndex, config: Config, task: Path, tmp_path: Path
) -> None:
    make_wheel(index.folder, "a_first-1.0-py3-none-any.whl")
    make_wheel(index.folder, "six-1.0-py3-none-any.whl", files={"six.py": "", "handler.py": "theirs"})
    before = snapshot(task)

    with pytest.raises(UsageError, match=r"files of its own where dependencies belong: 'handler\.py' \(six==1\.0\)"):
        PythonPipDependencyBuilder().build_dependencies(
            task, write_requirements(tmp_path, "a-first", "six"), "python3.13", config=config
        )

    assert snapshot(task) == before


def test_a_damaged_file_undoes_everything(index: LoopbackIndex, config: Config, task: Path, tmp_path: Path) -> None:
    make_wheel(index.folder, "a_first-1.0-py3-none-any.whl")
    make_wheel(index.folder, "six-1.0-py3-none-any.whl")
    index.misbehave("six-*.whl", Damage())
    before = snapshot(task)

    with pytest.raises(IntegrityError):
        PythonPipDependencyBuilder().build_dependencies(
            task, write_requirements(tmp_path, "a-first", "six"), "python3.13", config=config
        )

    assert snapshot(task) == before


@pytest.mark.parametrize("lines", [(), ("# nothing yet", "", "   # really"), ("--no-binary fast",)])
def test_requirements_that_ask_for_nothing_change_nothing(
    index: LoopbackIndex, config: Config, task: Path, tmp_path: Path, lines: tuple[str, ...]
) -> None:
    before = snapshot(task)
    path = write_requirements(tmp_path, *lines)

    for folder in (task, tmp_path / "not-there"):
        PythonPipDependencyBuilder().build_dependencies(folder, path, "python3.13", config=config)

    assert snapshot(task) == before
    assert not (tmp_path / "not-there").exists()
    assert index.requests == ()


def test_what_is_missing_is_told_and_changes_nothing(
    index: LoopbackIndex, config: Config, task: Path, tmp_path: Path
) -> None:
    make_wheel(index.folder, "six-1.0-py3-none-any.whl")
    make_wheel(index.folder, "hard-2.0-cp313-cp313-win_amd64.whl")
    before, ui = snapshot(task), Listener()

    with pytest.raises(UnmetDependencies) as raised:
        PythonPipDependencyBuilder().build_dependencies(
            task, write_requirements(tmp_path, "six", "hard"), "python3.13", ui=ui, config=config
        )

    (missing,) = raised.value.missing
    assert isinstance(missing, Unmet)
    assert str(missing.pin) == "hard==2.0"
    assert [file.reason for file in missing.files] == ["system"]
    assert ui.errors == [str(raised.value)]
    assert snapshot(task) == before
    assert not (tmp_path / "dist").exists()


def test_ui_hears_status_and_warnings(index: LoopbackIndex, config: Config, tmp_path: Path) -> None:
    make_wheel(index.folder, "six-1.0-py3-none-any.whl")
    ui = Listener()

    PythonPipDependencyBuilder().build_dependencies(
        tmp_path / "task", write_requirements(tmp_path, "six"), "python3.8", ui, config
    )

    assert "[1/9] resolve everything, wheels and sdists alike" in ui.status
    assert "[9/9] clean up temporary files" in ui.status
    assert len(ui.errors) == 1
    assert ui.errors[0].startswith("python3.8 was deprecated by AWS on 2024-10-14")


@pytest.mark.parametrize("runtime", ["python2.7", "3.13", "nodejs22.x", ""])
def test_other_runtimes_are_refused(config: Config, tmp_path: Path, runtime: str) -> None:
    with pytest.raises(UsageError, match=r"is not a Lambda runtime; (choose one of: python3|did you mean 'python3)"):
        PythonPipDependencyBuilder().build_dependencies(
            tmp_path / "task", write_requirements(tmp_path, "six"), runtime, config=config
        )


def test_config_tunes_resolving_composing_and_building(index: LoopbackIndex, tmp_path: Path) -> None:
    make_wheel(index.folder, "one-1.0-py3-none-any.whl", files={"shared.py": "1"})
    make_wheel(index.folder, "two-1.0-py3-none-any.whl", files={"shared.py": "2"})
    make_wheel(index.folder, "two-2.0rc1-py3-none-any.whl", files={"shared.py": "3"})
    events = tmp_path / "events"
    make_project(tmp_path / "local", "local", project_table=True, report_to=events)
    options = {"index-url": (index.url,), "pre": ("true",)}
    build = PythonPipDependencyBuilder(interpreter=Path(sys.executable)).build_dependencies

    with pytest.raises(LambdaPackError, match=r"shared\.py"):
        build(
            *(tmp_path / "task", write_requirements(tmp_path, "one", "two"), "python3.13"),
            config=Config(options=options, use_cache=False),
        )
    config = Config(
        options=options, use_cache=False, on_collision=Collision.LAST, config_settings=(("--speed", "high"),)
    )
    build(tmp_path / "task", write_requirements(tmp_path, "one", "two", "./local"), "python3.13", config=config)

    assert (tmp_path / "task" / "shared.py").read_text("utf-8") == "3"
    assert [event.config_settings for event in build_events(events) if event.hook == "wheel"] == [{"--speed": "high"}]
