"""Inputs are understood before anything is done, and what cannot be is refused by its name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from lambda_pack.errors import UsageError
from lambda_pack.frontends.action_inputs import ActionInputs, read_inputs, variable
from lambda_pack.frontends.requests import request_of
from lambda_pack.model.choices import IfExists
from lambda_pack.model.delivery import Delivery, S3Target
from lambda_pack.model.targets import Target


def read(folder: Path, **inputs: str) -> ActionInputs:
    """What these inputs mean, their names written with underscores."""
    return read_inputs({variable(name.replace("_", "-")): value for name, value in inputs.items()}, start=folder)


def values(inputs: ActionInputs) -> Mapping[str, tuple[str, ...]]:
    """What was said about packing."""
    return {name: given.values for name, given in inputs.said.items()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A workspace."""
    (tmp_path / "requirements.txt").touch()
    (tmp_path / "service").mkdir()
    return tmp_path


def test_nothing_said_is_nothing_set(folder: Path) -> None:
    inputs = read(folder)

    assert values(inputs) == {}
    assert inputs.folder == folder
    assert (inputs.fail_on_unmet, inputs.upload_artifact, inputs.artifact_archive, inputs.summary) == (True,) * 4
    assert (inputs.cache, inputs.is_verbose) == (False, False)
    assert inputs.artifact_name == "{name}-{runtime}-{architecture}"


def test_everything_said(folder: Path) -> None:
    inputs = read(
        folder,
        requirements="a.txt\n\n  b c.txt  \n",
        runtime=" python3.13 ",
        architecture="aarch64",
        source="src\nlib",
        layout="layer",
        name="shop",
        output_dir="out",
        resolver="pip",
        allow_unmet="True",
        no_build="TRUE",
        args="--exclude '*.md' --exclude \"a b\" --index-strategy first-index -v",
        working_directory="service",
        fail_on_unmet="false",
        cache="true",
    )

    assert values(inputs) == {
        "requirements": ("a.txt", "b c.txt"),
        "runtime": ("python3.13",),
        "architecture": ("arm64",),
        "source": ("src", "lib"),
        "layout": ("layer",),
        "name": ("shop",),
        "output-dir": ("out",),
        "resolver": ("pip",),
        "allow-unmet": ("true",),
        "no-build": ("true",),
        "exclude": ("*.md", "a b"),
        "index-strategy": ("first-index",),
    }
    assert inputs.folder == folder / "service"
    assert (inputs.fail_on_unmet, inputs.cache, inputs.is_verbose) == (False, True, True)
    assert request_of(inputs.said).target == Target.parse("python3.13", "arm64")


def test_an_input_says_who_it_is(folder: Path) -> None:
    assert read(folder, runtime="python3.13").said["runtime"].source == "the input 'runtime'"


def test_a_project_that_allows_unmet_can_be_told_not_to(folder: Path) -> None:
    (folder / "pyproject.toml").write_text('[tool.lambda-pack]\nallow-unmet = true\nruntime = "python3.12"\n', "utf-8")
    inputs = read(folder, allow_unmet="false")

    assert not request_of(inputs.said).allow_unmet
    assert inputs.said["runtime"].source == "[tool.lambda-pack]"


def test_no_shell_evaluates_args(folder: Path) -> None:
    inputs = read(folder, args="--exclude $HOME --exclude `x` --exclude ~ --exclude *.py --exclude a#b --name 'a;b'")

    assert values(inputs)["exclude"] == ("$HOME", "`x`", "~", "*.py", "a#b")


