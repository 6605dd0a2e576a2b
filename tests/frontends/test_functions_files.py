"""The file that names functions and layers: what it comes to, and what is wrong with it, shown where it stands."""

from __future__ import annotations

import json
import tomllib
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft202012Validator

from lambda_pack.errors import UsageError
from lambda_pack.frontends.cells import cells_of, chosen
from lambda_pack.frontends.functions_schema import SCHEMA_FILE, functions_schema
from lambda_pack.frontends.options.option import Kind
from lambda_pack.frontends.options.table import OPTIONS
from lambda_pack.inputs.functions_file import find_functions_file, read_functions_file
from lambda_pack.model.cells import Cell, CellKind
from lambda_pack.model.choices import Layout
from lambda_pack.model.given import Given
from tests.frontends.test_requests import OWN

MISTAKES = {
    path.stem: tomllib.loads(path.read_text("utf-8"))
    for path in (Path(__file__).parents[1] / "functions_files").glob("*.toml")
}
SCHEMA = Draft202012Validator(json.loads(functions_schema()))


@pytest.fixture(autouse=True)
def in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def cells(text: str, name: str = "lambda-pack.yml", **said: str) -> tuple[Cell, ...]:
    """The cells of a file with this text, in a folder with nothing else; `said` is the command line's."""
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(text, "utf-8")
    file = read_functions_file(find_functions_file(Path(name).parent))
    arguments = {key.replace("_", "-"): Given((value,), "the command line") for key, value in said.items()}
    return cells_of(file, {}, arguments)


@pytest.mark.parametrize("name", sorted(MISTAKES))
def test_a_mistake_is_shown_where_it_stands(name: str) -> None:
    mistake = MISTAKES[name]
    assert mistake["why"]

    with pytest.raises(UsageError) as caught:
        cells(mistake["text"], mistake.get("file", "lambda-pack.yml"))

    assert str(caught.value).startswith(mistake["error"])


@pytest.mark.parametrize("name", sorted(name for name, mistake in MISTAKES.items() if mistake.get("schema")))
def test_editors_see_the_mistakes_that_a_schema_can_know(name: str) -> None:
    document = yaml.safe_load(MISTAKES[name]["text"])

    assert SCHEMA.is_valid(document) == (MISTAKES[name]["schema"] == "allows")


def test_the_schema_is_the_one_of_the_options() -> None:
    shipped = files("lambda_pack").joinpath("schemas", SCHEMA_FILE).read_text("utf-8")

    assert shipped == functions_schema(), "an option was added or changed: run script/schema"
    Draft202012Validator.check_schema(json.loads(shipped))


def test_every_function_is_packed_for_each_of_its_targets_once() -> None:
    found = cells(
        """
        defaults: {runtime: python3.13, architecture: [x86_64, aarch64, arm64]}
        functions:
          api: {runtime: [python3.12, python3.13]}
          auth:
        layers:
          deps: {architecture: arm64}
        """
    )

    assert [cell.label for cell in found] == [
        "api-python3.12-x86_64",
        "api-python3.12-arm64",
        "api-python3.13-x86_64",
        "api-python3.13-arm64",
        "auth-python3.13-x86_64",
        "auth-python3.13-arm64",
        "deps-python3.13-arm64",
    ]
    assert {cell.kind for cell in found[:-1]} == {CellKind.FUNCTION}
    assert (found[-1].kind, found[-1].request.layout) == (CellKind.LAYER, Layout.LAYER)


def test_an_entry_is_louder_than_the_defaults_and_the_command_line_than_both() -> None:
    text = """
    defaults: {runtime: python3.13, prefer: newest, requirements: all.txt, layout: function, output-dir: out}
    functions:
      api: {prefer: compatible, input: uv.lock}
    layers:
      deps:
    """

    api, deps = cells(text, "services/lambda-pack.yml", resolver="pip", output_dir="here")

    assert (api.request.prefer.value, deps.request.prefer.value) == ("compatible", "newest")
    assert (api.request.requirements, deps.request.requirements) == (
        (Path("services/uv.lock"),),
        (Path("services/all.txt"),),
    )
    assert deps.request.layout is Layout.LAYER, "a default for functions makes no function of a layer"
    assert {cell.request.resolver.value for cell in (api, deps)} == {"pip"}
    assert {cell.request.output for cell in (api, deps)} == {Path("here")}, "the command line's paths begin where it is"


