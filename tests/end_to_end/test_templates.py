"""Templates of SAM, the Serverless Framework and the CDK: their code packed, the rest of them as it was."""

from __future__ import annotations

import difflib
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.end_to_end.test_many import many
from tests.end_to_end.workplace import Workplace, contents
from tests.support.packages import make_wheel

SAM = """\
AWSTemplateFormatVersion: '2010-09-09'
Transform: AWS::Serverless-2016-10-31   # by SAM
Parameters:
  Arch: {Type: String, Default: arm64}
Globals:
  Function:
    Runtime: python3.13
    Architectures: [!Ref Arch]
    CodeUri: hello/
Resources:
  # The greeting has its code from Globals.
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.handler   # here
      Environment:
        Variables: {TABLE: !GetAtt Table.Arn, NAME: !Sub "${AWS::StackName}-x"}
  Jobs:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: nightly
      CodeUri: 'jobs'  # a word in quotes
      Handler: jobs.handler
      Layers: [!Ref Deps]
  Again:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: ./jobs, Handler: jobs.other}
  Plain:
    Type: AWS::Lambda::Function
    Properties:
      Code: jobs
      Runtime: python3.12
      Handler: jobs.handler
      Role: !GetAtt Role.Arn
  Deps:
    Type: AWS::Serverless::LayerVersion
    Properties:
      ContentUri: layer
      CompatibleRuntimes: [python3.12, python3.13]
    Metadata:
      BuildMethod: python3.13
      BuildArchitecture: arm64
  Ready:
    Type: AWS::Serverless::LayerVersion
    Properties: {ContentUri: ready, CompatibleRuntimes: [python3.13]}
  Table: {Type: AWS::DynamoDB::Table}
"""
UNREADABLE = {
    "Inline": ("{InlineCode: 'pass', Handler: index.handler}", "its code stands in the template"),
    "Node": ("{CodeUri: hello, Runtime: nodejs22.x, Handler: index.handler}", "nodejs22.x is no Python"),
    "Image": ("{PackageType: Image}", "it is a container image"),
    "Sent": ("{CodeUri: 's3://code/x.zip', Handler: a.b}", "its CodeUri 's3://code/x.zip' is packed already"),
    "Bucket": ("{CodeUri: {Bucket: code, Key: x.zip}, Handler: a.b}", "its CodeUri is no folder of this machine"),
    "Late": ("{CodeUri: !Ref Place, Handler: a.b}", "its CodeUri is !Ref Place: known only when it is deployed"),
    "Gone": ("{CodeUri: nowhere, Handler: a.b}", "its CodeUri 'nowhere' is not there"),
    "Chosen": (
        "{CodeUri: hello, Runtime: !FindInMap [a, b, c], Handler: a.b}",
        "its runtime is known only when it is deployed; name one with --runtime",
    ),
}


@pytest.fixture
def shop(work: Workplace) -> Workplace:
    """Code that the templates name."""
    for name in ("six", "idna"):
        make_wheel(work.index.folder, f"{name}-1.0-py3-none-any.whl")
    work.write("hello/requirements.txt", "six")
    work.write("hello/app.py", "def handler(event, context): ...")
    work.write("jobs/jobs.py", "def handler(event, context): ...")
    work.write("layer/requirements.txt", "idna")
    work.write("ready/python/mine.py", "")
    return work


def lines_changed(before: str, after: str) -> list[str]:
    """Lines that one text has and the other has not, marked."""
    return [line for line in difflib.ndiff(before.splitlines(), after.splitlines()) if line[0] in "+-"]


def names(archive: Path) -> set[str]:
    return {name for name in contents(archive) if "dist-info" not in name}


