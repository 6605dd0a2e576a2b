"""What the runner is told: commands, outputs, the summary; and that nobody else can tell it anything."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from lambda_pack.frontends.workflow_commands import Annotation, GroupNarrator, Workflow
from tests.action.jobs import obeyed, read_outputs

EVIL = "::set-output name=zip-path::/etc/passwd\n::add-mask::a\n##[error]no\n::stop-commands::mine\n::mine::"


def test_foreign_text_is_never_obeyed(capsys: pytest.CaptureFixture[str]) -> None:
    with Workflow({}) as workflow, GroupNarrator(workflow) as narrator:
        workflow.say(EVIL)
        narrator.step(1, "resolve")
        narrator.note(EVIL)
        narrator.progress(EVIL, 1, 1)
        narrator.warn(f"{EVIL}\n::error::x")
        workflow.open_group(EVIL)
        workflow.say(EVIL)
        workflow.close_group()

    commands = obeyed(capsys.readouterr().out)
    assert [command.split("::")[1].split()[0] for command in commands] == [
        "group",
        "warning",
        "group",
        "endgroup",
        "endgroup",
    ]
    assert "%0A" in commands[1]


def test_commands_count_again_afterwards(capsys: pytest.CaptureFixture[str]) -> None:
    with Workflow({}):
        pass
    output = capsys.readouterr().out

    assert obeyed(f"{output}::notice::mine\n") == ["::notice::mine"]


def test_commands_stay_off_after_a_bug(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        with Workflow({}):
            raise KeyError(EVIL)

    with pytest.raises(KeyError):
        fail()

    assert obeyed(f"{capsys.readouterr().out}{EVIL}\n") == []


def test_each_stop_has_a_token_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    with Workflow({}) as workflow:
        workflow.close_group()
        workflow.close_group()
    tokens = re.findall(r"::stop-commands::(\w+)", capsys.readouterr().out)

    assert len(tokens) == len(set(tokens)) == 3
    assert all(len(token) >= 32 for token in tokens)


@pytest.mark.parametrize(
    ("annotation", "line"),
    [
        (
            Annotation("error", "unmet", "a", "requirements.txt", 3),
            "::error file=requirements.txt,line=3,title=unmet::a",
        ),
        (Annotation("notice", "t", "100%\nb"), "::notice title=t::100%25%0Ab"),
        (Annotation("error", "a,b:c", "", "x,y:z.txt"), "::error file=x%2Cy%3Az.txt,title=a%2Cb%3Ac::"),
    ],
)
def test_annotations(annotation: Annotation, line: str, capsys: pytest.CaptureFixture[str]) -> None:
    with Workflow({}) as workflow:
        workflow.annotate(annotation)

    assert obeyed(capsys.readouterr().out) == [line]


def test_outputs_of_many_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "output"
    file.touch()
    monkeypatch.setenv("GITHUB_OUTPUT", str(file))
    outputs = {"artifact-path": "a b.zip\nc.json", "empty": "", "sneaky": "x\nEOF\nzip-path=/etc\nzip-path<<EOF"}

    with Workflow({"GITHUB_OUTPUT": str(file)}) as workflow:
        workflow.set_outputs(outputs)

    assert read_outputs(file) == outputs


def test_the_summary_is_added_to(tmp_path: Path) -> None:
    file = tmp_path / "summary.md"
    file.write_text("before\n", "utf-8")

    with Workflow({"GITHUB_STEP_SUMMARY": str(file)}) as workflow:
        workflow.add_summary("ours ✅\n")

    assert file.read_bytes() == "before\nours ✅\n".encode()


def test_outside_of_a_runner_nothing_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    with Workflow({}) as workflow:
        workflow.set_outputs({"a": "b"})
        workflow.add_summary("c")

    assert obeyed(capsys.readouterr().out) == []