def test_paths_begin_in_the_folder_of_the_file() -> None:
    (cell,) = cells(
        """
        functions:
          api:
            runtime: python3.13
            source: [src, lib]
            constraint: limits.txt
            find-links: [wheels, "https://example.org/wheels/", ~/wheels]
            cert: ca.pem
            s3-uri: s3://code/
            function-name: prod-api
        """,
        "a/b/lambda-pack.yml",
    )

    request = cell.request
    assert request.requirements == (Path("a/b"),), "nothing said: what the file's own folder has"
    assert [source.path for source in request.sources] == [Path("a/b/src"), Path("a/b/lib")]
    assert request.output == Path("dist")
    said = {name: given.values for name, given in request.options.items()}
    assert said == {
        "constraint": ("a/b/limits.txt",),
        "find-links": ("a/b/wheels", "https://example.org/wheels/", "~/wheels"),
        "cert": ("a/b/ca.pem",),
    }
    assert cell.delivery is not None
    assert (cell.deployed_as, cell.place) == ("prod-api", "a/b/lambda-pack.yml:3:11")


def test_a_number_is_the_text_that_stands_there() -> None:
    (cell,) = cells("functions: {api: {runtime: python3.13, s3-uri: s3://code/, s3-bucket-owner: 012345670123}}")

    assert cell.delivery is not None
    assert cell.delivery.bucket_owner == "012345670123", "YAML reads an octal number"


def test_aliases_and_merges_are_yaml_like_any_other() -> None:
    api, auth = cells(
        """
        functions:
          api: &web {runtime: python3.13, prefer: newest}
          auth: {<<: *web, prefer: compatible}
        """
    )

    assert (api.request.target, auth.request.prefer.value) == (auth.request.target, "compatible")


@pytest.mark.parametrize(("option", "value"), [(row[0], row[1]) for row in OWN])
def test_every_option_may_be_written_in_the_file(option: str, value: Any) -> None:  # noqa: ANN401  # as argparse has it
    written: dict[str, Any] = {option: True if OPTIONS[option].kind is Kind.SWITCH else value}
    document = {"defaults": {"runtime": "python3.13"}, "functions": {"api": written}}

    SCHEMA.validate(document)
    assert cells(yaml.safe_dump(document))


def test_pyproject_has_the_same_tables_beside_its_options() -> None:
    text = """
    [project]
    name = "shop"
    [tool.lambda-pack]
    runtime = "python3.13"
    retries = 2
    [tool.lambda-pack.functions.api]
    source = ["api"]
    [tool.lambda-pack.functions.auth]
    runtime = ["python3.12"]
    """
    api, auth = cells(text, "pyproject.toml")

    assert (api.label, auth.label) == ("api-python3.13-x86_64", "auth-python3.12-x86_64")
    assert api.request.options["retries"].values == ("2",)
    assert api.place == "pyproject.toml:7"


def test_two_files_that_name_functions_are_one_too_many() -> None:
    Path("pyproject.toml").write_text("[tool.lambda-pack.functions.api]\nruntime = 'python3.13'\n")
    with pytest.raises(UsageError, match=r"names functions in lambda-pack\.yml and in pyproject\.toml; keep one"):
        cells("functions: {api: {runtime: python3.13}}")


def test_a_folder_without_such_a_file() -> None:
    with pytest.raises(UsageError, match=r"has no lambda-pack\.yml, and no functions or layers in"):
        find_functions_file(Path())
    with pytest.raises(UsageError, match=r"'other\.yml' does not exist"):
        read_functions_file(find_functions_file(Path("other.yml")))


def test_cells_are_chosen_by_name_or_label() -> None:
    found = cells("functions: {api: {runtime: [python3.12, python3.13]}, auth: {runtime: python3.13}}")

    assert [cell.label for cell in chosen(found, ["auth", "api-python3.13-x86_64"], "x")] == [
        "api-python3.13-x86_64",
        "auth-python3.13-x86_64",
    ]
    assert chosen(found, [], "x") == found
    with pytest.raises(UsageError, match=r"'atuh' is no function and no layer in x; did you mean 'auth'\?"):
        chosen(found, ["atuh"], "x")


@pytest.mark.parametrize("architecture", ["amd64", "x86-64", "AMD64", "x86_64"])
def test_an_architecture_goes_by_every_usual_name(architecture: str) -> None:
    text = f"functions: {{api: {{runtime: python3.13, architecture: [{architecture}, aarch64]}}}}"

    found = cells(text)

    assert [str(cell.request.target) for cell in found] == ["python3.13-x86_64", "python3.13-arm64"]


def test_editors_know_the_names_of_architectures_too() -> None:
    assert SCHEMA.is_valid({"functions": {"api": {"architecture": ["amd64", "aarch64"]}}})
    assert not SCHEMA.is_valid({"functions": {"api": {"architecture": "i386"}}})