def test_a_sam_template_is_packed_and_loses_nothing(shop: Workplace) -> None:
    shop.write("template.yaml", SAM.rstrip("\n"))

    done = many(shop, "--sam", "template.yaml")

    assert done.exit_code == 0, done.text
    packaged = (shop.folder / "template.packaged.yaml").read_text("utf-8")
    assert lines_changed(SAM, packaged) == [
        '+       CodeUri: "dist/Hello-python3.13-arm64.zip"',
        "-       CodeUri: 'jobs'  # a word in quotes",
        '+       CodeUri: "dist/Jobs-python3.13-arm64.zip"  # a word in quotes',
        "-     Properties: {CodeUri: ./jobs, Handler: jobs.other}",
        '+     Properties: {CodeUri: "dist/Jobs-python3.13-arm64.zip", Handler: jobs.other}',
        "-       Code: jobs",
        '+       Code: "dist/Plain-python3.12-x86_64.zip"',
        "-       ContentUri: layer",
        '+       ContentUri: "dist/Deps-python3.13-arm64.zip"',
        "-     Properties: {ContentUri: ready, CompatibleRuntimes: [python3.13]}",
        '+     Properties: {ContentUri: "dist/Ready-python3.13-x86_64.zip", CompatibleRuntimes: [python3.13]}',
    ]
    dist = shop.folder / "dist"
    assert {"app.py", "six.py"} & names(dist / "Hello-python3.13-arm64.zip")
    assert names(dist / "Jobs-python3.13-arm64.zip") == {"jobs.py"}, "two functions of one folder share a zip"
    assert any(name.startswith("python/idna") for name in names(dist / "Deps-python3.13-arm64.zip"))
    assert names(dist / "Ready-python3.13-x86_64.zip") == {"python/mine.py"}, "its own python/ is not put below another"
    assert done.output.count("aws lambda ") == 1, "a name that CloudFormation makes up cannot be printed"
    assert "--function-name nightly" in done.output


def test_what_cannot_be_packed_is_said_and_left_as_it_is(shop: Workplace) -> None:
    added = "".join(
        f"  {name}:\n    Type: AWS::Serverless::Function\n    Properties: {text}\n"
        for name, (text, _) in UNREADABLE.items()
    )
    nested = "  Nested:\n    Type: AWS::Serverless::Application\n    Properties: {Location: other.yaml}\n"
    loop = "  Fn::ForEach::Many:\n    - Name\n    - [a, b]\n    - {}\n"
    shop.write("template.yaml", SAM + added + nested + loop.rstrip("\n"))

    done = many(shop, "--template", "template.yaml", "-q")

    assert done.exit_code == 0, done.text
    assert sorted(done.errors.splitlines()) == sorted(
        [
            *(f"warning: {name} is left as it is: {reason}" for name, (_, reason) in UNREADABLE.items()),
            "warning: Nested is left as it is: 'other.yaml' is another template; pack it in a run of its own",
            "warning: Fn::ForEach::Many is left as it is: what this function makes is known only when it is deployed",
        ]
    )
    packaged = (shop.folder / "template.packaged.yaml").read_text("utf-8")
    assert added + nested in packaged


def test_a_template_in_json_in_another_folder(shop: Workplace) -> None:
    document = {
        "Resources": {
            "Api": {
                "Type": "AWS::Serverless::Function",
                "Properties": {"Runtime": "python3.13", "Handler": {"Ref": "H"}, "CodeUri": "../hello"},
            }
        }
    }
    shop.write("deploy/template.json", json.dumps(document, indent=4))

    done = many(shop, "--sam", "deploy/template.json", "--output-template-file", "out/made.json")

    assert done.exit_code == 0, done.text
    document["Resources"]["Api"]["Properties"]["CodeUri"] = "../dist/Api-python3.13-x86_64.zip"  # type: ignore[index]
    written = shop.folder / "out" / "made.json"
    assert json.loads(written.read_text("utf-8")) == document
    assert (written.parent / "../dist/Api-python3.13-x86_64.zip").is_file()


def test_what_the_run_before_wrote_is_not_packed(shop: Workplace) -> None:
    shop.write("app.py", "")
    function = "{CodeUri: ., Handler: app.handler, Runtime: python3.13}"
    text = f"Resources:\n  All:\n    Type: AWS::Serverless::Function\n    Properties: {function}"
    shop.write("template.yaml", text)
    archives = []
    for options in ((), (), ("--output-template-file", "made/template.json")) * 2:
        done = many(shop, "--sam", "template.yaml", *options)
        assert done.exit_code == 0, done.text
        archives.append(names(shop.folder / "dist" / "All-python3.13-x86_64.zip"))
    assert "template.yaml" in archives[0]
    assert "template.packaged.yaml" not in archives[1]
    assert "made/template.json" not in archives[-1]


