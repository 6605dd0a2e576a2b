"""action.yml and the workflows, read and not run: where act is more lenient than the runner, only this will notice."""

from __future__ import annotations

import re
import runpy
import shutil
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from lambda_pack.frontends.action_cache import CACHE_OUTPUTS
from lambda_pack.frontends.action_inputs import INPUTS, InputKind, variable
from lambda_pack.frontends.action_outputs import PASSED_ON, REPORTED
from lambda_pack.frontends.options.table import OPTIONS
from tests.support.processes import run

HOUSE = Path(__file__).parents[2]
WORKFLOWS = sorted((HOUSE / ".github" / "workflows").glob("*.yml"))
EXPRESSION = re.compile(r"\$\{\{(.*?)\}\}", re.DOTALL)


@lru_cache
def document(path: Path) -> Any:  # noqa: ANN401  # YAML
    """A file of YAML."""
    return yaml.safe_load(path.read_text("utf-8"))


def action() -> Any:  # noqa: ANN401  # YAML
    """What action.yml says."""
    return document(HOUSE / "action.yml")


def steps_of(described: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401  # YAML
    """The steps of an action or of all jobs of a workflow."""
    yield from described.get("runs", {}).get("steps", [])
    for one in described.get("jobs", {}).values():
        yield from one.get("steps", [])


def own_steps() -> list[dict[str, Any]]:
    """The steps that start our entrypoint."""
    return [step for step in steps_of(action()) if "entrypoint" in step.get("run", "")]


def test_every_input_is_one_that_is_read() -> None:
    assert list(action()["inputs"]) == list(INPUTS)


def test_every_input_is_described_and_has_a_default() -> None:
    for name, one in action()["inputs"].items():
        assert one["description"], name
        assert one.get("required") is True or isinstance(one["default"], str), f"{name}: the runner knows strings only"
        assert name == name.lower().replace("_", "-")
    assert [name for name, one in action()["inputs"].items() if one.get("required")] == []


def test_inputs_travel_by_the_environment() -> None:
    expected = {variable(name): f"${{{{ inputs.{name} }}}}" for name in INPUTS}

    assert len(own_steps()) == 2
    for step in own_steps():
        given = {name: value for name, value in step["env"].items() if name.startswith("LAMBDA_PACK_INPUT_")}
        assert given == expected
        assert step["env"]["PYTHONUNBUFFERED"] == "1", "the toolkit does not flush"
        assert step["env"]["PYTHONUTF8"] == "1", "Windows would choke on arrows"


def test_inputs_that_are_options_are_options() -> None:
    unknown = [name for name, kind in INPUTS.items() if kind is InputKind.OPTION and name not in OPTIONS]

    assert not unknown


@pytest.mark.parametrize("name", [name for name, kind in INPUTS.items() if kind is InputKind.OPTION])
def test_an_option_has_its_default_elsewhere(name: str) -> None:
    assert action()["inputs"][name].get("default", "") == "", "it would win over [tool.lambda-pack], which nobody set"


def test_every_output_comes_from_somewhere() -> None:
    nested = {
        "artifact-id": "artifact",
        "artifact-url": "artifact",
        "artifact-digest": "artifact",
        "cache-hit": "cache",
    }
    expected = dict.fromkeys(REPORTED, "pack") | nested

    values = {name: one["value"] for name, one in action()["outputs"].items()}
    assert values == {name: f"${{{{ steps.{step}.outputs.{name} }}}}" for name, step in expected.items()}
    assert all(one["description"] for one in action()["outputs"].values())


def test_what_is_passed_on_is_what_is_taken() -> None:
    text = (HOUSE / "action.yml").read_text("utf-8")

    assert set(re.findall(r"steps\.pack\.outputs\.(artifact-[\w-]+)", text)) == set(PASSED_ON)
    assert set(re.findall(r"steps\.key\.outputs\.([\w-]+)", text)) == set(CACHE_OUTPUTS)


def found_python(tmp_path: Path, **programs: str) -> str:
    """What the first step finds where PATH has these programs alone, each a script for sh."""
    folder, output = tmp_path / "bin", tmp_path / "output"
    folder.mkdir()
    output.touch()
    bash = shutil.which("bash")
    assert bash
    for name, text in programs.items():
        program = folder / name.replace("_", ".")
        program.write_text(f"#!/bin/sh\n{text}\n", "utf-8")
        program.chmod(0o755)
    (step,) = [step for step in steps_of(action()) if step.get("id") == "python"]
    environment = {"PATH": str(folder), "GITHUB_OUTPUT": str(output)}
    command = (bash, "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"])
    done = run(command, environment, folder=tmp_path)
    assert (done.exit_code, done.text) == (0, "")
    return output.read_text("utf-8")


