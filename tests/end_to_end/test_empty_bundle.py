"""A bundle with nothing in it is said to be empty, wherever it is told about."""

from __future__ import annotations

from tests.end_to_end.workplace import Workplace

WARNING = "warning: nothing is in the bundle, neither a package nor code of your own; add your code with --source"
PROJECT = ("[project]", 'name = "models"', 'version = "0.1.0"', "dependencies = []")


def test_a_project_that_asks_for_nothing_is_packed_with_a_warning(work: Workplace) -> None:
    work.write("pyproject.toml", *PROJECT)

    packed = work.packed(".")

    assert WARNING in packed.said.errors
    assert "nothing is in it: add your code with --source or --project" in packed.said.output
    assert "# nothing is in this bundle" in packed.said.output
    assert "update-function-code" not in packed.said.output
    assert any(text.startswith("nothing is in the bundle") for text in packed.report["warnings"])


def test_own_code_alone_is_not_nothing(work: Workplace) -> None:
    work.write("pyproject.toml", *PROJECT)
    work.write("code/app.py", "def handler(event, context): ...")

    packed = work.packed(".", "--source", "code")

    assert "nothing is in" not in packed.said.text
    assert "update-function-code" in packed.said.output