def test_nothing_is_written_where_one_fails(shop: Workplace) -> None:
    shop.write("template.yaml", SAM)
    shop.write("hello/requirements.txt", "nowhere")

    done = many(shop, "--sam", "template.yaml")

    assert (done.exit_code, (shop.folder / "template.packaged.yaml").exists()) == (3, False)
    assert "packed 4 of 5 bundles, 1 failed" in done.output


def test_the_command_line_answers_what_the_template_leaves_open(shop: Workplace) -> None:
    name, (text, _) = "Chosen", UNREADABLE["Chosen"]
    shop.write("template.yaml", f"Resources:\n  {name}:\n    Type: AWS::Serverless::Function\n    Properties: {text}")

    done = many(shop, "--sam", "template.yaml", "--runtime", "python3.12", "--architecture", "arm64")

    assert done.exit_code == 0, done.text
    assert (shop.folder / "dist" / "Chosen-python3.12-arm64.zip").is_file()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("Resources: {}", "there is nothing in it that can be packed"),
        ("a: b", "is no template that can be packed"),
        ("Resources: [", "template.yaml:2:1: not YAML: "),
        (
            "Resources:\n  Old:\n    Type: AWS::Serverless::Function\n    Properties: {CodeUri: ., Runtime: python2.7}",
            "template.yaml: Old: 'python2.7' is not a Lambda runtime; choose one of",
        ),
    ],
)
def test_what_is_no_template(shop: Workplace, text: str, message: str) -> None:
    shop.write("template.yaml", text)

    done = many(shop, "--sam", "template.yaml")

    assert (done.exit_code, message in done.errors) == (2, True), done.errors


METADATA = {
    "Skipped": ("{SkipBuild: true}", "its metadata says SkipBuild: true"),
    "Made": (
        "{BuildMethod: makefile}",
        "its BuildMethod is makefile: its Makefile decides what is in it; run sam build for it",
    ),
    "Rust": ("{BuildMethod: rust-cargolambda}", "its BuildMethod is 'rust-cargolambda', which is no Python"),
    "Unknown": ("{BuildMethod: !Ref Method}", "its BuildMethod is known only when it is deployed"),
}


@pytest.mark.parametrize("kind", ["Function", "LayerVersion"])
def test_what_sam_would_not_build_as_python_is_left_as_it_is(shop: Workplace, kind: str) -> None:
    code = {
        "Function": "CodeUri: jobs, Handler: jobs.handler, Runtime: python3.12",
        "LayerVersion": "ContentUri: layer",
    }
    entries = "".join(
        f"  {name}:\n    Type: AWS::Serverless::{kind}\n    Metadata: {metadata}\n    Properties: {{{code[kind]}}}\n"
        for name, (metadata, _) in METADATA.items()
    )
    shop.write("template.yaml", SAM + entries.rstrip("\n"))

    done = many(shop, "--sam", "template.yaml")

    assert done.exit_code == 0, done.text
    reasons = [f"warning: {name} is left as it is: {reason}" for name, (_, reason) in METADATA.items()]
    assert [line for line in done.errors.splitlines() if line.startswith("warning: ")] == reasons
    assert entries in (shop.folder / "template.packaged.yaml").read_text("utf-8")


def test_build_properties_are_heeded_or_named(shop: Workplace) -> None:
    shop.write(
        "template.yaml",
        "Resources:\n"
        "  Auto:\n"
        "    Type: AWS::Serverless::Function\n"
        "    Metadata: {BuildMethod: python-uv, BuildProperties: {ParentPackageMode: auto, Minify: true}}\n"
        "    Properties: {CodeUri: ./jobs, Handler: jobs.jobs.handler, Runtime: python3.12}\n"
        "  Explicit:\n"
        "    Type: AWS::Serverless::Function\n"
        "    Metadata: {BuildProperties: {ParentPackageMode: explicit, ParentPackages: a.b}, WorkingDirectory: x}\n"
        "    Properties: {CodeUri: jobs, Handler: a.b.jobs.handler, Runtime: python3.12}\n",
    )

    done = many(shop, "--sam", "template.yaml", "--json")

    assert done.exit_code == 0, done.text
    assert names(shop.folder / "dist" / "Auto-python3.12-x86_64.zip") == {"jobs/jobs.py"}
    assert names(shop.folder / "dist" / "Explicit-python3.12-x86_64.zip") == {"a/b/jobs.py"}
    assert json.loads(done.output)["warnings"] == [
        "template.yaml:4:91: Auto.Metadata.BuildProperties.Minify does not count: it is about other languages",
        "template.yaml:8:103: Explicit.Metadata.WorkingDirectory does not count: it is for makefiles",
    ]