def test_the_first_python_that_does_is_taken_by_its_own_name(tmp_path: Path) -> None:
    shim = f'exec "{sys.executable}" "$@"'

    assert found_python(tmp_path, python3="exit 1", python3_12=shim, python="exit 1") == f"path={sys.executable}\n"


@pytest.mark.parametrize(
    "old",
    [
        "exit 0",  # says nothing at all
        f'exec "{sys.executable}" -I -c "import sys; sys.version_info = (3, 10); exec(sys.argv[-1])" "$@"',
        f'exec "{sys.executable}" -I -c "import sys; sys.modules[\'venv\'] = None; exec(sys.argv[-1])" "$@"',
    ],
)
def test_a_python_that_will_not_do_is_passed_over(tmp_path: Path, old: str) -> None:
    assert found_python(tmp_path, python3=old) == ""


def test_without_any_python_one_is_set_up(tmp_path: Path) -> None:
    (setup,) = [step for step in steps_of(action()) if step.get("id") == "setup"]

    assert found_python(tmp_path) == ""
    assert setup["if"] == "steps.python.outputs.path == ''"
    assert setup["with"]["update-environment"] is False


@pytest.mark.parametrize("path", [HOUSE / "action.yml", *WORKFLOWS], ids=lambda path: path.name)
def test_no_program_is_put_together_from_expressions(path: Path) -> None:
    assert not [step["run"] for step in steps_of(document(path)) if EXPRESSION.search(step.get("run", ""))]


def test_the_steps_have_only_what_the_runner_takes_in_an_action() -> None:
    known = {"name", "id", "if", "run", "env", "continue-on-error", "working-directory", "shell", "uses", "with"}
    for step in steps_of(action()):
        assert step.keys() <= known, step
        assert "shell" in step or "uses" in step, "the runner asks for a shell"
        assert step.get("shell", "bash") == "bash", "dash drops variables with hyphens"


def test_nothing_asks_for_what_run_steps_do_not_get() -> None:
    text = (HOUSE / "action.yml").read_text("utf-8")

    # The runtime token is for node and container actions; act shows it to everybody. In a container the path in
    # the context is the host's (actions/runner#2185); the variable is right.
    assert not re.search(r"ACTIONS_RUNTIME|ACTIONS_RESULTS|secrets\.|github\.action_path|\bINPUT_", text)


def test_the_report_of_a_failed_step_is_uploaded() -> None:
    (upload,) = [step for step in steps_of(action()) if "upload-artifact" in step.get("uses", "")]

    assert upload["if"].startswith("${{ !cancelled() &&")
    assert upload["with"]["compression-level"] == "0"


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_have_few_rights_and_end(path: Path) -> None:
    workflow = document(path)

    assert workflow["permissions"] == {}, "jobs take what they need"
    for name, one in workflow["jobs"].items():
        if "uses" not in one:
            assert one["timeout-minutes"] <= 360, name
            assert "permissions" in one, name
    for step in steps_of(workflow):
        if "actions/checkout@" in step.get("uses", ""):
            assert step["with"]["persist-credentials"] is False
    # PyYAML reads the key `on` as true. A called workflow runs in its caller's group.
    if "workflow_call" not in (workflow[True] or {}):
        assert "concurrency" in workflow


def test_the_reusable_workflow_hands_everything_on() -> None:
    workflow = document(HOUSE / ".github" / "workflows" / "pack.yml")
    text = (HOUSE / ".github" / "workflows" / "pack.yml").read_text("utf-8")
    steps = [step for step in steps_of(workflow) if step.get("uses", "").startswith("./")]

    assert len(steps) == 2, "one packs targets, the other functions"
    for step in steps:
        assert step["with"].keys() <= action()["inputs"].keys()
    unused = [name for name in workflow[True]["workflow_call"]["inputs"] if f"inputs.{name}" not in text]
    assert not unused


def test_the_tables_are_those_of_the_action() -> None:
    script = runpy.run_path(str(HOUSE / "script" / "readme-tables"))
    text = (HOUSE / "docs" / "action.md").read_text("utf-8")

    assert script["with_tables"](text, action()) == text, "run script/readme-tables"
    for name in (*action()["inputs"], *action()["outputs"]):
        assert f"| `{name}` |" in text
    readme = (HOUSE / "README.md").read_text("utf-8")
    assert script["with_tables"](readme, action()) == readme, "run script/readme-tables"