@pytest.mark.parametrize(
    ("inputs", "complaint"),
    [
        ({"runtime": "python3.99"}, "the input 'runtime' is 'python3.99'; it takes one of: python3.7"),
        ({"runtime": "python3.12\npython3.13"}, r"'python3.12\npython3.13'; it takes one line"),
        ({"architecture": "armv7"}, "the input 'architecture' is 'armv7'; it takes one of: x86_64, arm64"),
        (
            {"layout": "flat"},
            (
                "the input 'layout' is 'flat'; it takes one of: function, layer, layer-site-packages, "
                "oci-dir, glue-ray, glue-spark"
            ),
        ),
        ({"resolver": "poetry"}, "the input 'resolver' is 'poetry'; it takes one of: uv, pip"),
        ({"allow_unmet": "yes"}, "the input 'allow-unmet' is 'yes'; it takes 'true' or 'false'"),
        ({"fail_on_unmet": "1"}, "the input 'fail-on-unmet' is '1'; it takes 'true' or 'false'"),
        ({"no_build": "no"}, "the input 'no-build'"),
        ({"summary": "off"}, "the input 'summary'"),
        ({"cache": "pip"}, "the input 'cache'"),
        ({"upload_artifact": "x"}, "the input 'upload-artifact'"),
        ({"artifact_archive": "x"}, "the input 'artifact-archive'"),
        ({"artifact_retention_days": "two"}, "'artifact-retention-days' is 'two'; it takes a whole number of days"),
        ({"artifact_name": "a/b"}, "the input 'artifact-name' is 'a/b'; it takes no line break and none of"),
        ({"artifact_name": "{version}"}, "no other braces than {name}, {runtime} and {architecture}"),
        ({"artifact_name": "{name"}, "no other braces"),
        ({"artifact_name": "{name.__class__}"}, "no other braces"),
        ({"working_directory": "nowhere"}, "the input 'working-directory' is 'nowhere'; it takes a folder"),
        ({"args": "--no-such-option"}, "the input 'args': unrecognized arguments: --no-such-option"),
        ({"args": "--name"}, "the input 'args': argument --name: expected one argument"),
        ({"args": "'open"}, "the input 'args' is \"'open\": no closing quotation"),
        ({"args": "--json"}, "the input 'args': unrecognized arguments: --json"),
        ({"args": "--runtime python3.12", "runtime": "python3.13"}, "--runtime is set by the input 'runtime' and in"),
        ({"args": "-r a.txt", "requirements": "b.txt"}, "--requirements is set by the input 'requirements' and in"),
        ({"args": "--allow-unmet", "allow_unmet": "false"}, "--allow-unmet is set by the input"),
        ({"s3_uri": "https://x"}, "the input 's3-uri': an S3 URI begins with 's3://'"),
        (
            {"s3_uri": "s3://code/x", "s3_bucket": "code"},
            "the input 's3-uri', the input 's3-bucket': s3-uri says bucket",
        ),
        ({"s3_key": "x.zip"}, "the input 's3-key': 's3-key' without a place to deliver to"),
        ({"s3_bucket": "Code"}, "the input 's3-bucket': 'Code' is not a bucket name"),
        ({"s3_bucket": "code", "s3_key": "{user}"}, "{user} in the S3 key '{user}' is unknown"),
        ({"s3_kms_key_id": "alias/x"}, "the input 's3-kms-key-id': 's3-kms-key-id' without a place"),
        (
            {"s3_uri": "s3://code", "s3_if_exists": "ask"},
            "'s3-if-exists' is 'ask'; it takes one of: overwrite, skip, fail",
        ),
    ],
    ids=str,
)
def test_refusals_name_input_value_and_what_is_allowed(folder: Path, inputs: Mapping[str, str], complaint: str) -> None:
    with pytest.raises(UsageError, match=re.escape(complaint)):
        read(folder, **inputs)


@pytest.mark.parametrize(
    "place",
    [{"s3_uri": "s3://code/{name}/{sha256:12}.zip"}, {"s3_bucket": "code", "s3_key": "{name}/{sha256:12}.zip"}],
    ids=str,
)
def test_two_ways_to_say_where_the_zip_goes(folder: Path, place: Mapping[str, str]) -> None:
    inputs = read(folder, **place, s3_kms_key_id="alias/code", s3_if_exists="fail")

    target = S3Target("code", "{name}/{sha256:12}.zip")
    assert inputs.delivery == Delivery(target, if_exists=IfExists.FAIL, kms_key="alias/code")


def test_args_say_more_about_the_delivery(folder: Path) -> None:
    inputs = read(folder, s3_uri="s3://code", args="--s3-tag team=web --s3-region eu-central-1")

    assert inputs.delivery == Delivery(S3Target("code"), tags=(("team", "web"),), region="eu-central-1")


def test_no_build_is_the_option_of_that_name(folder: Path) -> None:
    said = values(read(folder, no_build="true", args="--no-build-package numpy --build-timeout 60"))

    assert (said["no-build"], said["no-build-package"], said["build-timeout"]) == (("true",), ("numpy",), ("60",))
    assert "no-build" not in values(read(folder)), "the table in pyproject.toml has its say"


def test_a_debug_run_is_verbose(folder: Path) -> None:
    assert read_inputs({"RUNNER_DEBUG": "1"}, start=folder).is_verbose