def test_a_layer_without_a_build_method_is_packed_as_it_is_or_said(shop: Workplace) -> None:
    shop.write("complete/requirements.txt", "six")
    shop.write("complete/python/mine.py", "")
    layer = "Type: AWS::Serverless::LayerVersion\n    Properties: {CompatibleRuntimes: [python3.13], ContentUri"
    shop.write("template.yaml", f"Resources:\n  A:\n    {layer}: complete}}\n  B:\n    {layer}: layer}}")

    done = many(shop, "--sam", "template.yaml")

    assert done.exit_code == 0, done.text
    assert names(shop.folder / "dist" / "A-python3.13-x86_64.zip") == {"python/mine.py", "requirements.txt"}
    assert "python/idna.py" in names(shop.folder / "dist" / "B-python3.13-x86_64.zip")
    assert "warning: template.yaml:6:5: B: BuildMethod does not count: it has none, and SAM would pack" in done.errors


@pytest.mark.parametrize(
    ("architectures", "packed", "warning"),
    [
        (
            ("arm64", "arm64"),
            "arm64",
            "Deps does not say its architecture: it is packed for arm64, as the functions are",
        ),
        (
            ("arm64", "x86_64"),
            "x86_64",
            "Deps does not say its architecture: it is packed for x86_64, and not all functions are",
        ),
    ],
)
def test_a_layer_that_does_not_say_its_architecture(
    shop: Workplace, architectures: tuple[str, str], packed: str, warning: str
) -> None:
    functions = "".join(
        f"  F{number}:\n    Type: AWS::Serverless::Function\n    Properties: {{CodeUri: jobs, Runtime: python3.13, "
        f"Handler: jobs.handler, Architectures: [{architecture}]}}\n"
        for number, architecture in enumerate(architectures)
    )
    layer = "  Deps:\n    Type: AWS::Serverless::LayerVersion\n    Metadata: {BuildMethod: python3.13}\n"
    shop.write("template.yaml", f"Resources:\n{functions}{layer}    Properties: {{ContentUri: layer}}\n")

    done = many(shop, "--sam", "template.yaml")

    assert done.exit_code == 0, done.text
    made = [path.name for path in (shop.folder / "dist").glob("Deps-*.zip")]
    assert made == [f"Deps-python3.13-{packed}.zip"]
    assert f"warning: {warning}" in done.errors.splitlines()


def test_a_target_other_than_the_templates_is_said(shop: Workplace) -> None:
    shop.write("template.yaml", SAM)

    done = many(shop, "--sam", "template.yaml", "--only", "Jobs", "--architecture", "amd64")

    assert done.exit_code == 0, done.text
    assert "warning: Jobs is packed for amd64 (--architecture), and the template says arm64" in done.errors


def test_settings_are_not_packed_and_that_is_said(shop: Workplace) -> None:
    shop.write("template.yaml", SAM)
    for name in (".env", ".gitignore", ".python-version", "htmlcov/index.html"):
        shop.write(f"jobs/{name}", "x")

    done = many(shop, "--sam", "template.yaml", "--only", "Jobs")
    assert done.exit_code == 0, done.text
    assert names(shop.folder / "dist" / "Jobs-python3.13-arm64.zip") == {"jobs.py"}
    assert ".env in 'jobs' is not packed, for it may hold secrets; --include .env packs it" in done.errors

    done = many(shop, "--sam", "template.yaml", "--only", "Jobs", "--include", ".env")
    assert done.exit_code == 0, done.text
    assert names(shop.folder / "dist" / "Jobs-python3.13-arm64.zip") == {"jobs.py", ".env"}


SERVERLESS = """\
service: shop  # the service
provider:
  name: aws
  runtime: python3.13
  architecture: arm64
package:
  individually: true
  patterns:
    - '!**'
    - src/mine/**
functions:
  hello:
    module: hello   # of serverless-python-requirements
    handler: app.handler
    package: {patterns: ['hello/**']}
  root:
    handler: src/mine/app.handler
    package:
      patterns: [extra.txt]
    name: nightly
  late: {handler: a.b, runtime: "${opt:runtime}"}
  done: {handler: a.b, package: {artifact: x.zip}}
  node: {handler: a.b, runtime: nodejs22.x}
layers:
  deps: {path: layer}
"""


def test_a_serverless_yml_is_packed_and_names_its_artifacts(shop: Workplace) -> None:
    shop.write("serverless.yml", SERVERLESS.rstrip("\n"))
    shop.write("src/mine/app.py", "def handler(event, context): ...")
    for name in ("src/other.py", "extra.txt", "secret.txt"):
        shop.write(name, "")

    done = many(shop, "--template", "serverless.yml")

    assert done.exit_code == 0, done.text
    packaged = (shop.folder / "serverless.packaged.yml").read_text("utf-8")
    assert lines_changed(SERVERLESS, packaged) == [
        "-     package: {patterns: ['hello/**']}",
        """+     package: {"artifact": "dist/hello-python3.13-arm64.zip", patterns: ['hello/**']}""",
        '+       artifact: "dist/root-python3.13-arm64.zip"',
        "-   deps: {path: layer}",
        '+   deps: {"package": {"artifact": "dist/deps-python3.13-arm64.zip"}, path: layer}',
    ]
    dist = shop.folder / "dist"
    assert {"app.py", "six.py"} <= names(dist / "hello-python3.13-arm64.zip")
    assert names(dist / "root-python3.13-arm64.zip") == {"src/mine/app.py", "extra.txt"}
    assert sorted(line for line in done.errors.splitlines() if line.startswith("warning: ")) == [
        "warning: done is left as it is: its artifact is packed already",
        "warning: late is left as it is: its runtime is known only when it is deployed; name one with --runtime",
        "warning: node is left as it is: nodejs22.x is no Python",
    ]
    assert "--function-name nightly" in done.output


BUNDLED = "the CDK has put its packages into its asset already; run cdk synth without bundling"
FUNCTION_ASSET, LAYER_ASSET, BUNDLED_ASSET = "a" * 64, "b" * 64, "c" * 64


def write_assembly(shop: Workplace, folder: str) -> str:
    """What `cdk synth` leaves (2.276), without what is of no interest here. Returns the asset of the template."""

    def code(asset: str) -> Mapping[str, object]:
        return {"S3Bucket": {"Fn::Sub": "cdk-${AWS::AccountId}"}, "S3Key": f"{asset}.zip"}

    template = {
        "Resources": {
            "Api": {
                "Type": "AWS::Lambda::Function",
                "Properties": {
                    "Code": code(FUNCTION_ASSET),
                    "Handler": "app.handler",
                    "Runtime": "python3.13",
                    "Architectures": ["arm64"],
                },
            },
            "Deps": {
                "Type": "AWS::Lambda::LayerVersion",
                "Properties": {"Content": code(LAYER_ASSET), "CompatibleRuntimes": ["python3.13"]},
            },
            "Inline": {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"ZipFile": "pass"}}},
            "Image": {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"ImageUri": {"Fn::Sub": "x"}}}},
            "Bundled": {
                "Type": "AWS::Lambda::Function",
                "Metadata": {"aws:asset:is-bundled": True},
                "Properties": {"Code": code(BUNDLED_ASSET), "Handler": "app.handler", "Runtime": "python3.13"},
            },
            "Foreign": {"Type": "AWS::Lambda::Function", "Properties": {"Code": {"S3Key": {"Ref": "Place"}}}},
            "Table": {"Type": "AWS::DynamoDB::Table"},
        }
    }
    text = json.dumps(template, indent=1)
    shop.write(f"{folder}/Shop.template.json", text)
    named = hashlib.sha256((shop.folder / folder / "Shop.template.json").read_bytes()).hexdigest()

    def file(path: str, asset: str, packaging: str) -> Mapping[str, object]:
        ending = "zip" if packaging == "zip" else "json"
        return {
            "source": {"path": path, "packaging": packaging},
            "destinations": {"here": {"bucketName": "cdk-${AWS::AccountId}", "objectKey": f"{asset}.{ending}"}},
        }

    assets = {asset: file(f"asset.{asset}", asset, "zip") for asset in (FUNCTION_ASSET, LAYER_ASSET, BUNDLED_ASSET)}
    files = {**assets, named: file("Shop.template.json", named, "file")}
    shop.write(f"{folder}/Shop.assets.json", json.dumps({"version": "55.0.0", "files": files}))
    stack = {"properties": {"stackTemplateAssetObjectUrl": f"s3://cdk-${{AWS::AccountId}}/{named}.json"}}
    shop.write(f"{folder}/manifest.json", json.dumps({"version": "55.0.0", "artifacts": {"Shop": stack}}))
    shop.write(f"{folder}/asset.{FUNCTION_ASSET}/requirements.txt", "six")
    shop.write(f"{folder}/asset.{FUNCTION_ASSET}/app.py", "")
    shop.write(f"{folder}/asset.{LAYER_ASSET}/requirements.txt", "idna")
    shop.write(f"{folder}/asset.{BUNDLED_ASSET}/app.py", "")
    return named


def test_a_cdk_assembly_is_packed_and_published_under_new_names(shop: Workplace) -> None:
    before = write_assembly(shop, "cdk.out")

    done = many(shop, "--template", "cdk.out", "--architecture", "arm64", "-o", "zips")

    assert done.exit_code == 0, done.text
    made = shop.folder / "cdk.packaged.out"
    digests = {
        name: hashlib.sha256((shop.folder / "zips" / f"{name}-python3.13-arm64.zip").read_bytes()).hexdigest()
        for name in ("Api", "Deps")
    }
    template = json.loads((made / "Shop.template.json").read_text("utf-8"))["Resources"]
    assert template["Api"]["Properties"]["Code"]["S3Key"] == f"{digests['Api']}.zip"
    assert template["Deps"]["Properties"]["Content"]["S3Key"] == f"{digests['Deps']}.zip"
    after = hashlib.sha256((made / "Shop.template.json").read_bytes()).hexdigest()
    files = json.loads((made / "Shop.assets.json").read_text("utf-8"))["files"]
    assert files.keys() == {*digests.values(), after, BUNDLED_ASSET}
    for asset in digests.values():
        assert files[asset]["source"] == {"path": f"asset.{asset}.zip", "packaging": "file"}
        assert files[asset]["destinations"]["here"]["objectKey"] == f"{asset}.zip"
        assert hashlib.sha256((made / f"asset.{asset}.zip").read_bytes()).hexdigest() == asset
    assert files[after]["destinations"]["here"]["objectKey"] == f"{after}.json"
    assert f"/{after}.json" in (made / "manifest.json").read_text("utf-8")
    assert not [path for path in made.rglob("*") if before in path.name or FUNCTION_ASSET in path.name]
    assert sorted(line for line in done.errors.splitlines() if line.startswith("warning: ")) == [
        f"warning: Bundled is left as it is: {BUNDLED}",
        "warning: Foreign is left as it is: its Code is no asset of the assembly",
        "warning: Image is left as it is: it is a container image",
        "warning: Inline is left as it is: its code stands in the template",
    ]


def test_an_assembly_is_written_over_an_older_one_and_over_nothing_else(shop: Workplace) -> None:
    write_assembly(shop, "cdk.out")
    command = ("--template", "cdk.out", "--architecture", "arm64")

    assert many(shop, *command).exit_code == many(shop, *command).exit_code == 0
    wrong = many(shop, *command, "--output-template-file", "hello")
    assert (wrong.exit_code, (shop.folder / "hello" / "app.py").is_file()) == (2, True)
    assert "'hello' is there and is no assembly of the CDK" in wrong.errors
    empty = many(shop, "--template", "hello")
    assert "'hello' is no assembly of the CDK: it has no manifest.json" in empty.errors
